internal import CFFmpeg

/// A graph of libavfilter with one output, and one input at most, without threads of its own. For one thread.
final class FilterGraph {
    /// What flows through it.
    enum Medium {
        case pictures
        case sound
    }

    private let codecs: UnsafePointer<cffmpeg_codecs>
    private let filters: UnsafePointer<cffmpeg_filters>
    private var graph: UnsafeMutablePointer<AVFilterGraph>?
    private var input: UnsafeMutablePointer<AVFilterContext>?
    private var output: UnsafeMutablePointer<AVFilterContext>?
    private var shell: UnsafeMutablePointer<AVFrame>?

    /// A graph of what `description` says, in libavfilter's syntax, for what `source` describes; for nothing where it makes
    /// what comes out by itself.
    init(_ medium: Medium, from source: String?, _ description: String, threads: Int = 1) throws(CodecError) {
        codecs = try CodecLibrary.codecs()
        filters = try CodecLibrary.filters()
        graph = filters.pointee.avfilter_graph_alloc()
        shell = codecs.pointee.av_frame_alloc()
        guard let graph, shell != nil else { throw .failed(cffmpeg_no_memory()) }
        graph.pointee.nb_threads = Int32(clamping: threads)
        let kinds = medium == .sound ? ("abuffer", "abuffersink") : ("buffer", "buffersink")
        let result = cffmpeg_build(
            codecs, filters, graph, source.map { _ in kinds.0 }, kinds.1, source, description, &input, &output)
        guard result >= 0 else { throw .refused("libavfilter") }
    }

    deinit {
        filters.pointee.avfilter_graph_free(&graph)
        codecs.pointee.av_frame_free(&shell)
    }

    /// Puts in a frame, with another time if one is given; nothing says that no more come.
    func push(_ storage: FrameStorage?, at time: Int64? = nil) throws(CodecError) {
        var result: Int32
        if let storage, let shell {
            defer { codecs.pointee.av_frame_unref(shell) }
            result = codecs.pointee.av_frame_ref(shell, storage.raw)
            guard result >= 0 else { throw .failed(result) }
            if let time { shell.pointee.pts = time }
            result = filters.pointee.av_buffersrc_add_frame_flags(input, shell, 0)
        } else {
            result = filters.pointee.av_buffersrc_add_frame_flags(input, nil, 0)
        }
        guard result >= 0 else { throw .failed(result) }
    }

    /// What comes out, if anything does yet.
    func pull() throws(CodecError) -> FrameStorage? {
        let result = filters.pointee.av_buffersink_get_frame(output, shell)
        if result == cffmpeg_again() || result == cffmpeg_end() { return nil }
        guard result >= 0 else { throw .failed(result) }
        return try FrameStorage(moving: shell, codecs)
    }
}
