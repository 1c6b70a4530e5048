import Bytes
import MPEGTS
import SeededRandom
import Testing

/// Where packets are found in bytes that begin anywhere.
struct PacketFramingTests {
    /// Twenty packets of sound of different bytes, and their tables.
    private static let plain: [UInt8] = {
        var writer = StreamWriter.begun()
        for index in 0..<20 { writer.writeAudio([UInt8](repeating: UInt8(index), count: 160), at: 100) }
        return writer.bytes
    }()

    @Test func garbageBeforeThePacketsIsSkipped() {
        var random = SeededGenerator(seed: 1)
        for count in [1, 100, 187, 188, 1000, 5000] {
            let reading = Reading(random.bytes(count) + Self.plain)
            #expect(reading.packets.count == 20)
            #expect(reading.health.bytesSkipped == UInt64(count) && reading.health.syncLosses == 0)
        }
    }

    @Test func syncBytesInGarbageDeceiveNobody() {
        // Four of five in a row at the distance of packets, and one just before the first packet.
        var garbage = [UInt8](repeating: 0, count: 800)
        for index in 0..<4 { garbage[10 + 188 * index] = 0x47 }
        garbage[799] = 0x47
        let reading = Reading(garbage + Self.plain)
        #expect(reading.packets.count == 20 && reading.health.packets == 22)
        #expect(reading.health.bytesSkipped == 800)
    }

    @Test func nothingIsToldOfPacketsBeforeTheirRhythmIsKnown() {
        var reader = TransportStreamReader()
        var events: [TransportStreamEvent] = []
        reader.receive(Self.plain.span.extracting(0..<(4 * 188)), at: .zero, into: &events)
        #expect(reader.health.packets == 0)
        reader.receive(Self.plain.span.extracting((4 * 188)..<(4 * 188 + 1)), at: .zero, into: &events)
        #expect(reader.health.packets == 4)
        // From here on a packet is read with its last byte.
        reader.receive(Self.plain.span.extracting((4 * 188 + 1)..<(5 * 188)), at: .zero, into: &events)
        #expect(reader.health.packets == 5)
    }

    @Test func fewerPacketsThanARhythmTakesAreReadAtTheEnd() {
        #expect(Reading(Array(Self.plain[..<(3 * 188)])).packets.count == 1)
        #expect(Reading(Array(Self.plain[..<(3 * 188 - 1)])).packets.isEmpty)
    }

    @Test func oneWrongSyncByteIsADamagedPacket() {
        var bytes = Self.plain
        bytes[10 * 188] = 0x46
        let reading = Reading(bytes)
        #expect(reading.health.syncByteErrors == 1 && reading.health.syncLosses == 0)
        #expect(reading.health.continuityErrors == 1 && reading.health.packetsLost == 1)
        #expect(reading.packets.count == 19 && reading.afterLoss.count == 1)
    }

    @Test func twoWrongSyncBytesAreALossOfSync() {
        var bytes = Self.plain
        bytes[10 * 188] = 0x46
        bytes[11 * 188] = 0x46
        let reading = Reading(bytes)
        #expect(reading.health.syncByteErrors == 1 && reading.health.syncLosses == 1)
        #expect(reading.health.bytesSkipped == 2 * 188)
        #expect(reading.packets.count == 18 && reading.health.packetsLost == 2)
    }

    @Test(arguments: [1, 5, 187, 189, 700]) func garbageBetweenPacketsIsSkipped(count: Int) {
        let middle = 10 * 188
        let reading = Reading(
            Self.plain[..<middle] + [UInt8](repeating: 0x55, count: count) + Self.plain[middle...])
        #expect(reading.health.syncLosses == 1 && reading.health.bytesSkipped == UInt64(count))
        #expect(reading.packets.count == 20 && reading.health.packetsLost == 0)
    }

    @Test func aPacketThatWasCutShortDamagesWhatItBelongsTo() {
        let payload = [UInt8](repeating: 7, count: 400)
        let unit = StreamWriter.elementaryPacket(0xC0, payload, at: 5)
        var writer = StreamWriter.begun()
        for _ in 0..<4 { writer.writeUnit(on: StreamWriter.audio, unit) }
        var position = writer.writePacket(on: StreamWriter.audio, unit, starts: true)
        position += writer.writePacket(on: StreamWriter.audio, unit[position...])
        let end = writer.bytes.count
        // The rest of the short packet is taken from another stream, so that no counter tells of it.
        for _ in 0..<2 { writer.writePacket(on: 0x500, []) }
        writer.writePacket(on: StreamWriter.audio, unit[position...])
        for _ in 0..<4 { writer.writeUnit(on: StreamWriter.audio, unit) }
        #expect(Reading(writer.bytes).packets.count == 9)
        var bytes = writer.bytes
        bytes.removeSubrange((end - 88)..<end)
        let reading = Reading(bytes)
        #expect(reading.health.syncLosses == 1 && reading.health.packetsLost == 0)
        #expect(reading.health.elementaryPacketsDropped == 1)
        #expect(reading.packets.map(\.payload.array) == Array(repeating: payload, count: 8))
        #expect(reading.afterLoss == [4])
    }

    @Test(arguments: zip([4, 0], [0, 16])) func longerPacketsAreRecognised(before: Int, behind: Int) {
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: Self.plain.count, by: 188) {
            bytes += [UInt8](repeating: 0x11, count: before) + Self.plain[start..<(start + 188)]
            bytes += [UInt8](repeating: 0x22, count: behind)
        }
        let (reading, expected) = (Reading(bytes), Reading(Self.plain))
        #expect(reading.events == expected.events)
        #expect(reading.health.packets == expected.health.packets && reading.health.syncLosses == 0)
        #expect(Reading(bytes, pieces: 50) == reading)
    }
}
