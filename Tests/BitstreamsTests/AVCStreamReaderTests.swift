import Bitstreams
import Bytes
import Media
import Testing

@Suite struct AVCStreamReaderTests {
    typealias Packets = [(payload: ByteChunk, times: PacketTimes?)]

    static func times(_ decode: Int64, _ presentation: Int64? = nil) -> PacketTimes {
        PacketTimes(presentation: presentation ?? decode, decode: decode)
    }

    /// The first packet of a stream: parameter sets and an IDR picture, at 0.
    static let opening = (payload: Written.packet(Written.sets + [idr]), times: Optional(times(0)))
    static let idr = Written.slice(0, idr: true)

    @Test(arguments: [true, false])
    func whatDoesNotBelongInASampleIsTakenOut(isLong: Bool) {
        let message: [UInt8] = [6, 4, 1, 7, 0x80]
        let units = [
            Written.delimiter, Written.sets[0], message, Written.sets[1], [], Self.idr + [0, 0, 0], Written.filler,
            Written.slice(0, idr: true, first: 2), [0x6B, 1],
        ]
        let reading = Reading(.h264, [(Written.packet(units, isLong: isLong), Self.times(0))])
        let kept = [message, Self.idr, Written.slice(0, idr: true, first: 2), [0x6B, 1]]
        #expect(reading.samples.map(\.data) == [Written.sample(kept)])
        #expect(reading.faults == 0)
    }

    // MARK: - Fields

    static let fields = [Written.slice(1, field: .top, order: 2), Written.slice(1, field: .bottom, order: 3)]

    /// However two fields are told apart from what is around them, they are one sample.
    static let fieldPairs: [[[[UInt8]]]] = [
        // In one packet, and with a delimiter and a message before the second
        [fields],
        [
            [
                Written.delimiter, fields[0], Written.delimiter, Written.pictureParameterSet(), [6, 4, 1, 7, 0x80],
                fields[1],
            ]
        ],
        // Each in its own
        [[fields[0]], [fields[1]]],
        [[Written.delimiter, fields[0]], [Written.delimiter, fields[1]]],
        // Of two slices each, a field that nothing refers to, both intra
        [
            [fields[0], Written.slice(1, first: 2, field: .top, order: 2)],
            [fields[1], Written.slice(1, first: 2, field: .bottom, order: 3)],
        ],
        [[fields[0]], [Written.slice(1, field: .bottom, order: 3, reference: false)]],
        [[Written.slice(1, field: .bottom)], [Written.slice(1, field: .top, order: 1)]],
    ]

    @Test(arguments: fieldPairs.indices)
    func bothFieldsOfAFrameAreOneSample(index: Int) {
        let pair = Self.fieldPairs[index]
        var packets: Packets = [Self.opening]
        for (number, units) in pair.enumerated() {
            packets.append(
                (Written.packet(units), Self.times(3600 + Int64(number) * 1800, 7200 + Int64(number) * 1800)))
        }
        packets.append((Written.packet([Written.slice(2)]), Self.times(7200)))
        let reading = Reading(.h264, packets)
        let kept = pair.joined().filter { $0[0] & 0x1F != 9 && $0[0] & 0x1F != 8 }
        #expect(reading.samples.map(\.data) == [[Self.idr], Array(kept), [Written.slice(2)]].map(Written.sample))
        #expect(reading.samples.map(\.decodeTime.value) == [0, 3600, 7200])
        #expect(reading.samples.map(\.presentationTime.value) == [0, 7200, 7200])
        // The second field is not waited for longer than it takes, and the frame behind is not held back.
        #expect(reading.samplesAfterPackets == [1] + (pair.count == 2 ? [1] : []) + [2, 3])
        #expect(reading.faults == 0)
        #expect(reading.tracks.count == 1)
    }

    /// Fields that are no pair: the same parity, another frame, an IDR picture behind one that is none.
    static let strangers = [
        Written.slice(1, field: .top, order: 4), Written.slice(2, field: .bottom, order: 3),
        Written.slice(1, idr: true, field: .bottom),
    ]

    @Test(arguments: strangers.indices, [true, false])
    func fieldsThatAreNoPairAreSamplesOfTheirOwn(index: Int, hasDelimiters: Bool) {
        let units = [Self.fields[0], Self.strangers[index]]
        var packets: Packets = [Self.opening]
        for (number, unit) in units.enumerated() {
            let packet = Written.packet((hasDelimiters ? [Written.delimiter] : []) + [unit])
            packets.append((packet, Self.times(Int64(number + 1) * 1800)))
        }
        let reading = Reading(.h264, packets)
        #expect(reading.samples.map(\.data) == ([Self.idr] + units).map { Written.sample([$0]) })
        #expect(reading.samples.map(\.decodeTime.value) == [0, 1800, 3600])
        #expect(reading.faults == 0)
    }

    @Test func anIDRPictureOfTwoFieldsIsOneSample() {
        let second = Written.slice(0, field: .bottom, order: 1)
        let units = [Written.slice(0, idr: true, field: .top), second]
        let reading = Reading(.h264, [(Written.packet(Written.sets + units), Self.times(0))])
        #expect(reading.samples.map(\.data) == [Written.sample(units)])
        #expect(reading.samples.map(\.access) == [.sync])
    }

    // MARK: - Access units

    /// Slices that are of another picture though they do not begin with the first macroblock.
    @Test(arguments: [
        Written.slice(1, first: 2), Written.slice(0, first: 2, order: 3), Written.slice(0, first: 2, field: .top),
        Written.slice(0, first: 2, reference: false), Written.slice(0, idr: true, first: 2),
    ])
    func aSliceOfAnotherPictureBeginsASample(other: [UInt8]) {
        let slice = Written.slice(0, intra: true)
        let packet = Written.packet([slice, Written.slice(0, first: 1), other])
        let reading = Reading(.h264, [Self.opening, (packet, Self.times(3600))])
        #expect(
            reading.samples.map(\.data)
                == [[Self.idr], [slice, Written.slice(0, first: 1)], [other]].map(Written.sample))
    }

    @Test func aStreamOfUnevenPacketsIsHeldBackUntilTheNextBegins() {
        let pictures = (1...4).map { Written.slice(UInt64($0), payload: Array(repeating: 77, count: 100)) }
        let stream = Written.packet(pictures)
        let part = stream.count / 4
        var packets: Packets = [Self.opening]
        // The first of them is cut up, and nothing tells so before the next packet.
        packets.append((stream[0..<(part - 20)], Self.times(1)))
        packets.append((stream[(part - 20)..<(2 * part - 20)], Self.times(2)))
        packets.append((stream[(2 * part - 20)..<(3 * part + 70)], Self.times(3)))
        packets.append((stream[(3 * part + 70)..<(4 * part)], nil))
        let reading = Reading(.h264, packets)
        // Once a packet is met twice that does not begin with an access unit, each waits, but only until it is clear
        // that another begins: the third goes out before the fourth is whole.
        #expect(reading.samplesAfterPackets == [1, 2, 3, 4, 4])
        #expect(reading.samples.suffix(2).map(\.data) == pictures.suffix(2).map { Written.sample([$0]) })
        #expect(reading.samples.suffix(2).map(\.decodeTime.value).first == 3)
    }

    @Test func slicesInPacketsOfTheirOwnComeTogether() {
        let pictures = (1...3).map { number in
            [Written.slice(UInt64(number)), Written.slice(UInt64(number), first: 2)]
        }
        var packets: Packets = [Self.opening]
        for (number, slices) in pictures.enumerated() {
            packets.append((Written.packet([slices[0]]), Self.times(Int64(number) + 1)))
            packets.append((Written.packet([slices[1]]), nil))
        }
        let reading = Reading(.h264, packets)
        #expect(reading.samples.suffix(2).map(\.data) == pictures.suffix(2).map(Written.sample))
        #expect(reading.samples.map(\.decodeTime.value) == [0, 1, 2, 3])
        #expect(reading.faults == 1)
    }

    @Test func parameterSetsInAPacketOfTheirOwnComeBeforeTheirPicture() {
        let packets: Packets = [
            (Written.packet([Written.delimiter] + Written.sets), Self.times(1)),
            (Written.packet([Self.idr]), Self.times(2)),
            (Written.packet([Written.slice(1), Written.delimiter]), Self.times(3)),
            (Written.packet([Written.slice(2)]), Self.times(4)),
        ]
        let reading = Reading(.h264, packets)
        #expect(reading.samples.map(\.decodeTime.value) == [2, 3, 4])
        #expect(reading.samplesAfterPackets == [0, 1, 2, 3])
        #expect(reading.faults == 0)
    }

    @Test func aPrefixStaysWithTheSliceBehindIt() {
        let prefix: [UInt8] = [0x6E, 0x40, 0x80, 7]
        let units = [prefix, Written.slice(1), prefix, Written.slice(1, first: 2)]
        let packet = Written.packet(units + [prefix, Written.slice(2)])
        let reading = Reading(.h264, [Self.opening, (packet, Self.times(3600))])
        #expect(reading.samples.map(\.data) == [[Self.idr], units, [prefix, Written.slice(2)]].map(Written.sample))
    }

    // MARK: - Times

    @Test func samplesWithoutTimesGoOnByTheDistanceMeasured() {
        let high: Int64 = 1 << 33
        let packets: Packets = [
            (Written.packet(Written.sets + [Self.idr, Written.slice(1)]), Self.times(high - 9000, 1000)),
            (Written.packet([Written.slice(2), Written.slice(3), Written.slice(4)]), Self.times(high - 3000, 7000)),
        ]
        let reading = Reading(.h264, packets)
        // The clock goes round where a packet's times do; what is counted on from them goes beyond.
        #expect(
            reading.samples.map(\.decodeTime.value)
                == [high - 9000, high - 9000 + 3600, high - 3000, high, high + 3000])
        #expect(
            reading.samples.map(\.presentationTime.value) == [1000, high + 4600, 7000, high + 10_000, high + 13_000])
    }

    @Test func aPictureWithoutAnyTimeIsAFault() {
        let packets: Packets = [(Self.opening.payload, nil), (Written.packet([Written.slice(1)]), Self.times(5))]
        let reading = Reading(.h264, packets)
        #expect(reading.samples.map(\.decodeTime.value) == [5])
        #expect(reading.faults == 1)
    }

    // MARK: - Recovery points

    /// One picture each second; the first is an IDR picture where `beginsWithIDR`.
    static func accesses(beginsWithIDR: Bool, _ pictures: [(second: Int64, units: [[UInt8]])]) -> [SampleAccess] {
        let start = (1 as Int64) << 33 - 500_000
        var packets: Packets = [
            (Written.packet(Written.sets + [beginsWithIDR ? idr : Written.slice(0)]), times(start))
        ]
        for picture in pictures {
            // The clock goes round within.
            packets.append((Written.packet(picture.units), times((start + picture.second * 90_000) & (1 << 33 - 1))))
        }
        return Reading(.h264, packets).samples.map(\.access)
    }

    static let recovery = [Written.recoveryPoint, Written.slice(1, intra: true)]

    @Test func recoveryPointsCountTenSecondsAfterTheLastIDRPicture() {
        let pictures = (1...12).map { (second: Int64($0), units: Self.recovery) }
        let accesses = Self.accesses(beginsWithIDR: true, pictures)
        #expect(accesses == [.sync] + Array(repeating: .dependent, count: 9) + [.openSync, .openSync, .openSync])
        let again = Self.accesses(beginsWithIDR: true, pictures + [(13, [Self.idr]), (14, Self.recovery)])
        #expect(again.suffix(2) == [.sync, .dependent])
    }

    @Test func recoveryPointsCountFourSecondsFromTheStart() {
        let pictures = (1...5).map { (second: Int64($0), units: Self.recovery) }
        #expect(
            Self.accesses(beginsWithIDR: false, pictures)
                == Array(repeating: .dependent, count: 4) + [.openSync, .openSync])
    }

    /// What announces no place at which decoding can begin at once.
    static let notRecovery: [[[UInt8]]] = [
        // A P slice; one of two; no message; a message of another type; one that is cut off
        [Written.recoveryPoint, Written.slice(1)],
        [Written.recoveryPoint, Written.slice(1, intra: true), Written.slice(1, first: 2)],
        [Written.slice(1, intra: true)],
        [[6, 4, 3, 6, 1, 0xC4, 0x80], Written.slice(1, intra: true)],
        [[6, 6], Written.slice(1, intra: true)],
    ]

    @Test(arguments: notRecovery.indices)
    func notEveryMessageIsARecoveryPoint(index: Int) {
        let pictures = [(4, [Written.slice(9)]), (5, Self.notRecovery[index]), (6, [Written.slice(2)])]
            .map { (second: Int64($0.0), units: $0.1) }
        #expect(Self.accesses(beginsWithIDR: false, pictures) == Array(repeating: .dependent, count: 4))
    }

    /// With periodic intra refresh no picture is whole by itself: so many later all of it is.
    @Test(arguments: [true, false]) func aRecoveryPointMayTakeSomePictures(isIntra: Bool) {
        let recovery = [[6, 6, 1, 0x44, 0x80], Written.slice(1, intra: isIntra)]
        let pictures = (1...5).map { (second: Int64($0), units: recovery) }
        #expect(
            Self.accesses(beginsWithIDR: false, pictures)
                == Array(repeating: .dependent, count: 4) + [.openSync, .openSync])
    }

    @Test func aRecoveryPointIsFoundBehindOtherMessages() {
        // A user message with emulation prevention in it, whose size counts without, then the recovery point.
        let message: [UInt8] = [6, 5, 4, 0, 0, 3, 1, 9, 6, 1, 0xC4, 0x80]
        let fields = [
            Written.slice(1, intra: true, field: .top), Written.slice(1, field: .bottom, order: 1),
        ]
        let pictures = [(5, [message] + fields)].map { (second: Int64($0.0), units: $0.1) }
        #expect(Self.accesses(beginsWithIDR: false, pictures) == [.dependent, .openSync])
    }

    // MARK: - Damage

    @Test func nonsenseCostsAFaultAndNotMore() {
        let packets: Packets = [
            Self.opening,
            (ByteChunk((0..<500).map { UInt8(truncatingIfNeeded: $0 * 7 + 5) }), Self.times(1)),
            (Written.packet([Written.slice(1), [0xE1, 1, 2], Written.slice(1, first: 2)]), Self.times(2)),
            (Written.packet([Written.delimiter, [0x61]]), Self.times(3)),
            (Written.packet([Written.slice(2)]), Self.times(4)),
            (Written.packet([Written.slice(3)]), Self.times(5)),
        ]
        let reading = Reading(.h264, packets)
        #expect(reading.faults == 3)
        #expect(reading.samples.map(\.decodeTime.value) == [0, 2, 4, 5])
        #expect(reading.samples[1].data == Written.sample([Written.slice(1), Written.slice(1, first: 2)]))
        // Nothing is held back because of it.
        #expect(reading.samplesAfterPackets == [1, 1, 2, 2, 3, 4])
    }

    @Test func aDamagedParameterSetDoesNotGetIntoForce() {
        let packets: Packets = [
            Self.opening,
            (Written.packet([[0x67, 0x4D, 0, 0x1E, 0], [0x68], Written.slice(1)]), Self.times(1)),
        ]
        let reading = Reading(.h264, packets)
        #expect(reading.tracks.count == 1 && reading.samples.count == 2 && reading.faults == 2)
    }

    @Test func aChangedSetEndsEvenHalfAFrame() {
        let changed = Written.sequenceParameterSet(macroblocksWide: 5)
        let packets: Packets = [
            Self.opening, (Written.packet([Self.fields[0]]), Self.times(1)),
            (Written.packet([Written.delimiter, changed, Self.idr]), Self.times(2)),
        ]
        let reading = Reading(.h264, packets)
        let kinds = reading.events.map { event in if case .track = event { "track" } else { "sample" } }
        #expect(kinds == ["track", "sample", "sample", "track", "sample"])
        #expect(reading.samples.map(\.decodeTime.value) == [0, 1, 2])
    }

    @Test func whatIsTooLargeIsDropped() {
        let large = Written.slice(1) + [UInt8](repeating: 0x55, count: 16 << 20)
        let many = [Written.slice(1)] + Array(repeating: Written.slice(1, first: 2), count: 10_000)
        for packet in [Written.packet([large]), Written.packet(many)] {
            let packets: Packets = [
                Self.opening, (packet, Self.times(1)), (Written.packet([Written.slice(2)]), Self.times(2)),
            ]
            let reading = Reading(.h264, packets)
            #expect(reading.samples.map(\.decodeTime.value) == [0, 2])
            #expect(reading.faults == 1)
        }
    }

    @Test func anAccessUnitWithoutEndIsDropped() {
        let rest = ByteChunk([UInt8](repeating: 0x55, count: 1 << 20))
        var (reader, events) = (AVCStreamReader(), [ElementaryStreamEvent]())
        reader.read(Self.opening.payload, times: Self.opening.times, into: &events)
        // From here on access units are known to go on in the next packet.
        reader.read(rest, times: nil, into: &events)
        reader.read(Written.packet([Written.slice(1)]), times: Self.times(1), into: &events)
        let before = reader.faults
        for _ in 0..<15 { reader.read(rest, times: nil, into: &events) }
        #expect(reader.faults == before)
        // It is not waited for any longer.
        for _ in 0..<20 { reader.read(rest, times: nil, into: &events) }
        #expect(reader.faults == before + 1)
        for number in [2, 3] as [Int64] {
            let packet = Written.packet([Written.slice(UInt64(number))])
            reader.read(packet, times: Self.times(number), into: &events)
        }
        reader.finish(into: &events)
        let samples = events.compactMap { event in if case .sample(let sample) = event { sample } else { nil } }
        #expect(samples.map(\.decodeTime.value) == [0, 2, 3])
    }

    @Test func everyPrefixAndEveryFlippedBitIsSamplesAndFaults() {
        let stream = Written.packet(
            [Written.delimiter] + Written.sets + [Written.recoveryPoint, Self.idr] + Self.fields
                + [Written.filler, Written.slice(2), Written.delimiter, Written.slice(3)]
        ).array
        for damaged in damagedCopies(of: stream) {
            for cut in [0, damaged.count / 2, damaged.count] {
                let parts: Packets = [
                    (ByteChunk(Array(damaged[..<cut])), Self.times(0)), (ByteChunk(Array(damaged[cut...])), nil),
                    (Self.opening.payload, Self.times(9)), (Written.packet([Written.slice(1)]), Self.times(10)),
                ]
                let reading = Reading(.h264, parts)
                // A message may be left over from before that the picture gets.
                let last = reading.samples.suffix(2).map(\.data.array)
                #expect(last.count == 2 && last[0].suffix(Self.idr.count) == Self.idr[...])
                #expect(last.last == Written.sample([Written.slice(1)]).array)
            }
        }
    }
}
