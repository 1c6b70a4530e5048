/// Writes transport streams of a few bytes each. ISO/IEC 13818-1 §2.4.
struct TransportWriter {
    static let (video, sound): (UInt16, UInt16) = (0x100, 0x101)
    static let (splices, id3, klv): (UInt16, UInt16, UInt16) = (0x102, 0x103, 0x104)
    /// Streams for a map: type, packet identifier, descriptors.
    static let soundStream: (UInt8, UInt16, [UInt8]) = (0x0F, sound, [])
    static let all: [(UInt8, UInt16, [UInt8])] = [
        soundStream, (0x86, splices, []), (0x15, id3, [5, 4] + Array("ID3 ".utf8)),
        (0x06, klv, [5, 4] + Array("KLVA".utf8)),
    ]
    /// A frame of silence, AAC-LC in stereo at 48 kHz, in ADTS.
    static let frame: [UInt8] = [0xFF, 0xF1, 0x4C, 0x80, 0x01, 0xBF, 0xFC, 0x21, 0x10, 0x04, 0x60, 0x8C, 0x1C]

    private(set) var bytes: [UInt8] = []
    private var counters: [UInt16: UInt8] = [:]

    init(_ streams: [(UInt8, UInt16, [UInt8])] = all) { writeMap(streams) }

    /// A stream with nothing but its tables, long enough for a rhythm to be found in it.
    static func tables(_ streams: [(UInt8, UInt16, [UInt8])] = all) -> [UInt8] {
        var writer = TransportWriter(streams)
        for _ in 0..<4 { writer.writeMap(streams) }
        return writer.bytes
    }

    /// What was written is not wanted any more; what follows goes on from there.
    mutating func clear() { bytes = [] }

    mutating func writeMap(_ streams: [(UInt8, UInt16, [UInt8])], version: UInt8 = 0) {
        writeSection(on: 0, Self.section(0, [0, 1, 0xF0, 0]))
        let loop = streams.flatMap {
            [$0.0, 0xE0 | UInt8($0.1 >> 8), UInt8($0.1 & 0xFF), 0xF0, UInt8($0.2.count)] + $0.2
        }
        writeSection(on: 0x1000, Self.section(2, [0xE1, 1, 0xF0, 0] + loop, version: version))
    }

    /// A PES packet of sound.
    mutating func writeSound(_ payload: [UInt8] = frame, at time: Int64) {
        writeUnit(on: Self.sound, 0xC0, payload, time)
    }

    /// A PES packet.
    mutating func writeUnit(on pid: UInt16, _ streamID: UInt8, _ payload: [UInt8], _ time: Int64?) {
        let stamp = time.map { Self.stamp($0) } ?? []
        let length = UInt8(3 + stamp.count + payload.count)
        write(
            on: pid,
            [0, 0, 1, streamID, 0, length, 0x84, time == nil ? 0 : 0x80, UInt8(stamp.count)] + stamp + payload)
    }

    mutating func writeSection(on pid: UInt16, _ section: [UInt8]) {
        let unit = [0] + section
        write(on: pid, unit + [UInt8](repeating: 0xFF, count: 184 - unit.count))
    }

    /// One packet with all of `unit`.
    private mutating func write(on pid: UInt16, _ unit: [UInt8]) {
        let missing = 184 - unit.count
        let counter = counters[pid, default: 0]
        counters[pid] = (counter + 1) & 15
        bytes += [0x47, 0x40 | UInt8(pid >> 8), UInt8(pid & 0xFF), (missing > 0 ? 0x30 : 0x10) | counter]
        if missing == 1 { bytes += [0] }
        if missing > 1 { bytes += [UInt8(missing - 1), 0] + [UInt8](repeating: 0xFF, count: missing - 2) }
        bytes += unit
    }

    private static func stamp(_ time: Int64) -> [UInt8] {
        [
            0x21 | UInt8(time >> 30 & 7) << 1, UInt8(time >> 22 & 0xFF), UInt8(time >> 15 & 0x7F) << 1 | 1,
            UInt8(time >> 7 & 0xFF), UInt8(time & 0x7F) << 1 | 1,
        ]
    }

    private static func section(_ table: UInt8, _ body: [UInt8], version: UInt8 = 0) -> [UInt8] {
        withChecksum([table, 0xB0, UInt8(9 + body.count), 0, 1, 0xC1 | version << 1, 0, 0] + body)
    }

    // MARK: Splices, ANSI/SCTE 35 §9.6

    static let spliceNull = splice(0, [])
    static let splicePrivate = splice(0xFF, [0x41, 0x42, 0x43, 0x44, 9])

    /// `splice_insert` that leaves the programme at `time`, or at once.
    static func spliceOut(_ event: UInt8, at time: Int64?) -> [UInt8] {
        var command: [UInt8] = [0, 0, 0, event, 0x7F, time == nil ? 0xDF : 0xCF]
        if let time {
            command.append(0xFE | UInt8(time >> 32))
            for place: Int64 in [24, 16, 8, 0] { command.append(UInt8(time >> place & 0xFF)) }
        }
        return splice(5, command + [0, 1, 0, 0])
    }

    static func spliceCancelled(_ event: UInt8) -> [UInt8] { splice(5, [0, 0, 0, event, 0xFF]) }

    private static func splice(_ type: UInt8, _ command: [UInt8]) -> [UInt8] {
        withChecksum(
            [0xFC, 0x30, UInt8(17 + command.count), 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xF0, UInt8(command.count), type]
                + command + [0, 0])
    }

    private static func withChecksum(_ bytes: [UInt8]) -> [UInt8] {
        var value: UInt32 = .max
        for byte in bytes {
            value ^= UInt32(byte) << 24
            for _ in 0..<8 { value = value >> 31 == 1 ? value << 1 ^ 0x04C1_1DB7 : value << 1 }
        }
        return bytes + (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
    }
}
