internal import CFFmpeg
internal import Media

/// Scaling by libavfilter: by zimg, and by whatever is asked for where there is to be black beside pictures.
final class GraphScaling: PictureScaling {
    private let graph: FilterGraph

    init(_ source: PictureSource, _ options: VideoScalerOptions, _ inset: PictureInset?) throws(CodecError) {
        let size = inset?.size ?? options.size
        let further = options.options.map { ":\($0.name)=\($0.value)" }
        let (separator, comma) = ("", ",")
        let (name, algorithm) = options.library == .zimg ? ("zscale", "filter") : ("scale", "flags")
        var filters = [
            "\(name)=w=\(size.width):h=\(size.height):\(algorithm)=\(options.algorithm)"
                + further.joined(separator: separator), "format=pix_fmts=" + options.pixelFormat.name,
        ]
        if let inset {
            let frame = options.size
            filters.append("pad=w=\(frame.width):h=\(frame.height):x=\(inset.left):y=\(inset.top):color=black")
        }
        graph = try FilterGraph(
            .pictures, from: source.description, filters.joined(separator: comma), threads: max(options.threads, 1))
    }

    /// True where libavfilter was built with zimg.
    static var hasZimg: Bool {
        guard let filters = try? CodecLibrary.filters() else { return false }
        return filters.pointee.avfilter_get_by_name("zscale") != nil
    }

    func scale(_ frame: FrameStorage) throws(CodecError) -> FrameStorage {
        try graph.push(frame)
        guard let storage = try graph.pull() else { throw .failed(cffmpeg_again()) }
        return storage
    }
}
