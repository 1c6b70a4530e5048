public import Media

/// What a sequence parameter set says about showing the pictures: `vui_parameters()`, HEVC §E.2.1.
public struct HEVCVideoUsability: Sendable, Hashable {
    /// The shape of a sample, or nothing where it is unspecified.
    public var sampleAspectRatio: AspectRatio?
    /// The colour description, or nothing where all of it is unspecified.
    public var colour: ColourDescription?
    /// `field_seq_flag`: each picture is a field.
    public var isFieldSequence = false
    /// The time between two pictures, from `vui_num_units_in_tick` and `vui_time_scale`: what the encoder claims.
    public var pictureDuration: MediaTime?

    /// A description that leaves everything open.
    init() {}

    /// The description at the cursor, up to the timing: nothing that follows is needed here.
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
        // neutral_chroma_indication_flag
        try reader.skip(1)
        isFieldSequence = try reader.flag()
        // frame_field_info_present_flag
        try reader.skip(1)
        // default_display_window_flag: where on the screen, not what the picture is
        if try reader.flag() {
            for _ in 0..<4 { _ = try reader.ue("def_disp_win_offset", 0...(.max)) }
        }
        // vui_timing_info_present_flag
        if try reader.flag() {
            let (unitsInTick, timescale) = (try reader.u(32), try reader.u(32))
            if unitsInTick > 0, timescale > 0 { pictureDuration = MediaTime(Int64(unitsInTick), Timescale(timescale)) }
        }
    }
}
