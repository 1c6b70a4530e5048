public import Bytes
public import Media

extension Track {
    /// The AC-3 or Enhanced AC-3 track whose first sample is `sample`: one `syncframe()` of AC-3, or those frames of
    /// Enhanced AC-3 that hold six blocks of each substream (ETSI TS 102 366 annex F).
    ///
    /// `bsmod` of Enhanced AC-3, which lies behind the mixing metadata, is not read: each track is a complete main one.
    public init(ac3Sample sample: ByteChunk) throws(BitstreamError) {
        self.init(try AC3Configuration(sample: sample.span), sample: sample)
    }

    /// The track of `configuration`; `sample` tells the bit rate.
    init(_ configuration: AC3Configuration, sample: ByteChunk) {
        let record: ByteChunk
        if configuration.isEnhanced {
            record = configuration.record(
                kilobitsPerSecond: sample.count * 8 * Int(configuration.sampleRate) / (1536 * 1000))
        } else {
            record = configuration.record(bitRateCode: AC3SyncFrame(sample.span)?.bitRateCode ?? 0)
        }
        self.init(
            codec: configuration.isEnhanced ? .eac3 : .ac3,
            format: .audio(
                AudioFormat(
                    sampleRate: configuration.sampleRate, channelCount: configuration.channelCount,
                    samplesPerFrame: 1536)),
            decoderConfiguration: record, codecString: configuration.isEnhanced ? "ec-3" : "ac-3")
    }
}
