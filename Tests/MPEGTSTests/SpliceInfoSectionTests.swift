import Bitstreams
import Bytes
import MPEGTS
import Media
import SeededRandom
import Testing

@Suite struct SpliceInfoSectionTests {
    /// What the segmentation descriptors of the samples have in common: no duration, an airing id, no sub-segments.
    private static func segment(
        _ eventID: UInt32, _ type: UInt8, _ airing: [UInt8], number: UInt8 = 0, duration: Int64? = nil,
        expected: UInt8 = 0
    ) -> Fields {
        Fields(
            eventID: eventID, type: type, duration: duration, upidType: 8, upid: [0, 0, 0, 0] + airing, number: number,
            expected: expected)
    }

    /// Each sample of the standard with a `time_signal`: the section, its time, its segments.
    private static let timeSignals: [(section: String, time: Int64, segments: [Fields])] = [
        (  // §14.1: a placement opportunity starts.
            "FC3034000000000000FFFFF00506FE72BD0050001E021C435545494800008E7FCF0001A599B00808000000002CA0A18A3402009AC9D17E",
            0x0_72BD_0050, [segment(0x4800_008E, 0x34, [0x2C, 0xA0, 0xA1, 0x8A], number: 2, duration: 27_630_000)]
        ),
        (  // §14.3: it ends.
            "FC302F000000000000FFFFF00506FE746290A000190217435545494800008E7F9F0808000000002CA0A18A350200A9CC6758",
            0x0_7462_90A0, [segment(0x4800_008E, 0x35, [0x2C, 0xA0, 0xA1, 0x8A], number: 2)]
        ),
        (  // §14.4: a programme ends, the next starts.
            "FC3048000000000000FFFFF00506FE7A4D88B60032021743554549480000187F9F0808000000002CCBC344110000"
                + "021743554549480000197F9F0808000000002CA4DBA01000009972E343",
            0x0_7A4D_88B6,
            [
                segment(0x4800_0018, 0x11, [0x2C, 0xCB, 0xC3, 0x44]),
                segment(0x4800_0019, 0x10, [0x2C, 0xA4, 0xDB, 0xA0]),
            ]
        ),
        (  // §14.5: a programme starts while another goes on.
            "FC302F000000000000FFFFF00506FEAEBFFF640019021743554549480000087F9F0808000000002CA56CF5170000951DB0A8",
            0x0_AEBF_FF64, [segment(0x4800_0008, 0x17, [0x2C, 0xA5, 0x6C, 0xF5])]
        ),
        (  // §14.6: a blackout is lifted, a programme ends.
            "FC3048000000000000FFFFF00506FE932E380B00320217435545494800000A7F9F0808000000002CA0A1E3180000"
                + "021743554549480000097F9F0808000000002CA0A18A110000B4217EB0",
            0x0_932E_380B,
            [
                segment(0x4800_000A, 0x18, [0x2C, 0xA0, 0xA1, 0xE3]),
                segment(0x4800_0009, 0x11, [0x2C, 0xA0, 0xA1, 0x8A]),
            ]
        ),
        (  // §14.7: a programme ends.
            "FC302F000000000000FFFFF00506FEAEF17C4C0019021743554549480000077F9F0808000000002CA56C97110000C4876A2E",
            0x0_AEF1_7C4C, [segment(0x4800_0007, 0x11, [0x2C, 0xA5, 0x6C, 0x97])]
        ),
        (  // §14.8: a placement opportunity ends, a programme too, the next starts.
            "FC3061000000000000FFFFF00506FEA8CD44ED004B021743554549480000AD7F9F0808000000002CB2D79D350200"
                + "021743554549480000267F9F0808000000002CB2D79D110000"
                + "021743554549480000277F9F0808000000002CB2D7B31000008A18869F",
            0x0_A8CD_44ED,
            [
                segment(0x4800_00AD, 0x35, [0x2C, 0xB2, 0xD7, 0x9D], number: 2),
                segment(0x4800_0026, 0x11, [0x2C, 0xB2, 0xD7, 0x9D]),
                segment(0x4800_0027, 0x10, [0x2C, 0xB2, 0xD7, 0xB3]),
            ]
        ),
    ]

    /// §14.2: a break of a minute starts.
    private static let insert =
        "FC302F000000000000FFFFF014054800008F7FEFFE7369C02EFE0052CCF500000000000A0008435545490000013562DBA30A"

    @Test(arguments: zip(timeSignals.map(\.section), timeSignals.indices))
    func theTimeSignalsOfTheStandardAreRead(hex: String, index: Int) throws {
        let expected = Self.timeSignals[index]
        let section = try SpliceInfoSection(ByteChunk(bytes(hex)))
        #expect(section.bytes.array == bytes(hex))
        #expect(section.ptsAdjustment == 0)
        #expect(section.tier == 0xFFF)
        #expect(section.command == .timeSignal(expected.time))
        let segments = section.descriptors.compactMap { descriptor in
            if case .segmentation(let segment) = descriptor { Fields(segment) } else { nil as Fields? }
        }
        #expect(segments == expected.segments)
        #expect(section.descriptors.count == segments.count)
        #expect(section.events().map(\.eventID) == expected.segments.map(\.eventID))
        #expect(section.events().allSatisfy { $0.time == expected.time && $0.kind != .cancelled })
    }

    @Test func theSpliceInsertOfTheStandardIsRead() throws {
        let section = try SpliceInfoSection(ByteChunk(bytes(Self.insert)))
        guard case .insert(let insert) = section.command else {
            Issue.record("\(section.command)")
            return
        }
        #expect(insert.eventID == 0x4800_008F)
        #expect(insert.isOutOfNetwork)
        #expect(!insert.isImmediate)
        #expect(insert.time == 0x0_7369_C02E)
        #expect(insert.components.isEmpty)
        #expect(insert.breakDuration?.ticks == 0x0_0052_CCF5)
        #expect(insert.breakDuration?.returnsAlone == true)
        #expect((insert.uniqueProgramID, insert.availNumber, insert.availsExpected) == (0, 0, 0))
        #expect(section.descriptors == [.avail(providerAvailID: 0x135)])
        let event = try #require(section.events().first)
        #expect(section.events().count == 1)
        #expect((event.kind, event.eventID) == (.out, 0x4800_008F))
        #expect((event.time, event.duration) == (0x7369_C02E, 0x52_CCF5))
        #expect(event.kind != .cancelled)
    }

    @Test func bytesBehindTheSectionAreLeftOut() throws {
        let section = try SpliceInfoSection(ByteChunk(bytes(Self.insert) + [0xFF, 0xFF]))
        #expect(section.bytes.array == bytes(Self.insert))
    }

    @Test func aSectionSaysWhyItIsNotRead() {
        var writer = SpliceWriter()
        #expect(fault(writer.section) == nil)
        writer.tableID = 0xFD
        #expect(fault(writer.section) == .invalid("table_id", offset: 0))
        writer = SpliceWriter(version: 1)
        #expect(fault(writer.section) == .unsupported("SCTE 35 protocol_version 1"))
        #expect(
            fault(SpliceWriter.finished([0xFC, 0x30, 0x0B] + [UInt8](repeating: 0, count: 7)))
                == .invalid("section_length", offset: 1))
        var damaged = SpliceWriter().section
        damaged[damaged.count - 1] ^= 1
        #expect(fault(damaged) == .invalid("CRC_32", offset: damaged.count - 4))
        // A command that is longer than it says, than the section, and descriptors that are.
        #expect(fault(SpliceWriter(type: 6, command: [0xFE, 0, 0]).section) == .unexpectedEnd(offset: 15))
        var long = Array(SpliceWriter(type: 5, command: [1, 2, 3]).section.dropLast(4))
        long[12] = 6
        #expect(fault(SpliceWriter.finished(long)) == .unexpectedEnd(offset: 14))
        var loop = Array(SpliceWriter(descriptors: [SpliceWriter.descriptor(0, [0, 0, 0, 1])]).section.dropLast(4))
        loop[15] += 1
        #expect(fault(SpliceWriter.finished(loop)) == .unexpectedEnd(offset: 16))
        // One that is longer than the loop, and one that is shorter than its fields, though the loop goes on.
        #expect(
            fault(SpliceWriter(descriptors: [[0, 5, 0x43, 0x55, 0x45, 0x49]]).section) == .unexpectedEnd(offset: 18))
        let (short, next) = (SpliceWriter.descriptor(0, [0, 0, 0]), SpliceWriter.descriptor(0, [0, 0, 0, 1]))
        #expect(fault(SpliceWriter(descriptors: [short, next]).section) == .unexpectedEnd(offset: 22))
    }

    @Test func everyPrefixAndEveryFlippedBitEndsInAnErrorOrAValue() throws {
        for hex in Self.timeSignals.map(\.section) + [Self.insert] {
            let whole = bytes(hex)
            for count in whole.indices { #expect(fault(Array(whole.prefix(count))) != nil) }
            for bit in 0..<(whole.count * 8) {
                var flipped = whole
                flipped[bit / 8] ^= 0x80 >> UInt8(bit % 8)
                #expect(fault(flipped) != nil)
                // The same with a CRC that fits.
                _ = fault(SpliceWriter.finished(Array(flipped.dropLast(4))))
            }
        }
    }

    @Test func randomBytesWithACRCThatFitsEndInAnErrorOrAValue() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var (read, refused) = (0, 0)
        for _ in 0..<20_000 {
            var writer = SpliceWriter(type: [0, 4, 5, 6, 7, 0xFF, 9].randomElement(using: &random) ?? 0)
            writer.command = random.bytes(Int.random(in: 0...30, using: &random))
            writer.tellsLength = Bool.random(using: &random)
            writer.descriptors = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                SpliceWriter.descriptor(
                    UInt8.random(in: 0...4, using: &random), random.bytes(Int.random(in: 0...40, using: &random)))
            }
            var section = Array(writer.section.dropLast(4))
            if Bool.random(using: &random), let place = section.indices.dropFirst(3).randomElement(using: &random) {
                section[place] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                let events = try SpliceInfoSection(ByteChunk(SpliceWriter.finished(section))).events()
                #expect(events.allSatisfy { (0..<(1 << 33)).contains($0.time ?? 0) }, "seed \(seed)")
                #expect(events.count <= 3 + 1, "seed \(seed)")
                read += 1
            } catch {
                refused += 1
            }
        }
        #expect(read > 1000 && refused > 1000, "seed \(seed)")
    }
}

/// What `SpliceSegmentation` has, so that tests can say it in full.
struct Fields: Equatable {
    var eventID: UInt32
    var type: UInt8
    var duration: Int64?
    var upidType: UInt8 = 0
    var upid: [UInt8] = []
    var number: UInt8 = 0
    var expected: UInt8 = 0
    var subSegment: [UInt8]?
}

extension Fields {
    init(_ segment: SpliceSegmentation) {
        self.init(
            eventID: segment.eventID, type: segment.type, duration: segment.duration, upidType: segment.upidType,
            upid: segment.upid.array, number: segment.number, expected: segment.expected,
            subSegment: segment.subSegment.map { [$0.number, $0.expected] })
    }
}

private func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
}

private func fault(_ bytes: [UInt8]) -> BitstreamError? {
    do throws(BitstreamError) {
        _ = try SpliceInfoSection(ByteChunk(bytes)).events()
        return nil
    } catch {
        return error
    }
}
