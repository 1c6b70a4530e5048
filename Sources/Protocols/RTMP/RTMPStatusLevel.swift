/// How grave a status is. RTMP 1.0 §7.2.2.
public enum RTMPStatusLevel: String, Sendable, Hashable {
    /// All is well.
    case status
    /// Something to know; publishing goes on.
    case warning
    /// Publishing ends: ffmpeg stops with the description.
    case error
}
