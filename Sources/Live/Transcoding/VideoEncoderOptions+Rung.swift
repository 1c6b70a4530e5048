public import FFmpeg
public import Media
public import Packaging

extension VideoEncoderOptions {
    /// How `rung` is encoded on a channel of that latency.
    ///
    /// `frame` is the first picture of the source, as it was decoded from a track of `format`; pictures of the source are
    /// `frameDuration` apart. What the stream itself does not say is taken from the track. Where key frames come from, and
    /// what else is so for all, `VideoEncoder` sees to.
    public init(
        _ rung: Ladder.Rung, latency: LatencyProfile.Name, source frame: Frame, format: VideoFormat,
        frameDuration: MediaTime
    ) {
        let (rendition, tuning) = (rung.rendition, EncoderTuning(latency))
        let coding = rendition.coding
        self.init(
            encoder: coding.encoder, size: rung.size, frameDuration: frameDuration * Int64(rung.divisor),
            bitrate: rendition.bitRate.bitsPerSecond)
        timescale = frame.presentationTime.timescale
        maximumBitrate = rendition.peakBitRate.bitsPerSecond
        let buffer = (rendition.buffer ?? tuning.buffer).ticks(in: .milliseconds)
        bufferSize = rendition.peakBitRate.bitsPerSecond * Int(buffer) / 1000
        setCoding(rendition, tuning, hasHighDynamicRange: SourcePicture.isHigh(frame.colour ?? format.colour))
        (colour, chromaLocation) = (frame.colour ?? format.colour, frame.chromaLocation)
        rotation = frame.rotation
        (mastering, light) = (frame.mastering ?? format.mastering, frame.light ?? format.light)
    }

    private mutating func setCoding(_ rendition: Rendition, _ tuning: EncoderTuning, hasHighDynamicRange: Bool) {
        let coding = rendition.coding
        let chosen = rendition.profile ?? coding.usualProfile(hasHighDynamicRange: hasHighDynamicRange)
        preset = rendition.preset ?? coding.usualPreset
        let hasTenBits = chosen == "main10" || (coding == .av1 && hasHighDynamicRange)
        pixelFormat = hasTenBits ? .yuv420With10Bits : .yuv420
        // The encoder of AV1 is without delay as it is, and takes the profile from the pictures.
        guard coding != .av1 else { return }
        profile = chosen
        tune = tuning.isWithoutDelay ? "zerolatency" : nil
        bidirectionalFrames = chosen == "baseline" ? 0 : tuning.bFrames(at: frameDuration)
        let lookAhead = "rc-lookahead=\(tuning.lookAhead(at: frameDuration))"
        if coding == .h264 {
            threads = tuning.threads(for: size)
            options = [("x264-params", "\(lookAhead):sliced-threads=\(threads > 1 ? 1 : 0)")]
        } else {
            // Its threads take a picture each, and each would delay all by one.
            options = [("x265-params", lookAhead)]
        }
    }
}
