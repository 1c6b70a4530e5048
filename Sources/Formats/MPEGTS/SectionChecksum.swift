/// The CRC_32 of sections. ISO/IEC 13818-1 annex A.
enum SectionChecksum {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte) << 24) { value, _ in value << 1 ^ (value >> 31) &* 0x04C1_1DB7 }
    }

    /// The checksum of `bytes`; 0 where they end with their own.
    static func value(of bytes: Span<UInt8>) -> UInt32 {
        var value: UInt32 = .max
        for index in bytes.indices {
            value = value << 8 ^ table[Int(UInt8(truncatingIfNeeded: value >> 24) ^ bytes[index])]
        }
        return value
    }
}
