import Media

/// What H.264 annex E and HEVC annex E write in the same way about showing the pictures.
enum VideoSignalSyntax {
    /// `aspect_ratio_idc` and what it brings; nothing where the shape of a sample is unspecified.
    @_lifetime(reader: copy reader)
    static func aspectRatio(_ reader: inout SyntaxReader) throws(BitstreamError) -> AspectRatio? {
        let index = Int(try reader.u(8))
        if index == 255 {
            let (width, height) = (Int(try reader.u(16)), Int(try reader.u(16)))
            return width > 0 && height > 0 ? AspectRatio(width, height) : nil
        }
        // 0 is "unspecified", 17 and above are reserved and to be ignored.
        guard (1...sampleAspectRatios.count).contains(index) else { return nil }
        return sampleAspectRatios[index - 1]
    }

    /// `video_format` and what follows it up to the colour description; nothing where all of it is unspecified.
    @_lifetime(reader: copy reader)
    static func colour(_ reader: inout SyntaxReader) throws(BitstreamError) -> ColourDescription? {
        // video_format
        try reader.skip(3)
        let isFullRange = try reader.flag()
        var codes: (primaries: UInt8, transfer: UInt8, matrix: UInt8) = (2, 2, 2)
        if try reader.flag() { codes = (try reader.byte(), try reader.byte(), try reader.byte()) }
        guard codes != (2, 2, 2) || isFullRange else { return nil }
        return ColourDescription(
            primaries: codes.primaries, transfer: codes.transfer, matrix: codes.matrix, isFullRange: isFullRange)
    }

    /// `aspect_ratio_idc` 1 to 16, table E-1.
    private static let sampleAspectRatios = [
        AspectRatio(1, 1), AspectRatio(12, 11), AspectRatio(10, 11), AspectRatio(16, 11), AspectRatio(40, 33),
        AspectRatio(24, 11), AspectRatio(20, 11), AspectRatio(32, 11), AspectRatio(80, 33), AspectRatio(18, 11),
        AspectRatio(15, 11), AspectRatio(64, 33), AspectRatio(160, 99), AspectRatio(4, 3), AspectRatio(3, 2),
        AspectRatio(2, 1),
    ]
}
