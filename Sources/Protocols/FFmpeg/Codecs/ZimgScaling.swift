internal import CFFmpeg
internal import Media

/// Scaling by zimg, through libavfilter.
final class ZimgScaling: PictureScaling {
    private let graph: FilterGraph

    init(_ source: PictureSource, _ options: VideoScalerOptions) throws(CodecError) {
        let further = options.options.map { ":\($0.name)=\($0.value)" }
        let separator = ""
        let scale =
            "zscale=w=\(options.size.width):h=\(options.size.height):filter=\(options.algorithm)"
            + further.joined(separator: separator)
        graph = try FilterGraph(
            .pictures, from: source.description, scale + ",format=pix_fmts=" + options.pixelFormat.name,
            threads: max(options.threads, 1))
    }

    /// True where libavfilter was built with it.
    static var isThere: Bool {
        guard let filters = try? CodecLibrary.filters() else { return false }
        return filters.pointee.avfilter_get_by_name("zscale") != nil
    }

    func scale(_ frame: FrameStorage) throws(CodecError) -> FrameStorage {
        try graph.push(frame)
        guard let storage = try graph.pull() else { throw .failed(cffmpeg_again()) }
        return storage
    }
}
