import Bitstreams
import Bytes
import MPEGTS
import SeededRandom
import Testing

/// PES packets: their headers, when they go out, and how long they may be.
struct ElementaryPacketTests {
    private typealias Writer = StreamWriter

    private static func reading(_ write: (inout Writer) -> Void) -> Reading {
        var writer = Writer.begun()
        write(&writer)
        return Reading(writer.bytes)
    }

    // MARK: - Headers

    @Test(arguments: [0, 1, (1 << 33) - 1, 0x1_2345_6789, 1 << 30, 1 << 15] as [Int64])
    func timesAreReadToTheBit(time: Int64) {
        let decode = (time &- 7200) & (1 << 33 - 1)
        let reading = Self.reading { writer in
            writer.writeAudio([1], at: time)
            writer.writeUnit(
                on: Writer.audio, Writer.elementaryPacket(0xC0, [2], at: time, decodedAt: decode))
            writer.writeUnit(on: Writer.audio, Writer.elementaryPacket(0xC0, [3]))
        }
        #expect(
            reading.packets.map(\.times) == [
                PacketTimes(presentation: time, decode: time), PacketTimes(presentation: time, decode: decode), nil,
            ])
        #expect(reading.health.timesMalformed == 0 && reading.packets.map(\.streamID) == [0xC0, 0xC0, 0xC0])
    }

    @Test(arguments: [9, 11, 13, 14, 16, 18]) func timesWithoutMarkersAreNotUsed(at index: Int) {
        let reading = Self.reading { writer in
            var unit = Writer.elementaryPacket(0xC0, [1, 2], at: 1000, decodedAt: 900)
            unit[index] &= 0xFE
            writer.writeUnit(on: Writer.audio, unit)
        }
        #expect(reading.packets.map(\.times) == [nil] && reading.packets.map(\.payload) == [ByteChunk([1, 2])])
        #expect(reading.health.timesMalformed == 1)
    }

    @Test func timesThatCannotBeAreNotUsed() {
        let reading = Self.reading { writer in
            // A decode time alone; times for which the header is too short.
            for (flags, length) in [(0x40, 5), (0x80, 4), (0xC0, 9)] as [(UInt8, UInt8)] {
                let header: [UInt8] = [0, 0, 1, 0xC0, 0, 3 + length + 1, 0x80, flags, length]
                writer.writeUnit(on: Writer.audio, header + [UInt8](repeating: 0x21, count: Int(length)) + [7])
            }
        }
        #expect(
            reading.packets.map(\.times) == [nil, nil, nil] && reading.packets.allSatisfy { $0.payload.count == 1 })
        #expect(reading.health.timesMalformed == 3)
    }

    @Test func headersMayGoOnInTheNextPacket() {
        for cut in 1..<20 {
            let unit = Writer.elementaryPacket(0xC0, [1, 2, 3, 4, 5, 6, 7, 8], at: 1000, decodedAt: 900)
            let reading = Self.reading { writer in
                writer.writePacket(on: Writer.audio, unit[..<cut], starts: true, .init(isRandomAccess: true))
                writer.writePacket(on: Writer.audio, unit[cut...])
            }
            #expect(reading.packets.map(\.payload.array) == [[1, 2, 3, 4, 5, 6, 7, 8]])
            #expect(reading.packets.first?.times == PacketTimes(presentation: 1000, decode: 900))
            #expect(reading.packets.first?.isRandomAccess == true && reading.packets.first?.isAligned == true)
        }
    }

    @Test func whatIsNoHeaderIsDropped() {
        let good = Writer.elementaryPacket(0xC0, [1], at: 1)
        let reading = Self.reading { writer in
            for (index, byte) in [(0, 1), (1, 1), (2, 0), (6, 0x40), (5, 2)] as [(Int, UInt8)] {
                var unit = good
                unit[index] = byte
                writer.writeUnit(on: Writer.audio, unit)
            }
            writer.writeUnit(on: Writer.audio, good)
        }
        #expect(reading.packets.count == 1 && reading.afterLoss == [0])
        #expect(reading.health.elementaryPacketsDropped == 5)
    }

    @Test func streamsWithoutHeaderExtensionAreReadFromTheSixthByteOn() {
        let reading = Self.reading { writer in
            for streamID in [0xBC, 0xBF, 0xF0, 0xF1, 0xF2, 0xF8, 0xFF, 0xBE] as [UInt8] {
                writer.writeUnit(on: Writer.audio, [0, 0, 1, streamID, 0, 3, 0x80, 0x80, streamID])
            }
        }
        #expect(reading.packets.map(\.streamID) == [0xBC, 0xBF, 0xF0, 0xF1, 0xF2, 0xF8, 0xFF])
        #expect(reading.packets.allSatisfy { $0.payload.array == [0x80, 0x80, $0.streamID] && $0.times == nil })
        #expect(reading.health.elementaryPacketsDropped == 0)
    }

    @Test func flagsAreThoseOfThePacketThatBegins() {
        let reading = Self.reading { writer in
            writer.writeVideo([1], at: 1, .init(isRandomAccess: true))
            var unaligned = Writer.elementaryPacket(0xE0, [2], hasLength: false)
            unaligned[6] = 0x80
            writer.writeUnit(on: Writer.video, unaligned)
        }
        #expect(reading.packets.map(\.isRandomAccess) == [true, false])
        #expect(reading.packets.map(\.isAligned) == [true, false])
    }

    // MARK: - Ends

    /// How many packets are out before anything else comes.
    private static func countAtOnce(_ writer: Writer) -> Int {
        var reader = TransportStreamReader()
        var events: [TransportStreamEvent] = []
        // Null packets make sure that there are enough for a rhythm.
        var bytes = writer
        for _ in 0..<5 { bytes.writePacket(on: 0x1FFF, []) }
        reader.receive(bytes.bytes.span, at: .zero, into: &events)
        return events.count { if case .packet = $0 { true } else { false } }
    }

    @Test(arguments: [1, 100, 170, 184, 1000, 20_000, 65_000]) func aKnownLengthIsNotWaitedBeyond(count: Int) {
        var random = SeededGenerator(seed: 2)
        let payload = random.bytes(count)
        var writer = Writer.begun()
        writer.writeAudio(payload)
        #expect(Self.countAtOnce(writer) == 1)
        let reading = Reading(writer.bytes)
        #expect(reading.packets.map(\.payload.array) == [payload])
    }

    @Test func whatStandsBehindAKnownEndBelongsToNothing() {
        let reading = Self.reading { writer in
            writer.writeUnit(on: Writer.audio, Writer.elementaryPacket(0xC0, [1, 2]) + [9, 9, 9])
            writer.writePacket(on: Writer.audio, [8, 8])
            writer.writeAudio([3])
        }
        #expect(reading.packets.map(\.payload.array) == [[1, 2], [3]] && reading.afterLoss.isEmpty)
    }

    @Test func aPacketThatEndsBeforeItsLengthIsDropped() {
        let reading = Self.reading { writer in
            writer.writeUnit(on: Writer.audio, Array(Writer.elementaryPacket(0xC0, [1, 2, 3]).dropLast()))
            writer.writeAudio([4])
        }
        #expect(reading.packets.map(\.payload.array) == [[4]] && reading.afterLoss == [0])
        #expect(reading.health.elementaryPacketsDropped == 1)
    }

    @Test func anEndThatAlwaysShowsIsBelievedFromTheSeventeenthOn() {
        var writer = Writer.begun()
        // One that just fills its packets is no proof for either.
        for index in 0..<16 {
            writer.writeVideo([UInt8](repeating: UInt8(index), count: 500))
            #expect(Self.countAtOnce(writer) == (index == 0 ? 0 : index + (index > 8 ? 1 : 0)))
            if index == 8 { writer.writeVideo([UInt8](repeating: 0, count: 184 * 3 - 14)) }
        }
        writer.writeVideo([16])
        #expect(Self.countAtOnce(writer) == 17)
        writer.writeVideo([UInt8](repeating: 17, count: 500))
        #expect(Self.countAtOnce(writer) == 19)
        writer.writeVideo([UInt8](repeating: 18, count: 500))
        #expect(Self.countAtOnce(writer) == 20)
        let reading = Reading(writer.bytes)
        #expect(reading.packets.count == 20 && reading.afterLoss.isEmpty)
    }

    @Test func anEndThatWasNoneIsNotBelievedAgain() {
        var writer = Writer.begun()
        for _ in 0..<17 { writer.writeVideo([UInt8](repeating: 1, count: 500)) }
        #expect(Self.countAtOnce(writer) == 17)
        // The packet goes on behind its stuffing.
        writer.writePacket(on: Writer.video, [2, 2, 2])
        writer.writePacket(on: Writer.video, [3, 3])
        for _ in 0..<20 { writer.writeVideo([UInt8](repeating: 4, count: 500), at: 90) }
        #expect(Self.countAtOnce(writer) == 17 + 1 + 19)
        let packets = Reading(writer.bytes).packets
        #expect(packets.count == 38 && packets[17].payload.array == [2, 2, 2, 3, 3])
        #expect(packets[17].times == nil && !packets[17].isAligned && !packets[17].isAfterLoss)
        #expect(packets[18].times?.presentation == 90)
    }

    @Test func stuffingInTheMiddleIsNotTakenForAnEnd() {
        var writer = Writer.begun()
        for _ in 0..<40 {
            let unit = Writer.elementaryPacket(0xE0, [UInt8](repeating: 1, count: 900), hasLength: false)
            var position = writer.writePacket(on: Writer.video, unit, starts: true)
            while position < unit.count {
                let adaptation = position < 300 ? Writer.Adaptation(stuffing: 20) : nil
                position += writer.writePacket(on: Writer.video, unit[position...], adaptation)
            }
        }
        #expect(Self.countAtOnce(writer) == 39)
        #expect(Reading(writer.bytes).packets.allSatisfy { $0.payload.count == 900 && $0.times == nil })
    }

    @Test func oneEndBehindItsStuffingTakesSixteenNewProofs() {
        var writer = Writer.begun()
        for _ in 0..<15 { writer.writeVideo([UInt8](repeating: 1, count: 500)) }
        writer.writeVideo([UInt8](repeating: 1, count: 500))
        writer.writePacket(on: Writer.video, [2])
        for _ in 0..<16 { writer.writeVideo([UInt8](repeating: 1, count: 500)) }
        #expect(Self.countAtOnce(writer) == 31)
        writer.writeVideo([UInt8](repeating: 1, count: 500))
        #expect(Self.countAtOnce(writer) == 33)
        #expect(Reading(writer.bytes).packets.map(\.payload.count).filter { $0 != 500 } == [501])
    }

    @Test func aClockInTheMiddleIsNoStuffing() {
        var writer = Writer.begun()
        for index in 0..<40 {
            let unit = Writer.elementaryPacket(0xE0, [UInt8](repeating: 1, count: 900), hasLength: false)
            var position = writer.writePacket(on: Writer.video, unit, starts: true)
            while position < unit.count {
                let adaptation = position < 300 ? Writer.Adaptation(clock: Int64(index) * 1000) : nil
                position += writer.writePacket(on: Writer.video, unit[position...], adaptation)
            }
        }
        #expect(Self.countAtOnce(writer) == 40)
    }

    @Test func whatGoesOnAfterALossIsNoContinuation() {
        var writer = Writer.begun()
        for _ in 0..<17 { writer.writeVideo([UInt8](repeating: 1, count: 500)) }
        writer.lose(3, on: Writer.video)
        writer.writePacket(on: Writer.video, [2, 2, 2])
        for _ in 0..<2 { writer.writeVideo([UInt8](repeating: 4, count: 500)) }
        // Ends are believed as before.
        #expect(Self.countAtOnce(writer) == 19)
        let reading = Reading(writer.bytes)
        #expect(reading.packets.count == 19 && reading.afterLoss == [17])
        #expect(reading.health.elementaryPacketsDropped == 0)
    }

    // MARK: - Limits

    @Test func aPacketThatIsTooLongIsDropped() {
        var writer = Writer.begun()
        writer.writeVideo([UInt8](repeating: 1, count: 50_001))
        writer.writeVideo([UInt8](repeating: 2, count: 50_000))
        writer.writeVideo([3])
        var limits = TransportStreamLimits()
        limits.packetBytes = 50_000
        let reading = Reading(writer.bytes, limits: limits)
        #expect(reading.packets.map(\.payload.count) == [50_000, 1] && reading.afterLoss == [0])
        #expect(reading.health.elementaryPacketsDropped == 1)
        #expect(Reading(writer.bytes).packets.count == 3)
    }

    @Test func unfinishedPacketsOfAllStreamsTogetherAreBounded() {
        var limits = TransportStreamLimits()
        limits.gatheredBytes = 60_000
        var writer = StreamWriter()
        writer.writeSection(on: 0, StreamWriter.association([(1, StreamWriter.map)]))
        let pids: [UInt16] = [0x200, 0x201, 0x202]
        writer.writeSection(on: Writer.map, Writer.map(streams: pids.map { (0x1B, $0, []) }))
        for _ in 0..<3 {
            for pid in pids {
                let payload = [UInt8](repeating: 0, count: 25_000)
                writer.writeUnit(on: pid, Writer.elementaryPacket(0xE0, payload, hasLength: false))
            }
            // What is there goes out, which makes room again.
            for pid in pids {
                writer.writeUnit(on: pid, Writer.elementaryPacket(0xE0, [1], hasLength: false))
            }
        }
        let reading = Reading(writer.bytes, limits: limits)
        #expect(reading.packets.map(\.pid).filter { $0 == 0x202 }.count == 3)
        #expect(reading.packets.count == 15 && reading.health.elementaryPacketsDropped == 3)
    }

    @Test func streamsBeyondTheLimitAreLeftOut() {
        var writer = StreamWriter()
        writer.writeSection(on: 0, StreamWriter.association([(1, StreamWriter.map)]))
        writer.writeSection(on: Writer.map, Writer.map(streams: (0..<100).map { (0x1B, 0x200 + $0, []) }))
        writer.writeUnit(on: 0x200 + 63, Writer.elementaryPacket(0xE0, [1]))
        writer.writeUnit(on: 0x200 + 64, Writer.elementaryPacket(0xE0, [1]))
        let reading = Reading(writer.bytes)
        #expect(reading.programs.first?.streams.count == 64 && reading.health.streamsIgnored == 36)
        #expect(reading.packets.map(\.stream) == [63])
    }
}
