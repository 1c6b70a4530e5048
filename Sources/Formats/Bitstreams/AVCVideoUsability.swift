public import Media

/// What a sequence parameter set says about showing the pictures: `vui_parameters()`, H.264 §E.1.1.
public struct AVCVideoUsability: Sendable, Hashable {
    /// The shape of a sample, or nothing where it is unspecified.
    public var sampleAspectRatio: AspectRatio?
    /// The colour description, or nothing where all of it is unspecified.
    public var colour: ColourDescription?
    /// The time between two frames, from `num_units_in_tick` and `time_scale`: what the encoder claims.
    public var frameDuration: MediaTime?
    /// `fixed_frame_rate_flag`.
    public var isFrameRateFixed = false
    /// `max_num_reorder_frames`: how many frames may precede another in decoding order and follow it in output.
    public var maxReorderFrames: Int?
    /// `max_dec_frame_buffering`: how many frames a decoder has to keep.
    public var maxDecodedFrames: Int?

    /// A description that leaves everything open.
    init() {}
}

extension AVCVideoUsability {
    @_lifetime(reader: copy reader)
    init(_ reader: inout SyntaxReader) throws(BitstreamError) {
        if try reader.flag() { sampleAspectRatio = try VideoSignalSyntax.aspectRatio(&reader) }
        // overscan_info_present_flag, overscan_appropriate_flag
        if try reader.flag() { try reader.skip(1) }
        if try reader.flag() { colour = try VideoSignalSyntax.colour(&reader) }
        // chroma_loc_info_present_flag
        if try reader.flag() {
            _ = try reader.ue("chroma_sample_loc_type_top_field", 0...5)
            _ = try reader.ue("chroma_sample_loc_type_bottom_field", 0...5)
        }
        // timing_info_present_flag
        if try reader.flag() {
            let (unitsInTick, timescale) = (try reader.u(32), try reader.u(32))
            isFrameRateFixed = try reader.flag()
            if unitsInTick > 0, timescale > 0 {
                // A tick is the time of a field, §E.2.1.
                frameDuration = MediaTime(2 * Int64(unitsInTick), Timescale(timescale))
            }
        }
        let hasNALParameters = try reader.flag()
        if hasNALParameters { try Self.skipReferenceDecoder(&reader) }
        let hasVCLParameters = try reader.flag()
        if hasVCLParameters { try Self.skipReferenceDecoder(&reader) }
        // low_delay_hrd_flag
        if hasNALParameters || hasVCLParameters { try reader.skip(1) }
        // pic_struct_present_flag
        try reader.skip(1)
        if try reader.flag() { try readBitstreamRestriction(&reader) }
    }

    /// `hrd_parameters()`, §E.1.2.
    @_lifetime(reader: copy reader)
    private static func skipReferenceDecoder(_ reader: inout SyntaxReader) throws(BitstreamError) {
        let count = try reader.ue("cpb_cnt_minus1", 0...31) + 1
        // bit_rate_scale, cpb_size_scale
        try reader.skip(8)
        for _ in 0..<count {
            _ = try reader.ue("bit_rate_value_minus1", 0...(.max))
            _ = try reader.ue("cpb_size_value_minus1", 0...(.max))
            // cbr_flag
            try reader.skip(1)
        }
        // Three lengths and time_offset_length, five bits each.
        try reader.skip(20)
    }

    @_lifetime(reader: copy reader)
    private mutating func readBitstreamRestriction(_ reader: inout SyntaxReader) throws(BitstreamError) {
        // motion_vectors_over_pic_boundaries_flag
        try reader.skip(1)
        _ = try reader.ue("max_bytes_per_pic_denom", 0...16)
        _ = try reader.ue("max_bits_per_mb_denom", 0...16)
        _ = try reader.ue("log2_max_mv_length_horizontal", 0...16)
        _ = try reader.ue("log2_max_mv_length_vertical", 0...16)
        let reordered = try reader.ue("max_num_reorder_frames", 0...16)
        let decoded = try reader.ue("max_dec_frame_buffering", reordered...16)
        (maxReorderFrames, maxDecodedFrames) = (Int(reordered), Int(decoded))
    }
}
