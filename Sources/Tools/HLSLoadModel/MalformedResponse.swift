/// What makes an answer unreadable.
public enum MalformedResponse: Error, Equatable, Sendable {
    /// The status line is none of HTTP/1.
    case statusLine
    /// A header field has no colon, or the head is too long.
    case head
    /// The length of the body is not said in a way that can be relied on.
    case length
    /// The chunks of the body are not chunks.
    case chunk
    /// There are more bytes than the answer has, or more than are taken.
    case excess
    /// The body is compressed in a way that was not asked for, or cannot be decompressed.
    case coding
    /// The body is no playlist.
    case playlist
}
