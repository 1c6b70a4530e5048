public import Bytes
public import Media

/// Reads VP9 that comes as one frame, or one superframe, to a packet. Its configuration is a
/// `VPCodecConfigurationRecord`, with or without the version and the flags of its box.
///
/// The record does not say how large the pictures are, so the track is known with the first key frame; without a record,
/// too. A key frame of another size or form makes a new one.
public struct VP9StreamReader: ConfiguredStreamReader {
    /// The track of the sample read last.
    public private(set) var track: Track?
    private var record: VPCodecConfiguration?
    private var keyFrame: VP9FrameHeader.KeyFrame?
    /// Frames that are not shown and came alone: they belong to the next that is.
    private var hidden: [ByteChunk] = []
    /// True when the first of the frames since the last that was shown is a key frame.
    private var isSync = false

    /// A reader that has seen nothing.
    public init() {}

    /// Takes the record. It is in force from the next key frame on.
    public mutating func configure(_ record: ByteChunk) throws(BitstreamError) {
        let record = try VPCodecConfiguration(record: record)
        guard record != self.record else { return }
        self.record = record
        keyFrame = nil
    }

    /// The sample in `packet`; nothing before the first key frame, and of frames that are not shown: they will be in one
    /// superframe with the next that is.
    public mutating func read(_ packet: ByteChunk) throws(BitstreamError) -> PacketSample? {
        let frames = try VP9Superframe.frames(in: packet)
        let headers = try frames.map { (frame) throws(BitstreamError) in try VP9FrameHeader(frame.span) }
        if let found = headers.first?.keyFrame { begin(found) }
        guard track != nil, !frames.isEmpty else { return nil }
        guard hidden.count + frames.count <= VP9Superframe.frameLimit else {
            (hidden, isSync) = ([], false)
            throw .unsupported("so many frames that are not shown")
        }
        hidden += frames
        guard headers.contains(where: \.isShown) else { return nil }
        defer { (hidden, isSync) = ([], false) }
        let isWhole = hidden.count == frames.count
        return PacketSample(data: isWhole ? packet : VP9Superframe.joined(hidden), isSync: isSync)
    }

    /// What came before a key frame is of no use.
    private mutating func begin(_ found: VP9FrameHeader.KeyFrame) {
        (hidden, isSync) = ([], true)
        guard found != keyFrame else { return }
        keyFrame = found
        track = Track(VPCodecConfiguration(found, record: record), found)
    }
}
