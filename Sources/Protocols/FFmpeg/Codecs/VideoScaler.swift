internal import CFFmpeg
internal import Media

/// Makes pictures of one size and form of pictures of any. For one thread; what it gives away may go to others.
///
/// A cascade is several of them, each fed with what the one before gives. Range and colour stay as they are, and captions
/// and whatever else belongs to a picture go along. The source may change at any picture. One of another shape has black
/// beside it, or above and below.
public final class VideoScaler {
    /// What comes out, and how.
    public let options: VideoScalerOptions
    private var source: PictureSource?
    private var scaling: (any PictureScaling)?

    /// A scaler to those options.
    public init(_ options: VideoScalerOptions) throws(CodecError) {
        guard options.size.width > 0, options.size.height > 0 else { throw .refused(options.library.rawValue) }
        switch options.library {
        case .swscale: _ = try CodecLibrary.scaling()
        case .zimg: guard GraphScaling.hasZimg else { throw .filterMissing("zscale") }
        }
        self.options = options
    }

    /// `frame` in the size and form of the options: itself where that is what it is.
    public func scale(_ frame: Frame) throws(CodecError) -> Frame {
        let source = PictureSource(frame)
        if source.size == options.size, frame.pixelFormat == options.pixelFormat,
            frame.sampleAspectRatio == options.sampleAspectRatio
        {
            return frame
        }
        if source != self.source {
            self.source = nil
            let inset = PictureInset(source, in: options)
            scaling =
                options.library == .swscale && inset == nil
                ? try SwscaleScaling(source, options) : try GraphScaling(source, options, inset)
            self.source = source
        }
        guard let storage = try scaling?.scale(frame.storage) else { return frame }
        let ratio = options.sampleAspectRatio
        storage.raw.pointee.sample_aspect_ratio = AVRational(
            num: Int32(clamping: ratio.width), den: Int32(clamping: ratio.height))
        // What a library was told to take it for is not what it is said to be.
        storage.raw.pointee.chroma_location = frame.storage.raw.pointee.chroma_location
        // A format that says it by its name has become one that does not.
        if source.isFullRange { storage.raw.pointee.color_range = AVCOL_RANGE_JPEG }
        return Frame(storage, at: frame.presentationTime)
    }
}
