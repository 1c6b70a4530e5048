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
