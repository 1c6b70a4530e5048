internal import CFFmpeg
internal import Media

/// Makes pictures of one size and form of pictures of any. For one thread; what it gives away may go to others.
///
/// A cascade is several of them, each fed with what the one before gives. Range and colour stay as they are, and captions
/// and whatever else belongs to a picture go along. The source may change at any picture.
public final class VideoScaler {
    /// What its tables are made for.
    private struct Source: Equatable {
        let size: PictureSize
        let format: Int32
        let isFullRange: Bool
    }

    /// What comes out, and how.
    public let options: VideoScalerOptions
    private let codecs: UnsafePointer<cffmpeg_codecs>
    private let scaling: UnsafePointer<cffmpeg_scaling>
    private var context: OpaquePointer?
    private var source: Source?
    private var pool: OpaquePointer?

    /// A scaler to those options.
    public init(_ options: VideoScalerOptions) throws(CodecError) {
        self.options = options
        codecs = try CodecLibrary.codecs()
        scaling = try CodecLibrary.scaling()
        let size = codecs.pointee.av_image_get_buffer_size(
            options.pixelFormat.native, Int32(clamping: options.size.width), Int32(clamping: options.size.height),
            CFFMPEG_ROW_ALIGNMENT)
        guard size > 0 else { throw .refused("libswscale") }
        // Vector code reads and writes a little beyond the end.
        pool = codecs.pointee.av_buffer_pool_init(Int(size) + 16 * Int(CFFMPEG_ROW_ALIGNMENT), nil)
        guard pool != nil else { throw .failed(cffmpeg_no_memory()) }
    }

    deinit {
        scaling.pointee.sws_freeContext(context)
        // Pictures that are still in use keep their buffers.
        codecs.pointee.av_buffer_pool_uninit(&pool)
    }

    /// `frame` in the size and form of the options: itself where that is what it is.
    public func scale(_ frame: Frame) throws(CodecError) -> Frame {
        let source = Source(
            size: PictureSize(frame.width, frame.height), format: frame.pixelFormat.rawValue,
            isFullRange: frame.isFullRange)
        if source.size == options.size, frame.pixelFormat == options.pixelFormat,
            frame.sampleAspectRatio == options.sampleAspectRatio
        {
            return frame
        }
        if source != self.source { try prepare(source) }
        let raw = cffmpeg_pool_frame(
            codecs, pool, options.pixelFormat.native, Int32(options.size.width), Int32(options.size.height))
        guard let raw else { throw .failed(cffmpeg_no_memory()) }
        let storage = FrameStorage(adopting: raw, codecs)
        var result = codecs.pointee.av_frame_copy_props(raw, frame.storage.raw)
        if result >= 0 { result = scaling.pointee.sws_scale_frame(context, raw, frame.storage.raw) }
        guard result >= 0 else { throw .failed(result) }
        raw.pointee.sample_aspect_ratio = AVRational(
            num: Int32(clamping: options.sampleAspectRatio.width),
            den: Int32(clamping: options.sampleAspectRatio.height))
        // A format that says it by its name has become one that does not.
        if source.isFullRange { raw.pointee.color_range = AVCOL_RANGE_JPEG }
        return Frame(storage, at: frame.presentationTime)
    }

    private func prepare(_ source: Source) throws(CodecError) {
        scaling.pointee.sws_freeContext(context)
        (context, self.source) = (scaling.pointee.sws_alloc_context(), nil)
        guard let context else { throw .failed(cffmpeg_no_memory()) }
        let target = UnsafeMutableRawPointer(context)
        let range = source.isFullRange ? 1 : 0
        let numbers: [(String, Int)] = [
            ("srcw", source.size.width), ("srch", source.size.height), ("src_format", Int(source.format)),
            ("dstw", options.size.width), ("dsth", options.size.height),
            ("dst_format", Int(options.pixelFormat.rawValue)), ("src_range", range), ("dst_range", range),
            ("threads", max(options.threads, 1)),
        ]
        for (name, value) in numbers {
            guard codecs.pointee.av_opt_set_int(target, name, Int64(value), 0) >= 0 else {
                throw .unknownOption(name)
            }
        }
        for (name, value) in [("sws_flags", options.algorithm)] + options.options.map({ ($0.name, $0.value) }) {
            guard codecs.pointee.av_opt_set(target, name, value, 0) >= 0 else { throw .unknownOption(name) }
        }
        guard scaling.pointee.sws_init_context(context, nil, nil) >= 0 else { throw .refused("libswscale") }
        self.source = source
    }
}
