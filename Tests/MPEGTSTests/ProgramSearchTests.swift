import Bytes
import MPEGTS
import Testing
import Time

/// Streams that list programs that they do not carry.
struct ProgramSearchTests {
    private typealias Writer = StreamWriter
    private static let streams: [(UInt8, UInt16, [UInt8])] = [(0x1B, Writer.video, []), (0x0F, Writer.audio, [])]
    private static let listed: [(UInt16, UInt16)] = [(3, 0x300), (1, Writer.map), (2, 0x200)]

    /// The numbers of the programs that are followed of a stream that gets, every tenth of a second, a list of programs and
    /// what `write` adds.
    private static func followed(
        seconds: Int64 = 3, of programs: [(UInt16, UInt16)] = listed, wanted: UInt16? = nil,
        limits: TransportStreamLimits = TransportStreamLimits(), _ write: (inout StreamWriter, Int64) -> Void
    ) -> (numbers: [UInt16], firstAt: Int64?) {
        var reader = TransportStreamReader(program: wanted, limits: limits)
        var events: [TransportStreamEvent] = []
        var writer = StreamWriter()
        // A rhythm to begin with, so that every packet is read when it arrives.
        for _ in 0..<5 { writer.writePacket(on: 0x1FFF, []) }
        reader.receive(writer.bytes.span, at: .zero, into: &events)
        var firstAt: Int64?
        for time in stride(from: Int64(0), to: seconds * 1000, by: 100) {
            let start = writer.bytes.count
            writer.writeSection(on: 0, Writer.association(programs))
            write(&writer, time)
            reader.receive(Array(writer.bytes[start...]).span, at: .milliseconds(time), into: &events)
            if !events.isEmpty { firstAt = firstAt ?? time }
        }
        let numbers = events.compactMap { if case .program(let program) = $0 { program.number } else { nil } }
        #expect(reader.programNumbers == programs.map(\.0))
        return (numbers, firstAt)
    }

    private static func writeMap(_ writer: inout StreamWriter, of program: UInt16, on pid: UInt16) {
        writer.writeSection(on: pid, Writer.map(program: program, streams: streams))
    }

    @Test func theFirstThatIsThereIsTakenAfterASecond() {
        let result = Self.followed { writer, _ in Self.writeMap(&writer, of: 1, on: Writer.map) }
        #expect(result.numbers == [1] && result.firstAt == 1000)
    }

    @Test func whereAllComeTheOrderOfTheListCounts() {
        let result = Self.followed { writer, time in
            Self.writeMap(&writer, of: 2, on: 0x200)
            Self.writeMap(&writer, of: 1, on: Writer.map)
            if time == 900 { Self.writeMap(&writer, of: 3, on: 0x300) }
        }
        #expect(result.numbers == [3] && result.firstAt == 900)
    }

    @Test func theFirstMayStillCome() {
        let result = Self.followed { writer, time in if time == 2000 { Self.writeMap(&writer, of: 3, on: 0x300) } }
        #expect(result.numbers == [3])
    }

    @Test func whoAsksForAProgramGetsNoOther() {
        let result = Self.followed(wanted: 3) { writer, _ in Self.writeMap(&writer, of: 1, on: Writer.map) }
        #expect(result.numbers.isEmpty)
    }

    @Test func onceAProgramIsFollowedNoOtherIsLookedFor() {
        let result = Self.followed { writer, time in
            if time == 0 { Self.writeMap(&writer, of: 3, on: 0x300) }
            Self.writeMap(&writer, of: 1, on: Writer.map)
        }
        #expect(result.numbers == [3])
    }

    @Test func aMapMayShareThePacketIdentifierOfOneThatIsNotThere() {
        let programs: [(UInt16, UInt16)] = [(3, 0x300), (4, 0x200), (2, 0x200)]
        let result = Self.followed(of: programs) { writer, _ in
            // Not of this list, and not where the list says.
            Self.writeMap(&writer, of: 9, on: 0x200)
            Self.writeMap(&writer, of: 4, on: 0x300)
            Self.writeMap(&writer, of: 2, on: 0x200)
        }
        #expect(result.numbers == [2])
    }

    @Test func aMapMaySpanPacketsBetweenThoseOfOthers() {
        let map = Writer.map(program: 1, streams: Self.streams + (0..<40).map { (0x80, 0x400 + $0, []) })
        let result = Self.followed { writer, _ in
            writer.writePacket(on: Writer.map, [0] + map[..<183], starts: true)
            writer.writeSection(on: 0x200, Writer.section(0x42, 2, [1, 2, 3]))
            writer.writePacket(
                on: Writer.map, map[183...] + [UInt8](repeating: 0xFF, count: 184 - map[183...].count))
        }
        #expect(result.numbers == [1])
    }

    @Test func aMapThatIsNotYetValidIsNotFollowed() {
        let result = Self.followed { writer, _ in
            writer.writeSection(on: Writer.map, Writer.map(program: 1, streams: Self.streams, isCurrent: false))
            Self.writeMap(&writer, of: 2, on: 0x200)
        }
        #expect(result.numbers == [2])
    }

    @Test func onlySoManyAreLookedFor() {
        var limits = TransportStreamLimits()
        limits.programs = 2
        let result = Self.followed(limits: limits) { writer, _ in Self.writeMap(&writer, of: 2, on: 0x200) }
        #expect(result.numbers.isEmpty)
    }

    @Test func whatIsFoundIsReadToItsEnd() {
        var reader = TransportStreamReader()
        var events: [TransportStreamEvent] = []
        var writer = StreamWriter()
        for time in Int64(0)..<40 {
            let start = writer.bytes.count
            // Half-way the list changes.
            writer.writeSection(on: 0, Writer.association(time < 20 ? Self.listed : [Self.listed[0], Self.listed[1]]))
            Self.writeMap(&writer, of: 1, on: Writer.map)
            writer.writeVideo([UInt8(time)], at: time * 9000)
            reader.receive(Array(writer.bytes[start...]).span, at: .milliseconds(time * 100), into: &events)
        }
        reader.finish(into: &events)
        let payloads = events.compactMap { if case .packet(let packet) = $0 { packet.payload.array } else { nil } }
        #expect(payloads.count >= 28 && payloads.last == [39])
        #expect(!events.contains(.programEnded(number: 1)) && reader.health.continuityErrors == 0)
    }

    /// A list that changes while a program is looked for begins another search.
    @Test func theListMayChangeInTheMeantime() {
        var reader = TransportStreamReader()
        var events: [TransportStreamEvent] = []
        var writer = StreamWriter()
        var numbers: [Int64: [UInt16]] = [:]
        for time in Int64(0)..<40 {
            let start = writer.bytes.count
            writer.writeSection(
                on: 0,
                Writer.association(time < 15 ? Self.listed : [Self.listed[0], (8, 0x800)], version: time < 15 ? 0 : 1))
            // What the list has no more is not followed.
            if time >= 15 { Self.writeMap(&writer, of: 1, on: Writer.map) }
            if time >= 20 { Self.writeMap(&writer, of: 8, on: 0x800) }
            reader.receive(Array(writer.bytes[start...]).span, at: .milliseconds(time * 100), into: &events)
            numbers[time] = events.compactMap { if case .program(let program) = $0 { program.number } else { nil } }
        }
        #expect(numbers[24] == [] && numbers[39] == [8])
    }
}
