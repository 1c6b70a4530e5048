import Bytes
import MPEGTS
import Testing

/// Program association and program map: how their sections come, and what follows from them.
struct TableTests {
    private typealias Writer = StreamWriter
    private static let streams: [(UInt8, UInt16, [UInt8])] = [(0x1B, Writer.video, []), (0x0F, Writer.audio, [])]

    // MARK: - Sections

    @Test func sectionsMaySpanAndSharePackets() {
        let association = Writer.association([(1, Writer.map)] + (2..<80).map { ($0, 0x300 + $0) })
        let unit = [0] + association
        // Padding of the map, which makes it span packets; then the next version in the same packet as the end of this.
        let long = Writer.map(streams: Self.streams + (0..<40).map { (0x80, 0x400 + $0, []) })
        let next = Writer.map(streams: Self.streams, version: 1)
        var writer = StreamWriter()
        writer.writeUnit(on: 0, unit)
        writer.writePacket(on: Writer.map, [0] + long[..<183], starts: true)
        let rest = Array(long[183...])
        writer.writePacket(on: Writer.map, [UInt8(rest.count)] + rest + next, starts: true)
        let reading = Reading(writer.bytes)
        #expect(reading.programs.map(\.streams.count) == [42, 2])
        #expect(reading.health.sectionsDropped == 0 && reading.health.checksumErrors == 0)
    }

    @Test func aSectionMayBeginWithThePacketsLastByte() {
        let map = Writer.map(streams: Self.streams)
        for count in 1...3 {
            var writer = StreamWriter()
            writer.writeSection(on: 0, Writer.association([(1, Writer.map)]))
            let other = Writer.section(0x42, 1, [UInt8](repeating: 0, count: 183 - count - 12))
            writer.writePacket(on: Writer.map, [0] + other + map[..<count], starts: true)
            let rest = Array(map[count...])
            writer.writePacket(on: Writer.map, rest + [UInt8](repeating: 0xFF, count: 184 - rest.count))
            #expect(Reading(writer.bytes).programs.count == 1)
        }
    }

    @Test func aTableMayHaveManySections() {
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 1, 0]] as [[UInt8]] {
            var writer = StreamWriter()
            for number in order {
                let programs = [(UInt16(number) + 1, Writer.map + UInt16(number))]
                writer.writeSection(on: 0, Writer.association(programs, number: number, lastNumber: 2))
            }
            for program in 1...3 as ClosedRange<UInt16> {
                writer.writeSection(
                    on: Writer.map + program - 1, Writer.map(program: program, streams: Self.streams))
            }
            for program in 1...3 as ClosedRange<UInt16> {
                #expect(Reading(writer.bytes, program: program).programs.map(\.number) == [program])
            }
            #expect(Reading(writer.bytes).programs.map(\.number) == [1])
        }
    }

    @Test func aTableIsNotUsedBeforeItIsComplete() {
        var writer = StreamWriter()
        writer.writeSection(on: 0, Writer.association([(1, Writer.map)], number: 0, lastNumber: 1))
        // The sections of another version do not complete it.
        writer.writeSection(on: 0, Writer.association([(2, 0x500)], version: 1, number: 1, lastNumber: 1))
        writer.writeSection(on: Writer.map, Writer.map(streams: Self.streams))
        #expect(Reading(writer.bytes).programs.isEmpty)
    }

    @Test func aWrongChecksumIsCountedAndNotBelieved() {
        var association = Writer.association([(1, Writer.map)])
        association[9] ^= 1
        var map = Writer.map(streams: Self.streams)
        map[13] ^= 1
        var writer = StreamWriter()
        writer.writeSection(on: 0, association)
        #expect(Reading(writer.bytes).health.checksumErrors == 1)
        writer.writeSection(on: 0, Writer.association([(1, Writer.map)]))
        writer.writeSection(on: Writer.map, map)
        let reading = Reading(writer.bytes)
        #expect(reading.programs.isEmpty && reading.health.checksumErrors == 2)
        #expect(reading.health.sectionsDropped == 2)
    }

    @Test func aHoleDropsTheSectionThatItIsIn() {
        let map = Writer.map(streams: Self.streams + (0..<80).map { (0x80, 0x400 + $0, []) })
        var writer = StreamWriter()
        writer.writeSection(on: 0, Writer.association([(1, Writer.map)]))
        writer.writePacket(on: Writer.map, [0] + map[..<183], starts: true)
        writer.lose(1, on: Writer.map)
        writer.writePacket(on: Writer.map, map[183..<367])
        #expect(Reading(writer.bytes).health.sectionsDropped == 1)
        writer.writeSection(on: Writer.map, map)
        let reading = Reading(writer.bytes)
        #expect(reading.programs.count == 1 && reading.health.checksumErrors == 0)
    }

    @Test func aPointerBeyondThePacketIsNotFollowed() {
        var writer = StreamWriter()
        writer.writePacket(on: 0, [200] + [UInt8](repeating: 0, count: 183), starts: true)
        #expect(Reading(writer.bytes).health.sectionsDropped == 1)
    }

    @Test func whatIsNotYetValidIsNotUsed() {
        var writer = StreamWriter()
        writer.writeSection(on: 0, Writer.association([(9, 0x300)], isCurrent: false))
        writer.writeSection(on: 0, Writer.association([(1, Writer.map)]))
        writer.writeSection(on: Writer.map, Writer.map(streams: [], version: 1, isCurrent: false))
        writer.writeSection(on: Writer.map, Writer.map(streams: Self.streams))
        writer.writeSection(on: Writer.map, Writer.map(streams: [], version: 1, isCurrent: false))
        writer.writeSection(on: 0, Writer.association([(9, 0x300)], version: 1, isCurrent: false))
        let reading = Reading(writer.bytes)
        #expect(reading.programs.map(\.streams.count) == [2] && reading.events.count == 1)
    }

    // MARK: - Programs

    @Test func onlyAnotherContentIsAChange() {
        var writer = Writer.begun()
        writer.writeTables()
        let streams: [(UInt8, UInt16, [UInt8])] = Self.streams + [(0x86, Writer.splices, [])]
        writer.writeSection(on: Writer.map, Writer.map(streams: streams, version: 1))
        // A descriptor that changes nothing for anyone.
        writer.writeSection(
            on: Writer.map, Writer.map(streams: streams.map { ($0.0, $0.1, [0x52, 1, 7]) }, version: 2))
        #expect(Reading(writer.bytes).programs.count == 1)
        writer.writeSection(
            on: Writer.map, Writer.map(clock: Writer.audio, streams: streams, version: 3))
        #expect(Reading(writer.bytes).programs.map(\.clockPID) == [Writer.video, Writer.audio])
    }

    @Test func streamsThatStayGoOnThroughAChange() {
        var writer = Writer.begun()
        let unit = Writer.elementaryPacket(0xC0, [UInt8](repeating: 5, count: 300), at: 8)
        let position = writer.writePacket(on: Writer.audio, unit, starts: true)
        writer.writeVideo([1, 2, 3])
        // The picture's stream leaves, the sound's gets another place and a language.
        writer.writeSection(
            on: Writer.map,
            Writer.map(
                streams: [(0x24, 0x200, []), (0x0F, Writer.audio, [0x0A, 4, 0x64, 0x65, 0x75, 0])], version: 1))
        writer.writePacket(on: Writer.audio, unit[position...])
        writer.writeUnit(on: 0x200, Writer.elementaryPacket(0xE0, [7]))
        writer.writeVideo([9])
        let reading = Reading(writer.bytes)
        // What had begun in the stream that leaves belongs to the program before.
        let kinds = reading.events.map { event in
            switch event {
            case .program(let program): "program of \(program.streams.count)"
            case .packet(let packet): "\(packet.stream): \(packet.payload.count)"
            default: "\(event)"
            }
        }
        #expect(kinds == ["program of 3", "0: 3", "program of 2", "1: 300", "0: 1"])
        #expect(reading.programs.last?.streams.map(\.language) == [nil, "deu"])
    }

    @Test func aProgramThatLeavesAndComesBackGoesOn() {
        var writer = Writer.begun()
        writer.writeVideo([1])
        writer.writeSection(on: 0, Writer.association([(2, 0x300)], version: 1))
        writer.writeSection(on: 0x300, Writer.map(program: 2, streams: Self.streams))
        writer.writeVideo([2])
        writer.writeSection(on: Writer.map, Writer.map(streams: Self.streams))
        writer.writeSection(on: 0, Writer.association([(2, 0x300), (1, Writer.map)], version: 2))
        writer.writeSection(on: Writer.map, Writer.map(streams: Self.streams))
        writer.writeVideo([3])
        let reading = Reading(writer.bytes, program: 1)
        let ends = reading.events.indices.filter { reading.events[$0] == .programEnded(number: 1) }
        #expect(reading.programs.map(\.number) == [1, 1] && ends.count == 1)
        #expect(reading.packets.map(\.payload.array) == [[1], [3]])
    }

    @Test func withoutANumberTheNextProgramIsFollowed() {
        var writer = Writer.begun()
        // A program that is still there stays the one, though it is not the first any more.
        writer.writeSection(on: 0, Writer.association([(2, 0x300), (1, Writer.map)], version: 1))
        writer.writeVideo([1])
        #expect(Reading(writer.bytes).programs.map(\.number) == [1])
        #expect(Reading(writer.bytes).packets.count == 1)
        writer.writeSection(on: 0, Writer.association([(2, 0x300)], version: 2))
        writer.writeSection(on: 0x300, Writer.map(program: 2, streams: Self.streams))
        #expect(Reading(writer.bytes).programs.map(\.number) == [1, 2])
    }

    @Test func theNetworkIsNoProgram() {
        var writer = StreamWriter()
        writer.writeSection(on: 0, Writer.association([(0, 0x10), (3, Writer.map)]))
        writer.writeSection(on: Writer.map, Writer.map(program: 3, streams: Self.streams))
        #expect(Reading(writer.bytes).programs.map(\.number) == [3])
    }

    @Test func aMapMayMove() {
        var writer = Writer.begun()
        writer.writeSection(on: 0, Writer.association([(1, 0x300)], version: 1))
        writer.writeAudio([1])
        writer.writeSection(on: 0x300, Writer.map(streams: Array(Self.streams.reversed())))
        writer.writeAudio([2])
        let reading = Reading(writer.bytes)
        #expect(reading.programs.count == 2 && reading.packets.map(\.stream) == [1, 0])
        #expect(!reading.events.contains(.programEnded(number: 1)))
    }

    @Test func mapsOfOtherProgramsAndReservedIdentifiersAreNotUsed() {
        var writer = StreamWriter()
        writer.writeSection(on: 0, Writer.association([(4, 0), (5, 0x1FFF), (1, Writer.map)]))
        writer.writeSection(on: Writer.map, Writer.map(program: 2, streams: []))
        writer.writeSection(
            on: Writer.map,
            Writer.map(clock: 0x1FFF, streams: [(0x1B, 0, []), (0x1B, 0x1FFF, []), (0x1B, Writer.map, [])]))
        let reading = Reading(writer.bytes)
        #expect(reading.programs.map(\.streams.count) == [1] && reading.programs.first?.clockPID == nil)
        // The map is still read, whatever it says of its own identifier.
        writer.writeSection(on: Writer.map, Writer.map(streams: Self.streams, version: 1))
        #expect(Reading(writer.bytes).programs.count == 2)
    }

    @Test func aMapThatEndsBeforeItsEndIsDropped() {
        var writer = StreamWriter()
        writer.writeSection(on: 0, Writer.association([(1, Writer.map)]))
        writer.writeSection(on: Writer.map, Writer.section(2, 1, [0xE1, 0, 0xF0, 0, 0x1B, 0xE1, 0, 0xF0, 9, 1]))
        let reading = Reading(writer.bytes)
        #expect(reading.programs.isEmpty && reading.health.sectionsDropped == 1)
    }

    // MARK: - Splices

    /// A splice_null command, in the short form.
    private static let splice = Writer.withChecksum([
        0xFC, 0x30, 17, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xF0, 0, 0, 0, 0,
    ])

    @Test func sectionsOfSplicesComeWhole() {
        var damaged = Self.splice
        damaged[5] ^= 1
        let long = Writer.section(0xFC, 0, [UInt8](repeating: 1, count: 800))
        // A table of the short form has no CRC.
        let plain: [UInt8] = [0x80, 0x30, 2, 1, 2]
        var writer = Writer.begun()
        for section in [Self.splice, damaged, long, plain] { writer.writeSection(on: Writer.splices, section) }
        writer.writePacket(on: Writer.splices, [0] + Self.splice + Self.splice, starts: true)
        let reading = Reading(writer.bytes)
        #expect(reading.sections.map(\.array) == [Self.splice, long, plain, Self.splice, Self.splice])
        #expect(reading.health.checksumErrors == 1 && reading.health.sectionsDropped == 1)
    }
}
