/// The header and the adaptation field of a transport packet. ISO/IEC 13818-1 §2.4.3.2, §2.4.3.4.
///
/// It looks at 188 bytes that somebody else keeps: it must not outlive them.
struct TransportPacket {
    private let bytes: UnsafeRawPointer
    private let header: UInt32
    /// How long the adaptation field is behind its length; -1 without one.
    private let adaptationLength: Int
    /// Where the payload begins; 188 where there is none.
    private let payloadStart: Int
    /// The flags of the adaptation field.
    private let flags: UInt8

    /// The packet at `bytes`. Nothing when its header or its adaptation field cannot be.
    @inline(__always)
    init?(_ bytes: UnsafeRawPointer) {
        self.bytes = bytes
        header = bytes.loadUnaligned(as: UInt32.self).bigEndian
        guard header & 0x20 != 0 else {
            guard header & 0x10 != 0 else { return nil }
            (adaptationLength, payloadStart, flags) = (-1, 4, 0)
            return
        }
        let length = Int(bytes.load(fromByteOffset: 4, as: UInt8.self))
        guard length <= 183 else { return nil }
        adaptationLength = length
        flags = length > 0 ? bytes.load(fromByteOffset: 5, as: UInt8.self) : 0
        payloadStart = header & 0x10 != 0 ? 5 + length : PacketFraming.packetLength
    }

    /// The packet identifier of the packet at `bytes`.
    @inline(__always)
    static func pid(of bytes: UnsafeRawPointer) -> UInt16 {
        bytes.loadUnaligned(fromByteOffset: 1, as: UInt16.self).bigEndian & 0x1FFF
    }

    var pid: UInt16 { UInt16(truncatingIfNeeded: header >> 8) & 0x1FFF }
    var isDamaged: Bool { header & 0x80_0000 != 0 }
    var startsUnit: Bool { header & 0x40_0000 != 0 }
    var isScrambled: Bool { header & 0xC0 != 0 }
    var counter: UInt8 { UInt8(truncatingIfNeeded: header) & 0x0F }
    /// True when there is a payload, as the header says; it may have no bytes.
    var hasPayload: Bool { header & 0x10 != 0 }
    var isDiscontinuous: Bool { flags & 0x80 != 0 }
    var isRandomAccess: Bool { flags & 0x40 != 0 }

    /// The header of the packet of the same stream that comes next, if it has nothing but payload that goes on.
    var plainSuccessor: UInt32 { header & 0xFFBF_FF00 | 0x10 | (header &+ 1) & 0x0F }

    var payload: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes + payloadStart, count: PacketFraming.packetLength - payloadStart)
    }

    /// The program clock reference in ticks of 27 MHz, where there is one.
    var clock: Int64? {
        guard flags & 0x10 != 0, adaptationLength >= 7 else { return nil }
        let base = Int64(bytes.loadUnaligned(fromByteOffset: 6, as: UInt32.self).bigEndian)
        let rest = Int64(bytes.loadUnaligned(fromByteOffset: 10, as: UInt16.self).bigEndian)
        let fraction = rest & 0x1FF
        return fraction < 300 ? (base << 1 | rest >> 15) * 300 + fraction : nil
    }

    /// True when there are bytes in the adaptation field that only fill the packet.
    var isStuffed: Bool {
        guard adaptationLength > 0 else { return adaptationLength == 0 }
        var used = 1
        if flags & 0x10 != 0 { used += 6 }
        if flags & 0x08 != 0 { used += 6 }
        if flags & 0x04 != 0 { used += 1 }
        // Private data and the extension say how long they are.
        for flag in [0x02, 0x01] as [UInt8] where flags & flag != 0 && used < adaptationLength {
            used += 1 + Int(bytes.load(fromByteOffset: 5 + used, as: UInt8.self))
        }
        return flags == 0 || used < adaptationLength
    }

    /// A few of the payload's bytes: two packets with the same counter and different ones are no repetition.
    var fingerprint: UInt64 {
        let first = min(payloadStart, PacketFraming.packetLength - 8)
        let middle = (first + PacketFraming.packetLength - 8) / 2
        return word(at: first) &+ 3 &* word(at: middle) &+ 5 &* word(at: PacketFraming.packetLength - 8)
    }

    @inline(__always)
    private func word(at offset: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
}
