internal import Packaging

/// The tracks that a channel has, whether they have come or not.
public enum DeclaredTracks: String, Sendable, Hashable, CaseIterable {
    /// Pictures and sound: a rendition of sound is there from the start, silent until a track of it comes.
    case videoAndAudio
    /// Pictures alone: sound is not published.
    case video
    /// Sound alone: pictures are not published.
    case audio

    var hasVideo: Bool { self != .audio }
    var hasAudio: Bool { self != .video }
}

extension Presentation {
    /// Begins a run of what a channel with those tracks expects. False where it cannot go on in this presentation.
    mutating func begin(_ start: RunStart, expecting tracks: DeclaredTracks) -> Bool {
        beginRun(
            tracks: start.tracks, sourceStart: start.sourceStart, now: start.arrival, continues: start.continues,
            expectsSound: tracks.hasAudio, expectsPicture: tracks.hasVideo, soundDelay: start.soundDelay)
    }
}
