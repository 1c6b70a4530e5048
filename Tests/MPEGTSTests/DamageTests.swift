import Bytes
import MPEGTS
import SeededRandom
import Testing

/// Streams that are damaged anywhere.
struct DamageTests {
    private typealias Writer = StreamWriter

    /// A stream with something of everything.
    private static let valid: [UInt8] = {
        var writer = Writer.begun()
        writer.writeVideo([1, 2, 3], at: 90_000, .init(isRandomAccess: true, clock: 27_000_000))
        writer.writeUnit(
            on: Writer.audio, Writer.elementaryPacket(0xC0, [UInt8](repeating: 4, count: 300), at: 90_000))
        writer.repeatPacket()
        writer.writeSection(on: Writer.splices, Writer.section(0xFC, 0, [UInt8](repeating: 5, count: 200)))
        writer.writePacket(on: 0x1FFF, [])
        writer.writeVideo([UInt8](repeating: 6, count: 200), at: 93_600)
        writer.writeSection(on: 0, Writer.association([(1, Writer.map), (2, 0x300)], version: 1))
        return writer.bytes
    }()

    /// True for what holds for a reading of whatever bytes.
    private static func makesSense(_ reading: Reading, of bytes: [UInt8]) -> Bool {
        let health = reading.health
        let payloads = reading.packets.reduce(0) { $0 + $1.payload.count }
        return health.bytes == UInt64(bytes.count) && payloads <= bytes.count
            && health.packets * 188 + health.bytesSkipped <= health.bytes
            && reading.packets.allSatisfy { packet in
                reading.programs.contains { $0.streams.indices.contains(packet.stream) }
            }
    }

    @Test func everyPrefixAndEveryBitTurnedOverIsReadWithoutHarm() {
        let whole = Reading(Self.valid)
        #expect(whole.packets.count == 3 && whole.sections.count == 1 && whole.programs.count == 1)
        let nonsense = Self.valid.indices.filter { count in
            let prefix = Array(Self.valid[..<count])
            return !Self.makesSense(Reading(prefix), of: prefix)
        }
        #expect(nonsense.isEmpty)
        var bytes = Self.valid
        let harmful = (0..<(bytes.count * 8)).filter { bit in
            bytes[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            defer { bytes[bit / 8] ^= 0x80 >> UInt8(bit % 8) }
            return !Self.makesSense(Reading(bytes), of: bytes)
        }
        #expect(harmful.isEmpty)
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>) func howDamagedBytesAreCutMakesNoDifference(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        for _ in 0..<5 { bytes += Self.valid }
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let start = Int.random(in: 0..<(bytes.count - 400), using: &random)
            let count = Int.random(in: 1...400, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.removeSubrange(start..<(start + count))
            case 1: bytes.insert(contentsOf: random.bytes(count), at: start)
            case 2: bytes.insert(contentsOf: bytes[start..<(start + count)], at: start)
            default: bytes[start] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
            }
        }
        let whole = Reading(bytes, pieces: bytes.count)
        #expect(Self.makesSense(whole, of: bytes))
        for size in [1, 31, 187, 188, 400, 1316] { #expect(Reading(bytes, pieces: size) == whole, "seed \(seed)") }
    }

    /// What goes out is whole: packets are lost, repeated and put between garbage, and every payload is one that was sent.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func nothingDamagedGoesOut(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var writer = Writer.begun()
        for index in 0..<300 {
            if index % 20 == 0 { writer.writeTables() }
            writer.writeVideo(random.bytes(Int.random(in: 1...1500, using: &random)), at: Int64(index))
            writer.writeAudio(random.bytes(Int.random(in: 1...600, using: &random)), at: Int64(index))
        }
        let sent = Reading(writer.bytes)
        #expect(sent.packets.count == 600)
        var bytes: [UInt8] = []
        var lost = 0
        for start in stride(from: 0, to: writer.bytes.count, by: 188) {
            let packet = writer.bytes[start..<(start + 188)]
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<3 where start > 376: lost += 1
            case 3..<6: bytes += packet + packet
            case 6: bytes += packet + random.bytes(Int.random(in: 1...300, using: &random))
            default: bytes += packet
            }
        }
        let reading = Reading(bytes)
        for stream in 0..<2 {
            let whole = sent.packets(of: stream)
            var next = 0
            for packet in reading.packets(of: stream) {
                let index = whole[next...].firstIndex { $0.payload == packet.payload && $0.times == packet.times }
                guard let index else {
                    Issue.record("a packet that was not sent goes out, seed \(seed)")
                    return
                }
                // Only what follows the one before is not after a loss.
                if index > next { #expect(packet.isAfterLoss, "seed \(seed)") }
                next = index + 1
            }
        }
        #expect(lost > 20 && reading.packets.count > 400 && reading.packets.count < 600)
        #expect(reading.health.packetsLost >= lost - 15 && reading.health.packetsLost <= lost + 15)
    }
}
