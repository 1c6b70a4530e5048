import Bytes
import MPEGTS
import SeededRandom
import Testing

/// Packets with nothing but payload are taken many at once: what comes out is what comes of them one by one.
struct PacketRunTests {
    private typealias Writer = StreamWriter

    @Test(arguments: 1...60 as ClosedRange<UInt64>) func manyAtOnceAreWhatTheyAreOneByOne(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var writer = Writer.begun()
        for _ in 0..<60 { Self.write(to: &writer, &random) }
        // Every fourth time with what receivers of old would see: a time before each packet.
        let bytes = seed % 4 == 0 ? Self.withTimes(writer.bytes) : writer.bytes
        let atOnce = Reading(bytes, pieces: bytes.count)
        let single = Reading(bytes, pieces: seed % 4 == 0 ? 192 : 188)
        #expect(atOnce == single)
        #expect(atOnce.packets.count > 10)
    }

    @Test func aRunEndsWhereItsPacketEnds() {
        for length in [184 * 3, 184 * 40 - 14, 184 * 40 - 15, 184 * 40 - 13, 184 * 41 - 14] {
            let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            var writer = Writer.begun()
            writer.writeAudio(payload, at: 900)
            // Bytes behind the end of what is announced belong to nothing.
            writer.writePacket(on: Writer.audio, [UInt8](repeating: 0xEE, count: 184))
            writer.writeVideo(payload, at: 900)
            let reading = Reading(writer.bytes, pieces: writer.bytes.count)
            #expect(reading.packets.map(\.payload.array) == [payload, payload])
            #expect(reading.health.packets == UInt64(writer.packetCount) && reading.health.continuityErrors == 0)
        }
    }

    @Test func aRunIsNoLongerThanWhatMayBeGathered() {
        var limits = TransportStreamLimits()
        (limits.packetBytes, limits.gatheredBytes) = (30_000, 20_000)
        for length in [19_000, 20_000, 20_001, 40_000] {
            var writer = Writer.begun()
            writer.writeVideo([UInt8](repeating: 1, count: length), at: 900)
            writer.writeVideo([2], at: 1800)
            let reading = Reading(writer.bytes, limits: limits, pieces: writer.bytes.count)
            #expect(reading == Reading(writer.bytes, limits: limits, pieces: 188))
            #expect(reading.packets.count == (length <= 20_000 ? 2 : 1))
            #expect(reading.health.elementaryPacketsDropped == (length <= 20_000 ? 0 : 1))
        }
    }

    @Test func aRunLeavesRoomToWhatOtherStreamsGather() {
        var limits = TransportStreamLimits()
        limits.gatheredBytes = 20_000
        var writer = Writer.begun()
        let begun = Writer.elementaryPacket(0xC0, [UInt8](repeating: 1, count: 30_000), at: 900)
        writer.writeUnit(on: Writer.audio, Array(begun[..<(184 * 80)]))
        // Whole packets to its end, so that all but the first are one run.
        for _ in 0..<2 { writer.writeVideo([UInt8](repeating: 1, count: 184 * 60 - 14), at: 900) }
        let reading = Reading(writer.bytes, limits: limits, pieces: writer.bytes.count)
        #expect(reading.packets.isEmpty && reading.health.elementaryPacketsDropped > 1)
    }

    /// What is stuffed in the middle proves nothing of the end, though a run follows it.
    @Test func aRunBehindAStuffedPacketShowsThatItWasNotTheEnd() {
        let payload = [UInt8](repeating: 7, count: 170 + 100 + 3 * 184)
        var writer = Writer.begun()
        for _ in 0..<20 {
            let unit = Writer.elementaryPacket(0xE0, payload, at: 900, hasLength: false)
            var position = writer.writePacket(on: Writer.video, unit, starts: true)
            position += writer.writePacket(on: Writer.video, unit[position..<(position + 100)])
            while position < unit.count { position += writer.writePacket(on: Writer.video, unit[position...]) }
        }
        #expect(
            Reading(writer.bytes, pieces: writer.bytes.count).packets.map(\.payload.count)
                == [Int](repeating: payload.count, count: 20))
    }

    @Test func aRepetitionOfTheLastOfARunIsOne() {
        var writer = Writer.begun()
        let unit = Writer.elementaryPacket(0xE0, (0..<2000).map { UInt8($0 % 251) }, at: 900, hasLength: false)
        var position = writer.writePacket(on: Writer.video, unit, starts: true)
        for _ in 0..<5 { position += writer.writePacket(on: Writer.video, unit[position...]) }
        writer.repeatPacket()
        while position < unit.count { position += writer.writePacket(on: Writer.video, unit[position...]) }
        let reading = Reading(writer.bytes, pieces: writer.bytes.count)
        #expect(reading.health.packetsRepeated == 1 && reading.health.continuityErrors == 0)
        #expect(reading.packets.map(\.payload.count) == [2000])
    }

    /// Something that a stream may have.
    private static func write(to writer: inout Writer, _ random: inout SeededGenerator) {
        let length = Int.random(in: 1...6000, using: &random)
        let payload = random.bytes(length)
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1: writer.writeVideo(payload, at: 900)
        case 2: writer.writeAudio(payload, at: 900)
        case 3: writer.lose(UInt8.random(in: 1...17, using: &random), on: Writer.video)
        case 4: writer.repeatPacket()
        case 5: writer.writePacket(on: Writer.video, [], .init(clock: 27_000_000))
        case 6:
            // Pictures and sound by turns, some packets of either at a time.
            let units = [(Writer.video, 0xE0, false), (Writer.audio, 0xC0, true)].map {
                ($0.0, Writer.elementaryPacket($0.1, payload, at: 900, hasLength: $0.2))
            }
            var positions = [0, 0]
            while positions[0] < units[0].1.count || positions[1] < units[1].1.count {
                let turn = Int.random(in: 0...1, using: &random)
                for _ in 0..<Int.random(in: 1...20, using: &random) where positions[turn] < units[turn].1.count {
                    positions[turn] += writer.writePacket(
                        on: units[turn].0, units[turn].1[positions[turn]...], starts: positions[turn] == 0)
                }
            }
        default: writer.writePacket(on: Writer.video, payload, .init(isDiscontinuous: length % 2 == 0, stuffing: 9))
        }
    }

    private static func withTimes(_ bytes: [UInt8]) -> [UInt8] {
        stride(from: 0, to: bytes.count, by: 188).flatMap { [0, 1, 2, 3] + bytes[$0..<($0 + 188)] }
    }
}
