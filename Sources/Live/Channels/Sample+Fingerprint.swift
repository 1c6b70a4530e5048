internal import Bytes
internal import Media

extension Sample {
    /// A number that two samples have in common when they are the same: of their size, and of some bytes at either end.
    var fingerprint: UInt64 {
        let bytes = data.span
        // FNV-1a.
        var hash = 0xCBF2_9CE4_8422_2325 ^ UInt64(bytes.count)
        for index in 0..<min(bytes.count, 2 * Self.sampled) {
            let position = index < Self.sampled ? index : bytes.count - 1 - (index - Self.sampled)
            hash = (hash ^ UInt64(bytes[position])) &* 0x100_0000_01B3
        }
        return hash
    }

    private static var sampled: Int { 24 }
}
