/// Bytes that a demuxer reads from somewhere else than libavformat would.
public protocol DemuxerInput: AnyObject {
    /// Puts what comes next at the start of `buffer`, which is not empty, and answers how much that is: nothing at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
    /// Goes on at that offset; false where it cannot.
    func seek(to offset: Int64) -> Bool
    /// How many bytes there are, where that is known.
    var length: Int64? { get }
    /// True when it can go on anywhere.
    var isSeekable: Bool { get }
}

/// What a demuxer wants to read beside its first input, such as a segment of a playlist.
public struct DemuxerReference: Sendable {
    /// Where it is.
    public let url: String
    /// The first byte of it.
    public let offset: Int64
    /// Behind the last byte, where it is a part.
    public let end: Int64?
}
