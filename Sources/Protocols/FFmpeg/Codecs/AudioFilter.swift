internal import CFFmpeg
internal import Media

/// Makes sound of one form of sound of any: mixed down, at another rate, louder or quieter. For one thread.
///
/// What comes out has no gaps and no overlaps. The source may change at any frame: what is inside comes out first.
public final class AudioFilter {
    /// The form of what goes in.
    private struct Source: Equatable {
        let description: String
        let sampleRate: Int32
    }

    /// What comes out, and how.
    public let options: AudioFilterOptions
    private let codecs: UnsafePointer<cffmpeg_codecs>
    private let filters: UnsafePointer<cffmpeg_filters>
    private var graph: UnsafeMutablePointer<AVFilterGraph>?
    private var input: UnsafeMutablePointer<AVFilterContext>?
    private var output: UnsafeMutablePointer<AVFilterContext>?
    private var shell: UnsafeMutablePointer<AVFrame>?
    private var source: Source?

    /// A filter to those options.
    public init(_ options: AudioFilterOptions) throws(CodecError) {
        self.options = options
        codecs = try CodecLibrary.codecs()
        filters = try CodecLibrary.filters()
        shell = codecs.pointee.av_frame_alloc()
        guard shell != nil else { throw .failed(cffmpeg_no_memory()) }
        // What cannot be is refused before there is any sound.
        try build(Source(description: "sample_rate=48000:sample_fmt=fltp:channel_layout=stereo", sampleRate: 48_000))
        (graph, source) = (free(), nil)
    }

    deinit {
        graph = free()
        codecs.pointee.av_frame_free(&shell)
    }

    /// The sound that comes out when `frame` goes in.
    public func filter(_ frame: AudioFrame) throws(CodecError) -> [AudioFrame] {
        let found = try describe(frame)
        var frames: [AudioFrame] = []
        if found != source {
            if source != nil { frames = try finish() }
            try build(found)
        }
        guard let shell else { return frames }
        defer { codecs.pointee.av_frame_unref(shell) }
        var result = codecs.pointee.av_frame_ref(shell, frame.storage.raw)
        guard result >= 0 else { throw .failed(result) }
        shell.pointee.pts = frame.presentationTime.ticks(in: Timescale(UInt32(max(found.sampleRate, 1))))
        result = filters.pointee.av_buffersrc_add_frame_flags(input, shell, 0)
        guard result >= 0 else { throw .failed(result) }
        return try frames + receive()
    }

    /// The sound that is left. What goes in after this begins anew.
    public func finish() throws(CodecError) -> [AudioFrame] {
        guard source != nil else { return [] }
        _ = filters.pointee.av_buffersrc_add_frame_flags(input, nil, 0)
        let frames = try receive()
        (graph, source) = (free(), nil)
        return frames
    }

    private func receive() throws(CodecError) -> [AudioFrame] {
        var frames: [AudioFrame] = []
        while let shell {
            let result = filters.pointee.av_buffersink_get_frame(output, shell)
            if result == cffmpeg_again() || result == cffmpeg_end() { return frames }
            guard result >= 0 else { throw .failed(result) }
            let ticks = shell.pointee.pts
            let storage = try FrameStorage(moving: shell, codecs)
            frames.append(AudioFrame(storage, at: MediaTime(ticks, Timescale(options.sampleRate))))
        }
        return frames
    }

    private func describe(_ frame: AudioFrame) throws(CodecError) -> Source {
        let raw = frame.storage.raw
        var layout = [CChar](repeating: 0, count: 128)
        guard codecs.pointee.av_channel_layout_describe(&raw.pointee.ch_layout, &layout, layout.count) > 0,
            let format = codecs.pointee.av_get_sample_fmt_name(AVSampleFormat(rawValue: raw.pointee.format))
        else { throw .otherFormat }
        let end = layout.firstIndex(of: 0) ?? layout.count
        let name = String(decoding: layout[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return Source(
            description: "sample_rate=\(raw.pointee.sample_rate):sample_fmt=\(String(cString: format))"
                + ":channel_layout=\(name)", sampleRate: raw.pointee.sample_rate)
    }

    private func build(_ source: Source) throws(CodecError) {
        graph = free()
        graph = filters.pointee.avfilter_graph_alloc()
        guard let graph else { throw .failed(cffmpeg_no_memory()) }
        graph.pointee.nb_threads = 1
        let result = cffmpeg_build(
            codecs, filters, graph, "time_base=1/\(source.sampleRate):" + source.description, options.description,
            &input,
            &output)
        guard result >= 0 else { throw .refused("libavfilter") }
        self.source = source
    }

    /// Frees the graph; nothing, to put in its place.
    private func free() -> UnsafeMutablePointer<AVFilterGraph>? {
        filters.pointee.avfilter_graph_free(&graph)
        (input, output) = (nil, nil)
        return nil
    }
}
