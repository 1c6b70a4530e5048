internal import CFFmpeg
internal import Media

/// Makes pictures of one moment of such as are two fields, of two moments: as many as there were, at the same times. For one
/// thread.
///
///     for picture in try deinterlacer.deinterlace(frame) { … }
///
/// Fields are looked at with those around them, so a picture comes out when the next goes in. Colour, captions and whatever
/// else belongs to a picture go along. The source may change at any picture: what is inside comes out first.
public final class Deinterlacer {
    /// libavfilter's names of what can do it, the best first.
    package static let known = ["bwdif", "yadif"]

    private let filter: String
    private var graph: FilterGraph?
    private var source: PictureSource?
    /// The times of the pictures that are inside, by their numbers.
    private var times: [Int64: MediaTime] = [:]
    private var number: Int64 = 0

    /// A deinterlacer that knows nothing of what came before.
    public convenience init() throws(CodecError) { try self.init(among: Self.known) }

    /// One that works by the first filter of those names that there is.
    package init(among names: [String]) throws(CodecError) {
        let filters = try CodecLibrary.filters()
        guard let name = names.first(where: { filters.pointee.avfilter_get_by_name($0) != nil }) else {
            throw .filterMissing(names.first ?? "")
        }
        filter = name + "=mode=send_frame:parity=auto:deint=all"
    }

    /// The pictures that come out when `frame` goes in.
    public func deinterlace(_ frame: Frame) throws(CodecError) -> [Frame] {
        let found = PictureSource(frame)
        var frames: [Frame] = []
        if found != source {
            frames = try finish()
            graph = try FilterGraph(.pictures, from: found.description, filter)
            source = found
        }
        times[number] = frame.presentationTime
        try graph?.push(frame.storage, at: number)
        number += 1
        return try frames + receive()
    }

    /// The pictures that are left. What goes in after this begins anew.
    public func finish() throws(CodecError) -> [Frame] {
        try graph?.push(nil)
        let frames = try receive()
        (graph, source) = (nil, nil)
        times = [:]
        return frames
    }

    private func receive() throws(CodecError) -> [Frame] {
        var frames: [Frame] = []
        while let storage = try graph?.pull() {
            // What comes out is counted in halves, for there could be one picture of each field.
            guard let time = times.removeValue(forKey: storage.raw.pointee.pts / 2) else { continue }
            frames.append(Frame(storage, at: time))
        }
        return frames
    }
}
