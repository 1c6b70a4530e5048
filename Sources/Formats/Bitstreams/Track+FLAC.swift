public import Bytes
public import Media

extension Track {
    /// The FLAC track that begins with `header`: the signature `fLaC` and metadata blocks, the first of which is
    /// STREAMINFO. Its frames hold the largest block there is.
    public init(flacStreamInfo header: ByteChunk) throws(BitstreamError) {
        let info = try FLACStreamInfo(header: header)
        self.init(info, samplesPerFrame: info.maximumBlockSize)
    }

    /// The FLAC track of `info`, whose frames hold `samplesPerFrame` audio samples.
    init(_ info: FLACStreamInfo, samplesPerFrame: Int) {
        self.init(
            codec: .flac,
            format: .audio(
                AudioFormat(
                    sampleRate: info.sampleRate, channelCount: info.channelCount, samplesPerFrame: samplesPerFrame)),
            decoderConfiguration: info.record, codecString: "fLaC")
    }
}
