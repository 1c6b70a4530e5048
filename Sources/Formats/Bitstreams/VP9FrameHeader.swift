import Bytes

/// The beginning of a frame's uncompressed header, VP9 Bitstream & Decoding Process Specification §6.2.
struct VP9FrameHeader: Equatable {
    /// What a key frame says of the pictures that follow.
    struct KeyFrame: Equatable {
        var profile: UInt8
        var bitDepth: UInt8
        /// `color_space`, §7.2.2.
        var colourSpace: UInt8
        var isFullRange: Bool
        var isSubsampledHorizontally: Bool
        var isSubsampledVertically: Bool
        var width: Int
        var height: Int
        /// How large it is to be shown.
        var renderWidth: Int
        var renderHeight: Int
    }

    /// True when there is something to show of it.
    let isShown: Bool
    /// Nothing where the frame depends on others.
    let keyFrame: KeyFrame?

    /// The header at the start of `frame`.
    init(_ frame: Span<UInt8>) throws(BitstreamError) {
        var reader = SyntaxReader(frame)
        guard try reader.u(2) == 2 else { throw .invalid("frame_marker", offset: 0) }
        // The low bit comes first.
        let profile = UInt8(try reader.u(1) | reader.u(1) << 1)
        if profile == 3 { try Self.skipZero(&reader) }
        // show_existing_frame
        if try reader.flag() {
            (isShown, keyFrame) = (true, nil)
            return
        }
        let isKey = try !reader.flag()
        isShown = try reader.flag()
        // error_resilient_mode
        try reader.skip(1)
        keyFrame = isKey ? try KeyFrame(&reader, profile: profile) : nil
    }

    /// `reserved_zero`
    @_lifetime(reader: copy reader)
    fileprivate static func skipZero(_ reader: inout SyntaxReader) throws(BitstreamError) {
        let offset = reader.offset
        if try reader.flag() { throw .invalid("reserved_zero", offset: offset) }
    }
}

extension VP9FrameHeader.KeyFrame {
    /// The bytes of `frame_sync_code()`.
    private static let syncCode: UInt32 = 0x49_8342
    private static let rgb: UInt8 = 7

    @_lifetime(reader: copy reader)
    fileprivate init(_ reader: inout SyntaxReader, profile: UInt8) throws(BitstreamError) {
        guard try reader.u(24) == Self.syncCode else { throw .invalid("frame_sync_code", offset: 1) }
        self.profile = profile
        bitDepth = profile < 2 ? 8 : try reader.flag() ? 12 : 10
        colourSpace = UInt8(try reader.u(3))
        let isRGB = colourSpace == Self.rgb
        isFullRange = isRGB ? true : try reader.flag()
        (isSubsampledHorizontally, isSubsampledVertically) = (!isRGB, !isRGB)
        if profile & 1 == 1 {
            if !isRGB {
                isSubsampledHorizontally = try reader.flag()
                isSubsampledVertically = try reader.flag()
            }
            try VP9FrameHeader.skipZero(&reader)
        } else if isRGB {
            throw .invalid("color_space", offset: reader.offset)
        }
        (width, height) = (Int(try reader.u(16)) + 1, Int(try reader.u(16)) + 1)
        (renderWidth, renderHeight) = (width, height)
        // render_and_frame_size_different
        if try reader.flag() { (renderWidth, renderHeight) = (Int(try reader.u(16)) + 1, Int(try reader.u(16)) + 1) }
    }
}
