public import Bytes
public import Media

/// Reads FLAC that comes as one frame to a packet. Its configuration is what begins a FLAC file: the signature `fLaC` and
/// metadata blocks, the first of which is STREAMINFO.
///
/// All frames of a track last equally long. Where STREAMINFO does not say how long, the first frame does. Of a stream with
/// blocks of a fixed size only the last frame is shorter; one whose blocks do vary is not understood.
public struct FLACStreamReader: ConfiguredStreamReader {
    /// The track of the frame read last.
    public private(set) var track: Track?
    private var header: ByteChunk?
    private var info: FLACStreamInfo?
    private var blockSize: Int?

    /// A reader that has seen nothing.
    public init() {}

    /// Takes the signature and the metadata blocks.
    public mutating func configure(_ record: ByteChunk) throws(BitstreamError) {
        guard record != header else { return }
        let info = try FLACStreamInfo(header: record)
        (header, self.info) = (record, info)
        (blockSize, track) = (nil, nil)
        if info.minimumBlockSize == info.maximumBlockSize { begin(info, blockSize: info.maximumBlockSize) }
    }

    /// The frame in `packet`, which must be what STREAMINFO says it is.
    public mutating func read(_ packet: ByteChunk) throws(BitstreamError) -> PacketSample? {
        guard let info else { return nil }
        let frame = try FLACFrameHeader(packet.span)
        guard frame.sampleRate ?? info.sampleRate == info.sampleRate, frame.channelCount == info.channelCount,
            frame.bitsPerSample ?? info.bitsPerSample == info.bitsPerSample
        else { throw .unsupported("a frame that STREAMINFO does not describe") }
        if let blockSize {
            let mayDiffer = !frame.hasVariableBlockSize && frame.blockSize < blockSize
            guard frame.blockSize == blockSize || mayDiffer else { throw .unsupported("FLAC blocks of varying sizes") }
        } else {
            begin(info, blockSize: frame.blockSize)
        }
        return PacketSample(data: packet, isSync: true)
    }

    private mutating func begin(_ info: FLACStreamInfo, blockSize: Int) {
        self.blockSize = blockSize
        track = Track(info, samplesPerFrame: blockSize)
    }
}
