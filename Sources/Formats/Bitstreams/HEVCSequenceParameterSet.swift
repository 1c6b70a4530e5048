/// A sequence parameter set, HEVC §7.3.2.2: what the pictures of a coded video sequence have in common.
public struct HEVCSequenceParameterSet: Sendable, Hashable {
    /// `sps_video_parameter_set_id`.
    public let videoParameterSetID: UInt8
    /// `sps_max_sub_layers_minus1` + 1, 1 to 7.
    public let temporalLayerCount: UInt8
    /// `sps_temporal_id_nesting_flag`.
    public let isTemporalIDNested: Bool
    /// Profile, tier and level.
    public let profile: HEVCProfile
    /// `sps_seq_parameter_set_id`.
    public let id: UInt8
    /// `chroma_format_idc`: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    public let chromaFormat: UInt8
    /// The width in luma samples, inside the conformance window.
    public let width: Int
    /// The height in luma samples, inside the conformance window.
    public let height: Int
    /// The bits of a luma sample.
    public let lumaBitDepth: UInt8
    /// The bits of a chroma sample.
    public let chromaBitDepth: UInt8
    /// The description of how to show the pictures; all of it is open where the set has none.
    public let usability: HEVCVideoUsability

    /// The set in `nalUnit`, which begins with its NAL unit header of two bytes.
    public init(nalUnit: Span<UInt8>) throws(BitstreamError) {
        let bytes = RawByteSequencePayload.bytes(of: nalUnit)
        var reader = SyntaxReader(bytes.span)
        try self.init(&reader)
    }

    @_lifetime(reader: copy reader)
    private init(_ reader: inout SyntaxReader) throws(BitstreamError) {
        guard HEVCNALUnitType(header: try reader.byte()) == .sequenceParameterSet else {
            throw .invalid("nal_unit_type", offset: 0)
        }
        // nuh_layer_id, nuh_temporal_id_plus1
        try reader.skip(8)
        videoParameterSetID = UInt8(try reader.u(4))
        let subLayers = Int(try reader.u(3))
        guard subLayers < 7 else { throw .invalid("sps_max_sub_layers_minus1", offset: 2) }
        temporalLayerCount = UInt8(subLayers + 1)
        isTemporalIDNested = try reader.flag()
        profile = try HEVCProfile(&reader, subLayers: subLayers)
        id = UInt8(try reader.ue("sps_seq_parameter_set_id", 0...15))
        chromaFormat = UInt8(try reader.ue("chroma_format_idc", 0...3))
        let hasSeparatePlanes = chromaFormat == 3 ? try reader.flag() : false

        let sizeOffset = reader.offset
        let coded = (
            width: Int(try reader.ue("pic_width_in_luma_samples", 1...Self.maxSide)),
            height: Int(try reader.ue("pic_height_in_luma_samples", 1...Self.maxSide))
        )
        let subsampling: (width: Int, height: Int) =
            switch hasSeparatePlanes ? 0 : chromaFormat {
            case 1: (2, 2)
            case 2: (2, 1)
            default: (1, 1)
            }
        var outside = (horizontal: 0, vertical: 0)
        if try reader.flag() {
            let left = Int(try reader.ue("conf_win_left_offset", 0...Self.maxSide))
            let right = Int(try reader.ue("conf_win_right_offset", 0...Self.maxSide))
            let top = Int(try reader.ue("conf_win_top_offset", 0...Self.maxSide))
            let bottom = Int(try reader.ue("conf_win_bottom_offset", 0...Self.maxSide))
            outside = ((left + right) * subsampling.width, (top + bottom) * subsampling.height)
        }
        width = coded.width - outside.horizontal
        height = coded.height - outside.vertical
        guard width > 0, height > 0 else { throw .invalid("conformance_window", offset: sizeOffset) }
        lumaBitDepth = UInt8(try reader.ue("bit_depth_luma_minus8", 0...8)) + 8
        chromaBitDepth = UInt8(try reader.ue("bit_depth_chroma_minus8", 0...8)) + 8

        try Self.skipCodingTools(&reader, subLayers: subLayers, chromaFormat: chromaFormat)
        usability = try reader.flag() ? HEVCVideoUsability(&reader) : HEVCVideoUsability()
    }

    /// The square root of 8 × MaxLumaPs of level 6.2, which bounds both sides, §A.4.1.
    private static let maxSide: UInt32 = 16_888
}

extension HEVCSequenceParameterSet {
    /// Everything from `log2_max_pic_order_cnt_lsb_minus4` to `strong_intra_smoothing_enabled_flag`.
    @_lifetime(reader: copy reader)
    private static func skipCodingTools(
        _ reader: inout SyntaxReader, subLayers: Int, chromaFormat: UInt8
    ) throws(BitstreamError) {
        let orderBits = Int(try reader.ue("log2_max_pic_order_cnt_lsb_minus4", 0...12)) + 4
        // sps_sub_layer_ordering_info_present_flag
        let orderings = try reader.flag() ? subLayers + 1 : 1
        for _ in 0..<orderings {
            _ = try reader.ue("sps_max_dec_pic_buffering_minus1", 0...15)
            _ = try reader.ue("sps_max_num_reorder_pics", 0...15)
            _ = try reader.ue("sps_max_latency_increase_plus1", 0...(.max))
        }
        _ = try reader.ue("log2_min_luma_coding_block_size_minus3", 0...3)
        _ = try reader.ue("log2_diff_max_min_luma_coding_block_size", 0...3)
        _ = try reader.ue("log2_min_luma_transform_block_size_minus2", 0...3)
        _ = try reader.ue("log2_diff_max_min_luma_transform_block_size", 0...3)
        _ = try reader.ue("max_transform_hierarchy_depth_inter", 0...4)
        _ = try reader.ue("max_transform_hierarchy_depth_intra", 0...4)
        // scaling_list_enabled_flag, sps_scaling_list_data_present_flag
        if try reader.flag(), try reader.flag() { try skipScalingLists(&reader) }
        // amp_enabled_flag, sample_adaptive_offset_enabled_flag
        try reader.skip(2)
        // pcm_enabled_flag
        if try reader.flag() {
            try reader.skip(8)
            _ = try reader.ue("log2_min_pcm_luma_coding_block_size_minus3", 0...2)
            _ = try reader.ue("log2_diff_max_min_pcm_luma_coding_block_size", 0...2)
            try reader.skip(1)
        }
        try skipShortTermReferences(&reader)
        // long_term_ref_pics_present_flag
        if try reader.flag() {
            let count = Int(try reader.ue("num_long_term_ref_pics_sps", 0...32))
            try reader.skip(count * (orderBits + 1))
        }
        // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
        try reader.skip(2)
    }

    /// `scaling_list_data()`, §7.3.4.
    @_lifetime(reader: copy reader)
    private static func skipScalingLists(_ reader: inout SyntaxReader) throws(BitstreamError) {
        for size in 0..<4 {
            for _ in 0..<(size == 3 ? 2 : 6) {
                if try reader.flag() {
                    if size > 1 { _ = try reader.se("scaling_list_dc_coef_minus8", -7...247) }
                    for _ in 0..<min(64, 1 << (4 + 2 * size)) {
                        _ = try reader.se("scaling_list_delta_coef", -128...127)
                    }
                } else {
                    _ = try reader.ue("scaling_list_pred_matrix_id_delta", 0...5)
                }
            }
        }
    }

    /// `num_short_term_ref_pic_sets` and each `st_ref_pic_set()`, §7.3.7. How long one is depends on how many pictures
    /// the one before it names.
    @_lifetime(reader: copy reader)
    private static func skipShortTermReferences(_ reader: inout SyntaxReader) throws(BitstreamError) {
        var named = 0
        for index in 0..<(try reader.ue("num_short_term_ref_pic_sets", 0...64)) {
            // inter_ref_pic_set_prediction_flag
            if index > 0, try reader.flag() {
                // delta_rps_sign
                try reader.skip(1)
                _ = try reader.ue("abs_delta_rps_minus1", 0...32_767)
                var kept = 0
                for _ in 0...named {
                    // used_by_curr_pic_flag, use_delta_flag
                    let isUsed = try reader.flag()
                    if isUsed { kept += 1 } else if try reader.flag() { kept += 1 }
                }
                guard kept <= 16 else { throw .invalid("use_delta_flag", offset: reader.offset) }
                named = kept
            } else {
                named = Int(try reader.ue("num_negative_pics", 0...16))
                named += Int(try reader.ue("num_positive_pics", 0...UInt32(16 - named)))
                for _ in 0..<named {
                    _ = try reader.ue("delta_poc_minus1", 0...32_767)
                    try reader.skip(1)
                }
            }
        }
    }
}
