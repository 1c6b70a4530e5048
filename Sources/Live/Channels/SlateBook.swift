internal import Media
internal import Packaging
internal import Time

/// The slate of a channel, and the tracks that it was made for.
struct SlateBook {
    private var tracks: [Track] = []
    /// Nothing as long as it is being made.
    private(set) var slate: Slate?

    /// The video `tracks` are published from now on: the same, where a slate is to be made for them.
    mutating func order(like tracks: [Track]) -> [Track]? {
        guard !tracks.isEmpty, tracks != self.tracks else { return nil }
        (self.tracks, slate) = (tracks, nil)
        return tracks
    }

    /// The groups for `tracks` have been made. False where others are published by now.
    mutating func take(_ groups: [StillGroup], for tracks: [Track], after patience: Duration) -> Bool {
        guard tracks == self.tracks else { return false }
        slate = Slate(groups, after: .milliseconds(patience.wholeMilliseconds))
        return true
    }
}
