internal import FFmpeg
internal import Media
internal import Packaging
internal import Time

/// A source of which not enough is known yet: its pictures are decoded and held back until it is clear how many of them there
/// are in a second, and whatever else comes of it waits as long.
struct IncomingSource {
    /// How many pictures are held back, and how long they are shown.
    private static let enough = (count: 16, time: MediaTime.milliseconds(250))
    /// So long after its beginning a source goes on without pictures, where none can be decoded.
    private static let patience = MediaTime.milliseconds(2000)
    /// So much waits at most.
    private static let waitingLimit = 4096

    /// How it began.
    let start: RunStart
    /// Nothing where it has none that are to be decoded, or can be.
    let pictures: PictureSource?
    /// The pictures that have come.
    private(set) var held: [PictureSource.Picture] = []
    /// What else has.
    private(set) var waiting: [(step: MediaStep, arrival: Instant)] = []

    /// The source that begins so.
    init(_ start: RunStart, _ plan: TranscodingPlan) {
        self.start = start
        var pictures: PictureSource?
        if plan.profile.encodesPictures, let video = start.tracks.first(where: \.isVideo) {
            do throws(CodecError) {
                pictures = try PictureSource(video, plan)
            } catch {
                plan.journal.failed(.decode, error)
            }
        }
        self.pictures = pictures
    }

    /// Its tracks of sound.
    var sounds: [Track] { start.tracks.filter { !$0.isVideo } }

    /// Takes what comes next. True when nothing more has to be waited for.
    mutating func take(_ step: MediaStep, _ arrival: Instant) -> Bool {
        guard let pictures else { return true }
        if case .video(let sample, _) = step {
            held += pictures.take(sample, arrival: arrival)
            return isClear
        }
        waiting.append((step, arrival))
        if waiting.count >= Self.waitingLimit { return true }
        guard case .audio(let sample, _) = step else { return false }
        return sample.presentationTime - start.sourceStart >= Self.patience
    }

    /// Samples are missing. Nobody could be given what came before, and that is not worth a beginning of its own.
    mutating func lose() {
        held = []
        pictures?.passage = pictures?.passage.map { SourcePassage($0.track) }
        pictures?.lose()
    }

    private var isClear: Bool {
        guard let first = held.first, let last = held.last, held.count > 1 else { return false }
        return held.count >= Self.enough.count
            || last.frame.presentationTime - first.frame.presentationTime >= Self.enough.time
    }

    /// How far half of the pictures are apart at most; nothing where there is but one.
    var distance: MediaTime? {
        let times = held.map(\.frame.presentationTime)
        let distances = zip(times.dropFirst(), times).map { $0 - $1 }.filter { $0 > .zero }.sorted()
        return distances.isEmpty ? nil : distances[distances.count / 2]
    }

    /// What its pictures are like; nothing where none has come.
    var picture: SourcePicture? {
        guard let first = held.first?.frame, let format = pictures?.format else { return nil }
        return SourcePicture(first, format: format, frameRate: distance.map { 1 / $0.seconds })
    }

    /// How their colours are meant, where it is said.
    var colour: ColourDescription? { held.first?.frame.colour ?? pictures?.format.colour }
}
