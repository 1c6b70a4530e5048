import Bytes
public import Media

extension Track {
    /// A track of MPEG audio layer II, which needs no decoder configuration. Rates below 32 kHz are those of
    /// ISO/IEC 13818-3.
    public init(mpegAudioSampleRate sampleRate: UInt32, channelCount: Int) {
        self.init(
            codec: .mp2,
            format: .audio(
                AudioFormat(
                    sampleRate: sampleRate, channelCount: channelCount,
                    samplesPerFrame: MPEGAudioHeader.samplesPerFrame)),
            decoderConfiguration: ByteChunk(), codecString: "mp4a.40.33")
    }
}
