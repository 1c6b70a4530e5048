internal import CFFmpeg
internal import Media

/// Makes sound of one form of sound of any: mixed down, at another rate, louder or quieter. For one thread.
///
/// What comes out has no gaps and no overlaps. The source may change at any frame: what is inside comes out first.
public final class AudioFilter {
    /// The form of what goes in.
    private struct Source: Equatable {
        let format: String
        let layout: String
        let sampleRate: UInt32

        /// As libavfilter has it.
        var description: String {
            "time_base=1/\(sampleRate):sample_rate=\(sampleRate):sample_fmt=\(format):channel_layout=\(layout)"
        }
    }

    /// What comes out, and how.
    public let options: AudioFilterOptions
    private let codecs: UnsafePointer<cffmpeg_codecs>
    private var graph: FilterGraph?
    private var source: Source?

    /// A filter to those options.
    public init(_ options: AudioFilterOptions) throws(CodecError) {
        self.options = options
        codecs = try CodecLibrary.codecs()
        // What cannot be is refused before there is any sound.
        let usual = Source(format: "fltp", layout: "stereo", sampleRate: 48_000)
        _ = try FilterGraph(.sound, from: usual.description, options.description)
    }

    /// The sound that comes out when `frame` goes in.
    public func filter(_ frame: AudioFrame) throws(CodecError) -> [AudioFrame] {
        let found = try describe(frame)
        var frames: [AudioFrame] = []
        if found != source {
            frames = try finish()
            graph = try FilterGraph(.sound, from: found.description, options.description)
            source = found
        }
        try graph?.push(frame.storage, at: frame.presentationTime.ticks(in: Timescale(found.sampleRate)))
        return try frames + receive()
    }

    /// The sound that is left. What goes in after this begins anew.
    public func finish() throws(CodecError) -> [AudioFrame] {
        try graph?.push(nil)
        let frames = try receive()
        (graph, source) = (nil, nil)
        return frames
    }

    private func receive() throws(CodecError) -> [AudioFrame] {
        var frames: [AudioFrame] = []
        while let storage = try graph?.pull() {
            frames.append(
                AudioFrame(storage, at: MediaTime(storage.raw.pointee.pts, Timescale(options.sampleRate))))
        }
        return frames
    }

    private func describe(_ frame: AudioFrame) throws(CodecError) -> Source {
        let raw = frame.storage.raw
        var layout = [CChar](repeating: 0, count: 128)
        guard raw.pointee.sample_rate > 0,
            codecs.pointee.av_channel_layout_describe(&raw.pointee.ch_layout, &layout, layout.count) > 0,
            let format = codecs.pointee.av_get_sample_fmt_name(AVSampleFormat(rawValue: raw.pointee.format))
        else { throw .otherFormat }
        let end = layout.firstIndex(of: 0) ?? layout.count
        let name = String(decoding: layout[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return Source(format: String(cString: format), layout: name, sampleRate: frame.sampleRate)
    }
}
