/// Profile, tier and level: the general part of `profile_tier_level()`, HEVC §7.3.3.
public struct HEVCProfile: Sendable, Hashable {
    /// `general_profile_space`, 0 to 3.
    public let space: UInt8
    /// `general_tier_flag`: the High tier instead of the Main tier.
    public let isHighTier: Bool
    /// `general_profile_idc`, such as 1 for Main and 2 for Main 10.
    public let profile: UInt8
    /// The 32 `general_profile_compatibility_flag`s, the first in the most significant bit.
    public let compatibility: UInt32
    /// The 48 bits of flags from `general_progressive_source_flag` on, the first in bit 47.
    public let constraints: UInt64
    /// `general_level_idc`, thirty times the level's number.
    public let level: UInt8

    /// The general part at the cursor; what is said of `subLayers` below the highest is read over.
    @_lifetime(reader: copy reader)
    init(_ reader: inout SyntaxReader, subLayers: Int) throws(BitstreamError) {
        space = UInt8(try reader.u(2))
        isHighTier = try reader.flag()
        profile = UInt8(try reader.u(5))
        compatibility = try reader.u(32)
        constraints = UInt64(try reader.u(32)) << 16 | UInt64(try reader.u(16))
        level = try reader.byte()
        var bits = 0
        for _ in 0..<subLayers {
            if try reader.flag() { bits += 88 }
            if try reader.flag() { bits += 8 }
        }
        // reserved_zero_2bits for the sub-layers up to eight
        if subLayers > 0 { bits += 2 * (8 - subLayers) }
        try reader.skip(bits)
    }

    /// The codec in the form of ISO/IEC 14496-15 annex E, such as `hvc1.1.6.L93.B0`.
    public var codecString: String {
        let spaces = ["", "A", "B", "C"]
        var reversed: UInt32 = 0
        for bit in 0..<32 where compatibility & 1 << UInt32(bit) != 0 { reversed |= 1 << UInt32(31 - bit) }
        var parts = [
            "hvc1", spaces[Int(space & 3)] + String(profile), String(reversed, radix: 16, uppercase: true),
            (isHighTier ? "H" : "L") + String(level),
        ]
        // Six bytes, but not the zeros at the end.
        var rest = constraints << 16
        while rest != 0 {
            parts.append(String(rest >> 56, radix: 16, uppercase: true))
            rest <<= 8
        }
        return parts.joined(separator: ".")
    }
}
