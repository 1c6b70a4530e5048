import Bitstreams
import Bytes
import MPEGTS
import Media
import Testing

/// Sections that a writer of the tests made come back as they were written.
@Suite struct SpliceCommandTests {
    private typealias Writer = SpliceWriter

    private static let top: Int64 = 1 << 33 - 1

    @Test func aBreakOfAWholeProgrammeIsRead() throws {
        let command =
            Writer.big(7, 4) + [0x7F, 0xEF] + Writer.time(Self.top) + [0x7F] + Writer.big(0xFFFF_FFFF, 4)
            + [0x12, 0x34, 3, 4]
        let section = try read(Writer(ptsAdjustment: 5, tier: 0x123, type: 5, command: command))
        #expect(section.ptsAdjustment == 5)
        #expect(section.tier == 0x123)
        let insert = try #require(section.insert)
        #expect((insert.eventID, insert.isOutOfNetwork, insert.isImmediate) == (7, true, false))
        #expect(insert.time == Self.top)
        #expect(insert.breakDuration?.ticks == Self.top)
        #expect(insert.breakDuration?.returnsAlone == false)
        #expect((insert.uniqueProgramID, insert.availNumber, insert.availsExpected) == (0x1234, 3, 4))
        // The adjustment goes beyond the end of the clock.
        #expect(section.events().map(\.time) == [4])
        #expect(section.events().map(\.duration) == [Self.top])
        let late = try read(Writer(ptsAdjustment: Self.top, type: 6, command: Writer.time(5)))
        #expect(late.ptsAdjustment == Self.top)
        #expect(late.events().map(\.time) == [4])
    }

    @Test func theEndOfABreakHasNoDuration() throws {
        let command =
            Writer.big(7, 4) + [0x7F, 0x6F] + Writer.time(90_000) + [0xFE] + Writer.big(900, 4) + [0, 0, 0, 0]
        let section = try read(Writer(type: 5, command: command))
        #expect(section.insert?.breakDuration?.ticks == 900)
        #expect(section.events().map(\.kind) == [.in])
        #expect(section.events().map(\.time) == [90_000])
        #expect(section.events().map(\.duration) == [nil])
    }

    @Test func aBreakThatBeginsAtOnceHasNoTime() throws {
        let section = try read(Writer(ptsAdjustment: 5, type: 5, command: Writer.big(7, 4) + [0x7F, 0xDF, 0, 1, 0, 0]))
        #expect(section.insert?.isImmediate == true)
        #expect(section.insert?.uniqueProgramID == 1)
        let event = try #require(section.events().first)
        #expect((event.kind, event.time, event.duration) == (.out, nil, nil))
        // So has one whose time is not said.
        let unsaid = try read(
            Writer(type: 5, command: Writer.big(7, 4) + [0x7F, 0xCF] + Writer.time(nil) + [0, 1, 0, 0]))
        #expect(unsaid.insert?.isImmediate == false)
        #expect(unsaid.insert?.uniqueProgramID == 1)
        #expect(unsaid.events().map(\.time) == [nil])
    }

    @Test func componentsHaveTimesOfTheirOwn() throws {
        let components = [0x10] + Writer.time(nil) + [0x11] + Writer.time(300) + [0x12] + Writer.time(200)
        let section = try read(
            Writer(type: 5, command: Writer.big(7, 4) + [0x7F, 0x8F, 3] + components + [0, 9, 0, 0]))
        let insert = try #require(section.insert)
        #expect(insert.time == nil)
        #expect(insert.components.map(\.tag) == [0x10, 0x11, 0x12])
        #expect(insert.components.map(\.time) == [nil, 300, 200])
        #expect(insert.uniqueProgramID == 9)
        #expect(section.events().map(\.time) == [300])
        let immediate = try read(
            Writer(type: 5, command: Writer.big(7, 4) + [0x7F, 0x9F, 2, 0x10, 0x11, 0, 9, 0, 0]))
        #expect(immediate.insert?.components.map(\.tag) == [0x10, 0x11])
        #expect(immediate.insert?.uniqueProgramID == 9)
        #expect(immediate.events().map(\.time) == [nil])
    }

    @Test func whatIsTakenBackIsACommand() throws {
        let insert = try read(Writer(type: 5, command: Writer.big(7, 4) + [0xFF]))
        #expect(insert.command == .insertCancelled(eventID: 7))
        let segment = try read(
            Writer(
                type: 6, command: Writer.time(90_000), descriptors: [Writer.descriptor(2, Writer.big(7, 4) + [0xFF])]))
        #expect(segment.descriptors == [.segmentationCancelled(eventID: 7)])
        for event in insert.events() + segment.events() {
            #expect((event.kind, event.eventID, event.time, event.duration) == (.cancelled, 7, nil, nil))
        }
        #expect(insert.events().count == 1 && segment.events().count == 1)
    }

    @Test func aTimeSignalWithoutSegmentsIsACommand() throws {
        let section = try read(Writer(ptsAdjustment: 10, type: 6, command: Writer.time(90_000)))
        #expect(section.command == .timeSignal(90_000))
        #expect(section.events().map(\.kind) == [.command])
        #expect(section.events().map(\.time) == [90_010])
        let atOnce = try read(Writer(ptsAdjustment: 10, type: 6, command: Writer.time(nil)))
        #expect(atOnce.command == .timeSignal(nil))
        #expect(atOnce.events().map(\.time) == [nil])
    }

    @Test func otherCommandsAreKeptWhole() throws {
        let table: [(Writer, SpliceCommand, events: Int)] = [
            (Writer(type: 0), .null, 0),
            (Writer(type: 4, command: [1, 2, 3]), .schedule, 1),
            (Writer(type: 7), .bandwidthReservation, 0),
            (Writer(type: 0xFF, command: [0x41, 0x42, 0x43, 0x44, 9]), .privateCommand(identifier: 0x4142_4344), 0),
            (Writer(type: 9, command: [1]), .reserved(type: 9), 1),
            (Writer(isEncrypted: true, type: 5, command: [1, 2]), .encrypted, 1),
        ]
        for (writer, command, count) in table {
            let section = try read(writer)
            #expect(section.command == command)
            #expect(section.bytes.array == writer.section)
            #expect(section.events().count == count)
            #expect(section.events().allSatisfy { $0.kind == .command && $0.eventID == 0 && $0.time == nil })
        }
    }

    @Test func theLengthOfACommandNeedNotBeSaid() throws {
        let avail = Writer.descriptor(0, [0, 0, 0, 5])
        for (type, command): (UInt8, [UInt8]) in [
            (0, []), (6, Writer.time(1)), (5, Writer.big(7, 4) + [0xFF]), (7, []),
            (5, Writer.big(7, 4) + [0x7F, 0xDF, 0, 1, 0, 0]),
        ] {
            let section = try read(Writer(tellsLength: false, type: type, command: command, descriptors: [avail]))
            #expect(section.descriptors == [.avail(providerAvailID: 5)])
        }
        // Nobody can tell where this one ends.
        let section = try read(Writer(tellsLength: false, type: 4, command: [1, 2, 3], descriptors: [avail]))
        #expect(section.command == .schedule)
        #expect(section.descriptors.isEmpty)
    }

    @Test func whatACommandHasBehindItsFieldsIsLeftOut() throws {
        let avail = Writer.descriptor(0, [0, 0, 0, 5])
        let section = try read(Writer(type: 6, command: Writer.time(1) + [1, 2, 3], descriptors: [avail]))
        #expect(section.command == .timeSignal(1))
        #expect(section.descriptors == [.avail(providerAvailID: 5)])
    }

    @Test func descriptorsAreRead() throws {
        let section = try read(
            Writer(descriptors: [
                Writer.descriptor(1, [0xB1, 0x9F] + Array("123*".utf8)),
                Writer.descriptor(3, [0, 0, 0x5D, 0, 0, 1, 0, 0, 0, 2, 0, 37]),
                Writer.descriptor(4, [0x0F]),
                Writer.descriptor(0, [1], identifier: "ABCD"),
                Writer.descriptor(0, [0, 0, 0, 5]),
            ]))
        #expect(
            section.descriptors == [
                .dtmf(preroll: 0xB1, characters: "123*"),
                .time(seconds: 0x5D00_0001, nanoseconds: 2, offsetToUTC: 37),
                .other(tag: 4, identifier: 0x4355_4549),
                .other(tag: 0, identifier: 0x4142_4344),
                .avail(providerAvailID: 5),
            ])
    }

    @Test func aSegmentIsReadInFull() throws {
        let most: Int64 = 1 << 40 - 1
        let upid = [UInt8](repeating: 0x61, count: 200)
        let components: [UInt8] = [0x7F, 0x3F, 2] + [UInt8](repeating: 0xAA, count: 12) + [9, 1, 0x62, 0x36, 1, 2]
        let section = try read(
            Writer(
                type: 6, command: Writer.time(1),
                descriptors: [
                    Writer.segmentation(1, duration: most, upid: upid, tail: [0x34, 1, 2, 3, 4]),
                    Writer.segmentation(2, tail: [0x10, 1, 1]),
                    Writer.descriptor(2, Writer.big(3, 4) + components),
                ]))
        let segments = section.descriptors.compactMap { descriptor in
            if case .segmentation(let segment) = descriptor { Fields(segment) } else { nil as Fields? }
        }
        #expect(
            segments == [
                Fields(
                    eventID: 1, type: 0x34, duration: most, upidType: 0x0C, upid: upid, number: 1, expected: 2,
                    subSegment: [3, 4]),
                Fields(eventID: 2, type: 0x10, number: 1, expected: 1),
                Fields(eventID: 3, type: 0x36, upidType: 9, upid: [0x62], number: 1, expected: 2),
            ])
        #expect(section.events().map(\.kind) == [.out, .command, .out])
        #expect(section.events().map(\.duration) == [most, nil, nil])
    }

    @Test func eachTypeOfSegmentBeginsOrEndsABreakOrNeither() throws {
        let outs: [UInt8] = [
            0x22, 0x30, 0x32, 0x34, 0x36, 0x38, 0x3A, 0x3C, 0x3E, 0x42, 0x44, 0x46,
        ]
        for type in UInt8.min...UInt8.max {
            let section = try read(
                Writer(
                    type: 6, command: Writer.time(1),
                    descriptors: [Writer.segmentation(1, duration: 5, tail: [type, 0, 0])]))
            let isOut = outs.contains(type)
            let isIn = type > 0 && outs.contains(type - 1)
            #expect(section.events().map(\.kind) == [isOut ? .out : isIn ? .in : .command], "\(type)")
            #expect(section.events().map(\.duration) == [isIn ? nil : 5], "\(type)")
        }
    }

    @Test func aDurationOfNothingIsNotKnown() throws {
        let section = try read(
            Writer(
                type: 6, command: Writer.time(1),
                descriptors: [Writer.segmentation(1, duration: 0, tail: [0x30, 0, 0])]))
        #expect(section.events().map(\.duration) == [nil])
    }

    private func read(_ writer: Writer) throws -> SpliceInfoSection { try SpliceInfoSection(ByteChunk(writer.section)) }
}

extension SpliceInfoSection {
    fileprivate var insert: SpliceInsert? {
        if case .insert(let insert) = command { insert } else { nil }
    }
}
