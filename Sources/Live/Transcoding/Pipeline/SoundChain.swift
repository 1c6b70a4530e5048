internal import FFmpeg
internal import Media

/// One track of sound decoded, filtered and encoded anew. For one thread.
final class SoundChain {
    private var decoder: AudioDecoder
    private let filter: AudioFilter
    private let encoder: AudioEncoder
    /// What is heard before is of no use: the encoder begins with silence.
    private let start: MediaTime
    private var knownFaults = 0

    /// The chain that makes `encoding` of `source`, from `start` on.
    init(_ source: Track, _ encoding: AudioEncoding, start: MediaTime) throws(CodecError) {
        self.start = start
        decoder = try AudioDecoder(source)
        var options = AudioFilterOptions()
        options.sampleRate = encoding.sampleRate
        options.channelCount = encoding.channelCount
        // Mixed down, it is no louder than it can be.
        options.resampling = [("rematrix_maxval", "1")]
        switch encoding.level {
        case .kept: options.loudness = .asItIs
        case .gain(let decibels): options.loudness = .gain(decibels: decibels)
        case .loudness(let target): options.loudness = .normalized(target: target)
        }
        filter = try AudioFilter(options)
        var coding = AudioEncoderOptions()
        coding.encoder = AudioOutput.encoder
        coding.sampleRate = encoding.sampleRate
        coding.channelCount = encoding.channelCount
        coding.bitrate = encoding.bitRate.bitsPerSecond
        encoder = try AudioEncoder(coding)
    }

    /// The track of what comes out.
    var track: Track { encoder.track }

    /// What comes out when `sample` goes in.
    func take(_ sample: Sample) throws(CodecError) -> [Sample] {
        var samples: [Sample] = []
        for frame in decoder.decode(sample) { samples += try encode(filter.filter(frame)) }
        return samples.filter(isHeard)
    }

    /// What of the source is left: nothing follows of it.
    func pause() throws(CodecError) -> [Sample] {
        var samples: [Sample] = []
        for frame in decoder.finish() { samples += try encode(filter.filter(frame)) }
        return try (samples + encode(filter.finish())).filter(isHeard)
    }

    /// What comes next is of `source`.
    func change(to source: Track) throws(CodecError) {
        (decoder, knownFaults) = (try AudioDecoder(source), 0)
    }

    /// Silence from where sound ended up to `time`.
    func fill(until time: MediaTime) throws(CodecError) -> [Sample] {
        try encoder.fill(from: start, until: time).filter(isHeard)
    }

    /// What is left.
    func finish() throws(CodecError) -> [Sample] {
        let samples = try pause()
        return try samples + encoder.finish().filter(isHeard)
    }

    /// How many samples could not be decoded since this was asked for last.
    func takeFaults() -> Int {
        defer { knownFaults = decoder.faults }
        return decoder.faults - knownFaults
    }

    private func encode(_ frames: [AudioFrame]) throws(CodecError) -> [Sample] {
        var samples: [Sample] = []
        for frame in frames { samples += try encoder.encode(frame) }
        return samples
    }

    private func isHeard(_ sample: Sample) -> Bool {
        guard case .audio(let format) = track.format else { return true }
        return sample.presentationTime + MediaTime(Int64(format.samplesPerFrame), Timescale(format.sampleRate)) > start
    }
}
