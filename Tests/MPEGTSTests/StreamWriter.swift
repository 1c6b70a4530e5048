import Bytes

/// Writes transport streams as tests want them, right and wrong. ISO/IEC 13818-1 §2.4.3.
struct StreamWriter {
    /// Packet identifiers that most tests use.
    static let (map, video, audio, splices): (UInt16, UInt16, UInt16, UInt16) = (0x1000, 0x100, 0x101, 0x102)

    /// What stands in the adaptation field of a packet.
    struct Adaptation {
        var isDiscontinuous = false
        var isRandomAccess = false
        var clock: Int64?
        /// So many bytes of stuffing at least.
        var stuffing = 0
    }

    private(set) var bytes: [UInt8] = []
    private var counters: [UInt16: UInt8] = [:]

    /// How many packets were written.
    var packetCount: Int { bytes.count / 188 }

    /// A stream that begins with the tables of one program with H.264, AAC and splices.
    static func begun() -> StreamWriter {
        var writer = StreamWriter()
        writer.writeTables()
        return writer
    }

    mutating func writeTables() {
        writeSection(on: 0, Self.association([(1, Self.map)]))
        writeSection(
            on: Self.map,
            Self.map(streams: [(0x1B, Self.video, []), (0x0F, Self.audio, []), (0x86, Self.splices, [])]))
    }

    /// Adds bytes as they are.
    mutating func writeRaw(_ raw: [UInt8]) { bytes += raw }

    /// Packets of that identifier seem to be lost: the next counter is so much higher.
    mutating func lose(_ count: UInt8, on pid: UInt16) { counters[pid] = (counters[pid] ?? 0) &+ count }

    /// Adds the packet before once more.
    mutating func repeatPacket() { bytes += bytes.suffix(188) }

    /// Adds a packet with as much of `payload` as there is room for. Answers how much that is.
    @discardableResult
    mutating func writePacket(
        on pid: UInt16, _ payload: some RandomAccessCollection<UInt8>, starts: Bool = false,
        _ adaptation: Adaptation? = nil
    ) -> Int {
        var field: [UInt8] = []
        if let adaptation {
            let flags: UInt8 =
                (adaptation.isDiscontinuous ? 0x80 : 0) | (adaptation.isRandomAccess ? 0x40 : 0)
                | (adaptation.clock == nil ? 0 : 0x10)
            field = [0, flags] + Self.bytes(ofClock: adaptation.clock)
            field += [UInt8](repeating: 0xFF, count: adaptation.stuffing)
        }
        let room = 184 - field.count
        if payload.count < room {
            let missing = room - payload.count
            if field.isEmpty {
                field = missing == 1 ? [0] : [0, 0] + [UInt8](repeating: 0xFF, count: missing - 2)
            } else {
                field += [UInt8](repeating: 0xFF, count: missing)
            }
        }
        if !field.isEmpty { field[0] = UInt8(field.count - 1) }
        let taken = payload.prefix(184 - field.count)
        let counter = counters[pid] ?? 0
        if !taken.isEmpty { counters[pid] = (counter &+ 1) & 15 }
        // Without a payload the counter stands still.
        let shown = taken.isEmpty ? counter &- 1 : counter
        let control: UInt8 = (field.isEmpty ? 0 : 0x20) | (taken.isEmpty ? 0 : 0x10)
        bytes += [0x47, UInt8(pid >> 8) | (starts ? 0x40 : 0), UInt8(pid & 0xFF), control | shown & 15]
        bytes += field
        bytes += taken
        return taken.count
    }

    /// Adds packets with `unit`, the first of which says that it begins here.
    mutating func writeUnit(on pid: UInt16, _ unit: [UInt8], _ adaptation: Adaptation? = nil) {
        var position = writePacket(on: pid, unit, starts: true, adaptation)
        while position < unit.count { position += writePacket(on: pid, unit[position...]) }
    }

    /// Adds packets with a section, which begins with the first of them.
    mutating func writeSection(on pid: UInt16, _ section: [UInt8]) {
        var unit = [0] + section
        if unit.count % 184 != 0 { unit += [UInt8](repeating: 0xFF, count: 184 - unit.count % 184) }
        writeUnit(on: pid, unit)
    }

    /// Adds a PES packet of H.264, whose length is not said.
    mutating func writeVideo(_ payload: [UInt8], at time: Int64 = 0, _ adaptation: Adaptation? = nil) {
        writeUnit(on: Self.video, Self.elementaryPacket(0xE0, payload, at: time, hasLength: false), adaptation)
    }

    /// Adds a PES packet of AAC.
    mutating func writeAudio(_ payload: [UInt8], at time: Int64 = 0) {
        writeUnit(on: Self.audio, Self.elementaryPacket(0xC0, payload, at: time))
    }
}

// MARK: - What packets carry

extension StreamWriter {
    /// A PES packet.
    static func elementaryPacket(
        _ streamID: UInt8, _ payload: [UInt8], at time: Int64? = nil, decodedAt decode: Int64? = nil,
        hasLength: Bool = true
    ) -> [UInt8] {
        var fields: [UInt8] = []
        if let time { fields += bytes(of: time, prefix: decode == nil ? 2 : 3) }
        if let decode { fields += bytes(of: decode, prefix: 1) }
        let flags: UInt8 = time == nil ? 0 : decode == nil ? 0x80 : 0xC0
        let length = hasLength ? 3 + fields.count + payload.count : 0
        return [0, 0, 1, streamID, UInt8(length >> 8), UInt8(length & 0xFF), 0x84, flags, UInt8(fields.count)] + fields
            + payload
    }

    static func bytes(of time: Int64, prefix: UInt8) -> [UInt8] {
        [
            prefix << 4 | UInt8(time >> 30 & 7) << 1 | 1, UInt8(time >> 22 & 0xFF), UInt8(time >> 15 & 0x7F) << 1 | 1,
            UInt8(time >> 7 & 0xFF), UInt8(time & 0x7F) << 1 | 1,
        ]
    }

    private static func bytes(ofClock clock: Int64?) -> [UInt8] {
        guard let clock else { return [] }
        let (base, fraction) = (clock / 300, clock % 300)
        var writer = ByteWriter()
        writer.write(UInt32(base >> 1))
        writer.write(UInt16(base & 1) << 15 | 0x7E00 | UInt16(fraction))
        return writer.bytes
    }

    /// A section with a header of that table, and its CRC.
    static func section(
        _ table: UInt8, _ identifier: UInt16, _ body: [UInt8], version: UInt8 = 0, isCurrent: Bool = true,
        number: UInt8 = 0, lastNumber: UInt8 = 0
    ) -> [UInt8] {
        let length = 5 + body.count + 4
        let head: [UInt8] = [
            table, 0xB0 | UInt8(length >> 8), UInt8(length & 0xFF), UInt8(identifier >> 8), UInt8(identifier & 0xFF),
            0xC0 | version << 1 | (isCurrent ? 1 : 0), number, lastNumber,
        ]
        return withChecksum(head + body)
    }

    /// `bytes` and their CRC, computed bit by bit.
    static func withChecksum(_ bytes: [UInt8]) -> [UInt8] {
        var value: UInt32 = .max
        for byte in bytes {
            for bit in 0..<8 {
                let isSet = (value >> 31) ^ UInt32(byte >> (7 - UInt8(bit)) & 1) == 1
                value = value << 1 ^ (isSet ? 0x04C1_1DB7 : 0)
            }
        }
        var writer = ByteWriter()
        writer.write(bytes)
        writer.write(value)
        return writer.bytes
    }

    static func association(
        _ programs: [(UInt16, UInt16)], version: UInt8 = 0, isCurrent: Bool = true, number: UInt8 = 0,
        lastNumber: UInt8 = 0
    ) -> [UInt8] {
        let body = programs.flatMap { program, pid -> [UInt8] in
            [UInt8(program >> 8), UInt8(program & 0xFF), 0xE0 | UInt8(pid >> 8), UInt8(pid & 0xFF)]
        }
        return section(
            0, 1, body, version: version, isCurrent: isCurrent, number: number, lastNumber: lastNumber)
    }

    static func map(
        program: UInt16 = 1, clock: UInt16 = Self.video, streams: [(UInt8, UInt16, [UInt8])], version: UInt8 = 0,
        isCurrent: Bool = true
    ) -> [UInt8] {
        let body = streams.flatMap { type, pid, descriptors -> [UInt8] in
            let length = descriptors.count
            return [
                type, 0xE0 | UInt8(pid >> 8), UInt8(pid & 0xFF), 0xF0 | UInt8(length >> 8), UInt8(length & 0xFF),
            ] + descriptors
        }
        let head: [UInt8] = [0xE0 | UInt8(clock >> 8), UInt8(clock & 0xFF), 0xF0, 0]
        return section(2, program, head + body, version: version, isCurrent: isCurrent)
    }
}
