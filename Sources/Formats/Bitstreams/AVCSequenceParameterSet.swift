/// A sequence parameter set, H.264 §7.3.2.1: what the pictures of a coded video sequence have in common.
public struct AVCSequenceParameterSet: Sendable, Hashable {
    /// `profile_idc`, such as 100 for High.
    public let profile: UInt8
    /// The six `constraint_set` flags and two reserved bits, the first flag in the most significant bit.
    public let constraints: UInt8
    /// `level_idc`, ten times the level's number.
    public let level: UInt8
    /// `seq_parameter_set_id`.
    public let id: UInt8
    /// `chroma_format_idc`: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    public private(set) var chromaFormat: UInt8 = 1
    /// The bits of a luma sample.
    public private(set) var lumaBitDepth: UInt8 = 8
    /// The bits of a chroma sample.
    public private(set) var chromaBitDepth: UInt8 = 8
    /// True when the colour planes are coded as three pictures, each with its slices: `separate_colour_plane_flag`.
    public private(set) var hasSeparatePlanes = false
    /// The bits of `frame_num` in a slice header.
    public let frameNumberBits: Int
    /// The bits of `pic_order_cnt_lsb` in a slice header; none where the type of picture order count is not 0.
    public let pictureOrderCountBits: Int
    /// `pic_order_cnt_type`. With 2, pictures are shown in the order in which they are decoded.
    public let pictureOrderCountType: UInt8
    /// `max_num_ref_frames`.
    public let maxReferenceFrames: Int
    /// `frame_mbs_only_flag`: no picture is a field or has interlaced macroblocks.
    public let isProgressive: Bool
    /// The width in luma samples, after cropping.
    public let width: Int
    /// The height in luma samples of a frame, after cropping.
    public let height: Int
    /// The description of how to show the pictures; all of it is open where the set has none.
    public let usability: AVCVideoUsability

    /// The set in `nalUnit`, which begins with its NAL unit header.
    public init(nalUnit: Span<UInt8>) throws(BitstreamError) {
        let bytes = RawByteSequencePayload.bytes(of: nalUnit)
        var reader = SyntaxReader(bytes.span)
        try self.init(&reader)
    }

    /// The codec in the form of RFC 6381 §3.3, such as `avc1.64001f`.
    public var codecString: String {
        "avc1."
            + [profile, constraints, level].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// How many frames may be decoded ahead of their turn to be shown, where the set settles it.
    public var reorderDepth: Int? {
        if pictureOrderCountType == 2 || profile == 66 { return 0 }
        return usability.maxReorderFrames
    }
}

extension AVCSequenceParameterSet {
    @_lifetime(reader: copy reader)
    private init(_ reader: inout SyntaxReader) throws(BitstreamError) {
        guard AVCNALUnitType(header: try reader.byte()) == .sequenceParameterSet else {
            throw .invalid("nal_unit_type", offset: 0)
        }
        (profile, constraints, level) = (try reader.byte(), try reader.byte(), try reader.byte())
        id = UInt8(try reader.ue("seq_parameter_set_id", 0...31))
        if Self.profilesWithChromaFormat.contains(profile) {
            chromaFormat = UInt8(try reader.ue("chroma_format_idc", 0...3))
            if chromaFormat == 3 { hasSeparatePlanes = try reader.flag() }
            lumaBitDepth = UInt8(try reader.ue("bit_depth_luma_minus8", 0...6)) + 8
            chromaBitDepth = UInt8(try reader.ue("bit_depth_chroma_minus8", 0...6)) + 8
            // qpprime_y_zero_transform_bypass_flag
            try reader.skip(1)
            if try reader.flag() { try Self.skipScalingMatrix(&reader, lists: chromaFormat == 3 ? 12 : 8) }
        }
        frameNumberBits = Int(try reader.ue("log2_max_frame_num_minus4", 0...12)) + 4
        (pictureOrderCountType, pictureOrderCountBits) = try Self.pictureOrderCount(&reader)
        maxReferenceFrames = Int(try reader.ue("max_num_ref_frames", 0...16))
        // gaps_in_frame_num_value_allowed_flag
        try reader.skip(1)

        let sizeOffset = reader.offset
        let macroblocksWide =
            Int(try reader.ue("pic_width_in_mbs_minus1", 0...UInt32(Self.maxMacroblocksAcross - 1))) + 1
        let mapUnits =
            Int(try reader.ue("pic_height_in_map_units_minus1", 0...UInt32(Self.maxMacroblocksAcross - 1))) + 1
        isProgressive = try reader.flag()
        // mb_adaptive_frame_field_flag
        if !isProgressive { try reader.skip(1) }
        let fieldFactor = isProgressive ? 1 : 2
        guard macroblocksWide * mapUnits * fieldFactor <= Self.maxMacroblocks else {
            throw .invalid("pic_height_in_map_units_minus1", offset: sizeOffset)
        }
        // direct_8x8_inference_flag
        try reader.skip(1)

        let subsampling = Self.subsampling(ofChroma: hasSeparatePlanes ? 0 : chromaFormat)
        var crop = (horizontal: 0, vertical: 0)
        let cropOffset = reader.offset
        if try reader.flag() {
            let limit = UInt32(Self.maxMacroblocksAcross * 16)
            let left = Int(try reader.ue("frame_crop_left_offset", 0...limit))
            let right = Int(try reader.ue("frame_crop_right_offset", 0...limit))
            let top = Int(try reader.ue("frame_crop_top_offset", 0...limit))
            let bottom = Int(try reader.ue("frame_crop_bottom_offset", 0...limit))
            crop.horizontal = (left + right) * subsampling.width
            crop.vertical = (top + bottom) * subsampling.height * fieldFactor
        }
        width = macroblocksWide * 16 - crop.horizontal
        height = mapUnits * fieldFactor * 16 - crop.vertical
        guard width > 0, height > 0 else { throw .invalid("frame_cropping", offset: cropOffset) }

        usability = try reader.flag() ? AVCVideoUsability(&reader) : AVCVideoUsability()
    }

    /// The `pic_order_cnt_type` and the bits of `pic_order_cnt_lsb`; what else there is about it is read over.
    @_lifetime(reader: copy reader)
    private static func pictureOrderCount(
        _ reader: inout SyntaxReader
    ) throws(BitstreamError) -> (type: UInt8, bits: Int) {
        let type = try reader.ue("pic_order_cnt_type", 0...2)
        var bits = 0
        let offsets: ClosedRange<Int64> = -0x7FFF_FFFF...0x7FFF_FFFF
        if type == 0 {
            bits = Int(try reader.ue("log2_max_pic_order_cnt_lsb_minus4", 0...12)) + 4
        } else if type == 1 {
            // delta_pic_order_always_zero_flag
            try reader.skip(1)
            _ = try reader.se("offset_for_non_ref_pic", offsets)
            _ = try reader.se("offset_for_top_to_bottom_field", offsets)
            let count = try reader.ue("num_ref_frames_in_pic_order_cnt_cycle", 0...255)
            for _ in 0..<count { _ = try reader.se("offset_for_ref_frame", offsets) }
        }
        return (UInt8(type), bits)
    }

    /// `scaling_list()`, §7.3.2.1.1.1, for each of `lists`: six of 4×4 and the others of 8×8.
    @_lifetime(reader: copy reader)
    private static func skipScalingMatrix(_ reader: inout SyntaxReader, lists: Int) throws(BitstreamError) {
        for list in 0..<lists where try reader.flag() {
            var lastScale: Int64 = 8
            for _ in 0..<(list < 6 ? 16 : 64) {
                let delta = try reader.se("delta_scale", -128...127)
                lastScale = (lastScale + delta + 256) % 256
                // The rest of the list repeats the last scale and is not written.
                if lastScale == 0 { break }
            }
        }
    }

    /// SubWidthC and SubHeightC of a ChromaArrayType, table 6-1; 1 where chroma does not bound the cropping.
    private static func subsampling(ofChroma format: UInt8) -> (width: Int, height: Int) {
        switch format {
        case 1: (2, 2)
        case 2: (2, 1)
        default: (1, 1)
        }
    }

    /// Profiles that write `chroma_format_idc`, §7.3.2.1.1.
    private static let profilesWithChromaFormat: Set<UInt8> = [
        100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
    ]
    /// MaxFS of level 6.2, the highest, table A-1.
    private static let maxMacroblocks = 139_264
    /// The square root of 8 × MaxFS, which bounds both sides, §A.3.1.
    private static let maxMacroblocksAcross = 1055
}
