public import Bytes
public import Media

/// Makes samples of a stream that comes in packets of one sample each, behind a configuration, as Enhanced RTMP and files
/// carry it.
///
/// ```swift
/// var reader = AV1StreamReader()
/// try reader.configure(record)
/// if let sample = try reader.read(packet), let track = reader.track { … }
/// ```
public protocol ConfiguredStreamReader: Sendable {
    /// What the sample read last belongs to; nothing while that is not known. It changes where a configuration says so,
    /// and where the stream itself does.
    var track: Track? { get }
    /// Takes a configuration. One that is repeated says nothing new.
    mutating func configure(_ record: ByteChunk) throws(BitstreamError)
    /// The sample in `packet`; nothing where nothing is to be shown or heard of it, or it cannot be told what.
    mutating func read(_ packet: ByteChunk) throws(BitstreamError) -> PacketSample?
}

/// A sample without its times, which the packet's protocol knows.
public struct PacketSample: Sendable, Hashable {
    /// The coded bytes as an MP4 track carries them.
    public let data: ByteChunk
    /// True when decoding can begin here.
    public let isSync: Bool
}
