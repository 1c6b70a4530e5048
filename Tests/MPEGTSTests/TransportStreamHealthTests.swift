import Bytes
import MPEGTS
import Testing
import Time

/// Intervals and clocks, as ETSI TR 101 290 judges them.
struct TransportStreamHealthTests {
    private typealias Writer = StreamWriter

    /// What a reader finds that gets a null packet every ten milliseconds, and what `write` adds. Nothing arrives in
    /// `standstill`.
    private static func health(
        milliseconds: Range<Int64> = 0..<3000, standstill: Range<Int64> = 0..<0,
        _ write: (inout StreamWriter, Int64) -> Void
    ) -> TransportStreamHealth {
        var reader = TransportStreamReader()
        var events: [TransportStreamEvent] = []
        var writer = StreamWriter()
        // A rhythm to begin with, so that every packet is read when it arrives.
        for _ in 0..<5 { writer.writePacket(on: 0x1FFF, []) }
        reader.receive(writer.bytes.span, at: .milliseconds(milliseconds.lowerBound), into: &events)
        for time in stride(from: milliseconds.lowerBound, to: milliseconds.upperBound, by: 10)
        where !standstill.contains(time) {
            let start = writer.bytes.count
            writer.writePacket(on: 0x1FFF, [])
            write(&writer, time)
            let new = Array(writer.bytes[start...])
            reader.receive(new.span, at: .milliseconds(time), into: &events)
        }
        return reader.health
    }

    /// All that a healthy program sends at that time.
    private static func writeAll(_ writer: inout StreamWriter, _ time: Int64) {
        if time % 100 == 0 { writer.writeTables() }
        if time % 40 == 0 { writer.writeVideo([1], at: time * 90, .init(clock: time * 27_000)) }
        if time % 20 == 0 { writer.writeAudio([1], at: time * 90) }
    }

    @Test func aHealthyStreamHasNoFault() {
        var health = Self.health { Self.writeAll(&$0, $1) }
        #expect(health.packets > 300 && health.bytes == health.packets * 188 && health.nullPackets == 305)
        (health.packets, health.bytes, health.nullPackets) = (0, 0, 0)
        #expect(health == TransportStreamHealth())
    }

    @Test func tablesThatStayAwayAreCountedEveryHalfSecond() {
        let none = Self.health { writer, time in
            writer.writeVideo([1], at: time * 90, .init(clock: time * 27_000))
        }
        // At 0.51 s, 1.02 s, 1.53 s, 2.04 s and 2.55 s.
        #expect(none.associationErrors == 5 && none.mapErrors == 0)
        let onlyFirst = Self.health { writer, time in
            if time % 100 == 0 { writer.writeSection(on: 0, Writer.association([(1, Writer.map)])) }
        }
        #expect(onlyFirst.associationErrors == 0 && onlyFirst.mapErrors == 5)
    }

    @Test func halfASecondIsNotTooLong() {
        let health = Self.health { writer, time in
            if time % 500 == 0 { writer.writeTables() }
        }
        #expect(health.associationErrors == 0 && health.mapErrors == 0)
        let slower = Self.health { writer, time in
            if time % 510 == 0 { writer.writeTables() }
        }
        #expect(slower.associationErrors == 5 && slower.mapErrors == 5)
    }

    @Test func anotherTableInItsPlaceOrScramblingIsAnError() {
        var writer = Writer.begun()
        writer.writeSection(on: 0, Writer.section(2, 1, [0, 0, 0, 0]))
        #expect(Reading(writer.bytes).health.associationErrors == 1)
        for (packet, path) in zip([0, 1], [\TransportStreamHealth.associationErrors, \.mapErrors]) {
            var scrambled = Writer.begun().bytes
            scrambled[packet * 188 + 3] |= 0x80
            let reading = Reading(scrambled)
            #expect(reading.health[keyPath: path] == 1 && reading.programs.isEmpty)
        }
    }

    @Test func streamsThatStayAwayAreCountedEveryFiveSeconds() {
        let health = Self.health(milliseconds: 0..<12_000) { writer, time in
            if time % 100 == 0 { writer.writeTables() }
            if time % 40 == 0 { writer.writeVideo([1], at: time * 90, .init(clock: time * 27_000)) }
        }
        // The sound is missing twice. Splices may stay away.
        #expect(health.missingStreams == 2 && health.timeRepetitionErrors == 0)
    }

    @Test func clockValuesThatComeTooSeldomAreCounted() {
        let health = Self.health { writer, time in
            if time % 100 == 0 { writer.writeTables() }
            if time % 110 == 0 { writer.writePacket(on: Writer.video, [], .init(clock: time * 27_000)) }
        }
        // 110 ms are too long by arrival, and by what the clock says.
        #expect(health.clockRepetitionErrors == 27 && health.clockDiscontinuityErrors == 27)
        let often = Self.health { writer, time in
            if time % 100 == 0 { writer.writeTables() }
            if time % 100 == 0 { writer.writePacket(on: Writer.video, [], .init(clock: time * 27_000)) }
        }
        #expect(often.clockRepetitionErrors == 0 && often.clockDiscontinuityErrors == 0)
    }

    @Test func clocksThatJumpHaveToSaySo() {
        for (jump, isAnnounced, errors) in [
            (2_700_001, false, 1), (-1, false, 1), (-27_000_000, false, 1), (2_700_000, false, 0),
            (2_699_800, false, 0), (-1, true, 0), (90_000_000, true, 0),
        ] as [(Int64, Bool, UInt64)] {
            var writer = Writer.begun()
            writer.writePacket(on: Writer.video, [], .init(clock: 100_000_000))
            writer.writePacket(on: Writer.video, [], .init(isDiscontinuous: isAnnounced, clock: 100_000_000 + jump))
            #expect(Reading(writer.bytes).health.clockDiscontinuityErrors == errors, "\(jump)")
        }
    }

    @Test func aClockMayBeginAnew() {
        for (first, errors) in [(2_699_999, 0), (2_700_000, 1)] as [(Int64, UInt64)] {
            var writer = Writer.begun()
            writer.writePacket(on: Writer.video, [], .init(clock: (1 << 33) * 300 - 1))
            writer.writePacket(on: Writer.video, [], .init(clock: first))
            #expect(Reading(writer.bytes).health.clockDiscontinuityErrors == errors, "\(first)")
        }
    }

    @Test func aClockValueThatCannotBeIsNone() {
        var writer = Writer.begun()
        writer.writePacket(on: Writer.video, [], .init(clock: 0))
        writer.writePacket(on: Writer.video, [], .init(clock: 90_000_000))
        // The extension counts up to 299.
        for (extent, errors) in [(299, 1), (300, 0)] as [(Int, UInt64)] {
            var bytes = writer.bytes
            bytes[bytes.count - 178] |= UInt8(extent >> 8)
            bytes[bytes.count - 177] = UInt8(extent & 0xFF)
            #expect(Reading(bytes).health.clockDiscontinuityErrors == errors, "\(extent)")
        }
    }

    @Test func timesThatComeTooSeldomAreCounted() {
        let health = Self.health { writer, time in
            if time % 100 == 0 { writer.writeTables() }
            if time % 710 == 0 { writer.writeAudio([1], at: time * 90) }
            if time % 20 == 0 { writer.writeUnit(on: Writer.audio, Writer.elementaryPacket(0xC0, [1])) }
        }
        #expect(health.timeRepetitionErrors == 4)
        let often = Self.health { writer, time in
            if time % 100 == 0 { writer.writeTables() }
            if time % 700 == 0 { writer.writeAudio([1], at: time * 90) }
        }
        #expect(often.timeRepetitionErrors == 0)
    }

    @Test func aStandstillOfTheWholeStreamIsCountedOnce() {
        let health = Self.health(standstill: 1000..<2000) { Self.writeAll(&$0, $1) }
        #expect(health.associationErrors == 1 && health.mapErrors == 1)
        #expect(health.timeRepetitionErrors == 2 && health.clockRepetitionErrors == 1)
        #expect(health.missingStreams == 0)
    }
}
