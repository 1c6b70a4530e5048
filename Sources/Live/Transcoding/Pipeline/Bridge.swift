internal import FFmpeg
internal import Media
internal import Packaging
internal import Time

/// What is shown between two sources: how long, and what of it viewers are told.
struct Bridge {
    /// Longer than that no pictures are made at once: who was away for so long begins anew.
    static let longest = MediaTime.milliseconds(10_000)

    /// When the last picture of a source was shown.
    let start: MediaTime
    private let rules: SlateRules
    /// True once viewers have been told.
    private(set) var isTold = false
    /// True once the card has been asked for.
    private var showsCard = false

    /// Between two sources, the first of which showed its last picture at `start`.
    init(_ rules: SlateRules, start: MediaTime) { (self.rules, self.start) = (rules, start) }

    /// The picture to be shown from `time` on, where it changes there.
    mutating func change(at time: MediaTime) -> StillPicture? {
        guard !showsCard, time - start >= .milliseconds(rules.hold.wholeMilliseconds) else { return nil }
        showsCard = true
        return rules.picture
    }

    /// True at the first `time` that is so late that viewers have to be told.
    mutating func tells(at time: MediaTime) -> Bool {
        guard !isTold, time - start >= .milliseconds(rules.patience.wholeMilliseconds) else { return false }
        isTold = true
        return true
    }
}
