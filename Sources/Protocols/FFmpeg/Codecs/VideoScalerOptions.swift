public import Media

/// What a scaler makes of pictures, and how.
public struct VideoScalerOptions: Sendable {
    /// What scales.
    public enum Library: String, Sendable, Hashable {
        /// libswscale.
        case swscale = "libswscale"
        /// zimg, by libavfilter's `zscale`.
        case zimg = "libzimg"

        /// True where it is installed.
        public var isThere: Bool {
            switch self {
            case .swscale: (try? CodecLibrary.scaling()) != nil
            case .zimg: GraphScaling.hasZimg
            }
        }

        /// zimg where it is there.
        public static var quickest: Library { zimg.isThere ? zimg : swscale }
    }

    /// The size of what comes out.
    public var size: PictureSize
    /// How its samples lie in memory, as the encoder takes them.
    public var pixelFormat: PixelFormat
    /// The shape of its samples.
    public var sampleAspectRatio = AspectRatio(1, 1)
    /// What scales.
    public var library = Library.swscale
    /// libswscale's flags, such as `bicubic` or `fast_bilinear+accurate_rnd`; or zimg's filter.
    public var algorithm = "bicubic"
    /// Over how many threads a picture is divided.
    public var threads = 1
    /// Further options of libswscale, or of `zscale`.
    public var options: [(name: String, value: String)] = []

    /// Pictures of that size and form.
    public init(size: PictureSize, pixelFormat: PixelFormat = .yuv420) {
        (self.size, self.pixelFormat) = (size, pixelFormat)
    }
}
