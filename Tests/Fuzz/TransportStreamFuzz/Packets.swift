/// Packets with the right sync bytes and counters, and sections with the right checksums, made of a few bytes each.
struct Packets {
    private static let pids: [UInt16] = [0x100, 0x101, 0x102, 0, 0x1000, 0x103, 0x300, 0x1FFF]

    private(set) var bytes: [UInt8] = []
    private var counters = [UInt8](repeating: 0, count: Packets.pids.count)

    /// The tables of a program with H.264, AAC, splices and private data.
    mutating func writeTables() {
        writeSection(on: 3, [0, 0xB0, 0, 0, 1, 0xC1, 0, 0, 0, 1, 0xF0, 0])
        writeSection(
            on: 4,
            [
                2, 0xB0, 0, 0, 1, 0xC1, 0, 0, 0xE1, 0, 0xF0, 0, 0x1B, 0xE1, 0, 0xF0, 0, 0x0F, 0xE1, 1, 0xF0, 0, 0x86,
                0xE1, 2, 0xF0, 0, 6, 0xE1, 3, 0xF0, 0,
            ])
    }

    /// What `input` says: a byte whose low bits name a packet identifier, and then 8: a unit begins; 16: an adaptation
    /// field; 32: packets were lost before; 64: the packet comes twice; 128: a section, whose length and checksum are
    /// added. A byte for the length follows, and so many bytes of adaptation field or section, or of payload.
    mutating func write(in input: ArraySlice<UInt8>) {
        var rest = input
        while let head = rest.popFirst(), let length = rest.popFirst() {
            let body = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(body.count)
            let index = Int(head & 7)
            if head & 32 != 0 { counters[index] &+= 1 }
            if head & 128 != 0 {
                writeSection(on: index, body)
            } else {
                writePacket(on: index, body, starts: head & 8 != 0, hasAdaptation: head & 16 != 0)
            }
            if head & 64 != 0 { bytes += bytes.suffix(188) }
        }
    }

    private mutating func writePacket(on index: Int, _ body: [UInt8], starts: Bool, hasAdaptation: Bool) {
        let pid = Self.pids[index]
        var packet: [UInt8] = [
            0x47, UInt8(pid >> 8) | (starts ? 0x40 : 0), UInt8(pid & 0xFF),
            (hasAdaptation ? 0x30 : 0x10) | counters[index] & 15,
        ]
        counters[index] &+= 1
        if hasAdaptation {
            // What is left of the packet is the payload.
            packet += [UInt8(min(body.count, 183))] + body
        } else if body.count < 184 {
            // Stuffing, so that the payload has that length.
            packet[3] |= 0x20
            packet += body.count == 183 ? [0] : [UInt8(183 - body.count), 0]
            packet += [UInt8](repeating: 0xFF, count: max(0, 182 - body.count)) + body
        } else {
            packet += body
        }
        bytes += packet.prefix(188) + [UInt8](repeating: 0, count: max(0, 188 - packet.count))
    }

    private mutating func writeSection(on index: Int, _ body: [UInt8]) {
        guard body.count >= 3 else { return }
        var section = Array(body.prefix(179))
        section[1] &= 0xF0
        section[2] = UInt8(section.count + 1)
        var value: UInt32 = .max
        for byte in section {
            for bit in 0..<8 {
                let isSet = (value >> 31) ^ UInt32(byte >> (7 - UInt8(bit)) & 1) == 1
                value = value << 1 ^ (isSet ? 0x04C1_1DB7 : 0)
            }
        }
        section += (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
        let unit = [0] + section
        writePacket(
            on: index, unit + [UInt8](repeating: 0xFF, count: 184 - unit.count), starts: true, hasAdaptation: false)
    }
}
