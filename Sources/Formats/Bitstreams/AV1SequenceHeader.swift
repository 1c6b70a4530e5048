import Bytes
public import Media

/// The facts of an AV1 sequence header that a track needs, AV1 §5.5.
public struct AV1SequenceHeader: Sendable, Hashable {
    /// `seq_profile`.
    public let profile: UInt8
    /// `reduced_still_picture_header`: frame headers then do not say what frames they are.
    let isReducedStillPicture: Bool
    /// `seq_level_idx[0]`, 31 where nothing is promised.
    public let level: UInt8
    /// `seq_tier[0]`.
    public let isHighTier: Bool
    /// `max_frame_width_minus_1` + 1.
    public let width: Int
    /// `max_frame_height_minus_1` + 1.
    public let height: Int
    /// `BitDepth`: 8, 10 or 12.
    public let bitDepth: UInt8
    /// `mono_chrome`.
    public let isMonochrome: Bool
    /// `subsampling_x`.
    public let isSubsampledHorizontally: Bool
    /// `subsampling_y`.
    public let isSubsampledVertically: Bool
    /// `chroma_sample_position`; 0, unknown, where chroma is not subsampled both ways.
    public let chromaSamplePosition: UInt8
    /// The colour description, where there is one; pictures of full range without one have a colour that is
    /// unspecified.
    public let colour: ColourDescription?

    /// The header in `payload`, which stands behind the header of its unit. What follows the colours is not read.
    init(_ payload: Span<UInt8>) throws(BitstreamError) {
        var reader = SyntaxReader(payload)
        profile = UInt8(try reader.u(3))
        guard profile <= 2 else { throw .unsupported("AV1 profile \(profile)") }
        // still_picture
        try reader.skip(1)
        isReducedStillPicture = try reader.flag()
        if isReducedStillPicture {
            level = UInt8(try reader.u(5))
            isHighTier = false
        } else {
            (level, isHighTier) = try Self.operatingPoints(&reader)
        }
        let (widthBits, heightBits) = (Int(try reader.u(4)) + 1, Int(try reader.u(4)) + 1)
        (width, height) = (Int(try reader.u(widthBits)) + 1, Int(try reader.u(heightBits)) + 1)
        try Self.skipTools(&reader, isReducedStillPicture)
        let colours = try ColourConfiguration(&reader, profile: profile)
        bitDepth = colours.bitDepth
        isMonochrome = colours.isMonochrome
        (isSubsampledHorizontally, isSubsampledVertically) = (colours.subsampling.x, colours.subsampling.y)
        chromaSamplePosition = colours.chromaSamplePosition
        colour = colours.description
    }

    /// The codec in the form of RFC 6381, such as `av01.0.04M.08`: AV1 Codec ISO Media File Format Binding §5. What
    /// follows the bit depth is left out where all of it is what is assumed then, and only there.
    public var codecString: String {
        let start = "av01.\(profile).\(Self.digits(level))\(isHighTier ? "H" : "M").\(Self.digits(bitDepth))"
        let chroma = "\(isSubsampledHorizontally ? 1 : 0)\(isSubsampledVertically ? 1 : 0)\(chromaSamplePosition)"
        // Where nothing is said of the colours, there is no box that says it either: BT.709 is assumed.
        let colour = colour ?? ColourDescription(primaries: 1, transfer: 1, matrix: 1, isFullRange: false)
        let codes = [colour.primaries, colour.transfer, colour.matrix].map(Self.digits).joined(separator: ".")
        let rest = ".\(isMonochrome ? 1 : 0).\(chroma).\(codes).\(colour.isFullRange ? 1 : 0)"
        return rest == ".0.110.01.01.01.0" ? start : start + rest
    }

    private static func digits(_ value: UInt8) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

extension AV1SequenceHeader {
    /// The timing, and the operating points: the level and the tier of the first.
    @_lifetime(reader: copy reader)
    private static func operatingPoints(
        _ reader: inout SyntaxReader
    ) throws(BitstreamError) -> (level: UInt8, isHighTier: Bool) {
        var delayBits: Int?
        // timing_info_present_flag: num_units_in_display_tick, time_scale, equal_picture_interval
        if try reader.flag() {
            try reader.skip(64)
            if try reader.flag() { try skipVariableLength(&reader) }
            // decoder_model_info_present_flag
            if try reader.flag() {
                delayBits = Int(try reader.u(5)) + 1
                // num_units_in_decoding_tick, and two lengths
                try reader.skip(32 + 5 + 5)
            }
        }
        let hasDisplayDelay = try reader.flag()
        var first: (level: UInt8, isHighTier: Bool)?
        for _ in 0...(try reader.u(5)) {
            // operating_point_idc
            try reader.skip(12)
            let level = UInt8(try reader.u(5))
            let isHighTier = level > 7 ? try reader.flag() : false
            if first == nil { first = (level, isHighTier) }
            // decoder_model_present_for_this_op: two delays, low_delay_mode_flag
            if let delayBits, try reader.flag() { try reader.skip(2 * delayBits + 1) }
            // initial_display_delay_present_for_this_op
            if hasDisplayDelay, try reader.flag() { try reader.skip(4) }
        }
        return first ?? (0, false)
    }

    /// `uvlc()`, §4.10.3.
    @_lifetime(reader: copy reader)
    private static func skipVariableLength(_ reader: inout SyntaxReader) throws(BitstreamError) {
        var leadingZeros = 0
        while try !reader.flag() { leadingZeros += 1 }
        if leadingZeros < 32 { try reader.skip(leadingZeros) }
    }

    /// What stands between the size and the colours.
    @_lifetime(reader: copy reader)
    private static func skipTools(_ reader: inout SyntaxReader, _ isReduced: Bool) throws(BitstreamError) {
        // frame_id_numbers_present_flag, and two lengths
        if try isReduced ? false : reader.flag() { try reader.skip(4 + 3) }
        // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
        try reader.skip(3)
        if !isReduced {
            // enable_interintra_compound, enable_masked_compound, enable_warped_motion, enable_dual_filter
            try reader.skip(4)
            let hasOrderHint = try reader.flag()
            // enable_jnt_comp, enable_ref_frame_mvs
            if hasOrderHint { try reader.skip(2) }
            // seq_choose_screen_content_tools, seq_force_screen_content_tools
            let mayHaveScreenContent = try reader.flag() ? true : try reader.flag()
            // seq_choose_integer_mv, seq_force_integer_mv
            if mayHaveScreenContent, try !reader.flag() { try reader.skip(1) }
            // order_hint_bits_minus_1
            if hasOrderHint { try reader.skip(3) }
        }
        // enable_superres, enable_cdef, enable_restoration
        try reader.skip(3)
    }
}

/// `color_config()`, AV1 §5.5.2.
private struct ColourConfiguration {
    let bitDepth: UInt8
    let isMonochrome: Bool
    private(set) var subsampling = (x: true, y: true)
    private(set) var chromaSamplePosition: UInt8 = 0
    private(set) var description: ColourDescription?

    @_lifetime(reader: copy reader)
    init(_ reader: inout SyntaxReader, profile: UInt8) throws(BitstreamError) {
        let isHigh = try reader.flag()
        let hasTwelve = try profile == 2 && isHigh ? reader.flag() : false
        bitDepth = hasTwelve ? 12 : isHigh ? 10 : 8
        isMonochrome = try profile == 1 ? false : reader.flag()
        let isDescribed = try reader.flag()
        var codes: (primaries: UInt8, transfer: UInt8, matrix: UInt8) = (2, 2, 2)
        if isDescribed { codes = (try reader.byte(), try reader.byte(), try reader.byte()) }
        // BT.709 primaries, sRGB, identity
        let isRGB = !isMonochrome && codes == (1, 13, 0)
        let isFullRange = try isRGB ? true : reader.flag()
        if isRGB {
            subsampling = (false, false)
        } else if !isMonochrome {
            subsampling = try Self.subsampling(&reader, profile, bitDepth)
            if subsampling == (true, true) { chromaSamplePosition = UInt8(try reader.u(2)) }
        }
        guard isDescribed || isFullRange else { return }
        description = ColourDescription(
            primaries: codes.primaries, transfer: codes.transfer, matrix: codes.matrix, isFullRange: isFullRange)
    }

    @_lifetime(reader: copy reader)
    private static func subsampling(
        _ reader: inout SyntaxReader, _ profile: UInt8, _ bitDepth: UInt8
    ) throws(BitstreamError) -> (x: Bool, y: Bool) {
        switch profile {
        case 0: return (true, true)
        case 1: return (false, false)
        default:
            guard bitDepth == 12 else { return (true, false) }
            let isSubsampled = try reader.flag()
            return (isSubsampled, try isSubsampled ? reader.flag() : false)
        }
    }
}
