internal import CFFmpeg
internal import Media

/// Scaling by libswscale.
final class SwscaleScaling: PictureScaling {
    private let codecs: UnsafePointer<cffmpeg_codecs>
    private let scaling: UnsafePointer<cffmpeg_scaling>
    private let options: VideoScalerOptions
    private var context: OpaquePointer?
    private var pool: OpaquePointer?

    init(_ source: PictureSource, _ options: VideoScalerOptions) throws(CodecError) {
        self.options = options
        codecs = try CodecLibrary.codecs()
        scaling = try CodecLibrary.scaling()
        let size = codecs.pointee.av_image_get_buffer_size(
            options.pixelFormat.native, Int32(clamping: options.size.width), Int32(clamping: options.size.height),
            CFFMPEG_ROW_ALIGNMENT)
        guard size > 0 else { throw .refused("libswscale") }
        // Vector code reads and writes a little beyond the end.
        pool = codecs.pointee.av_buffer_pool_init(Int(size) + 16 * Int(CFFMPEG_ROW_ALIGNMENT), nil)
        context = scaling.pointee.sws_alloc_context()
        guard pool != nil, let context else { throw .failed(cffmpeg_no_memory()) }
        try prepare(UnsafeMutableRawPointer(context), for: source)
        guard scaling.pointee.sws_init_context(context, nil, nil) >= 0 else { throw .refused("libswscale") }
    }

    deinit {
        scaling.pointee.sws_freeContext(context)
        // Pictures that are still in use keep their buffers.
        codecs.pointee.av_buffer_pool_uninit(&pool)
    }

    private func prepare(_ context: UnsafeMutableRawPointer, for source: PictureSource) throws(CodecError) {
        let range = source.isFullRange ? 1 : 0
        let numbers: [(String, Int)] = [
            ("srcw", source.size.width), ("srch", source.size.height), ("src_format", Int(source.format)),
            ("dstw", options.size.width), ("dsth", options.size.height),
            ("dst_format", Int(options.pixelFormat.rawValue)), ("src_range", range), ("dst_range", range),
            ("threads", max(options.threads, 1)),
        ]
        for (name, value) in numbers {
            guard codecs.pointee.av_opt_set_int(context, name, Int64(value), 0) >= 0 else {
                throw .unknownOption(name)
            }
        }
        for (name, value) in [("sws_flags", options.algorithm)] + options.options.map({ ($0.name, $0.value) }) {
            guard codecs.pointee.av_opt_set(context, name, value, 0) >= 0 else { throw .unknownOption(name) }
        }
    }

    func scale(_ frame: FrameStorage) throws(CodecError) -> FrameStorage {
        let raw = cffmpeg_pool_frame(
            codecs, pool, options.pixelFormat.native, Int32(options.size.width), Int32(options.size.height))
        guard let raw else { throw .failed(cffmpeg_no_memory()) }
        let storage = FrameStorage(adopting: raw, codecs)
        var result = codecs.pointee.av_frame_copy_props(raw, frame.raw)
        if result >= 0 { result = scaling.pointee.sws_scale_frame(context, raw, frame.raw) }
        guard result >= 0 else { throw .failed(result) }
        return storage
    }
}
