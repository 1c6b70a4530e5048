internal import Bitstreams
internal import Bytes
internal import Media
internal import RTMP

/// One audio track of an RTMP publisher: what is known of how it is coded, and what its packets become.
struct RTMPSound {
    /// What packets become: a track where the configuration is news, a sample where they have one.
    struct Output {
        var track: Track?
        var sample: ByteChunk?
    }

    /// The times of a packet.
    struct Start {
        let timestamp: UInt32
        let nanoseconds: UInt32
    }

    private enum Coding {
        case none
        case aac
        /// The identification header, where it is not empty.
        case opus(OpusIdentificationHeader?)
        case ac3(AC3SampleReader)
        case flac(FLACStreamReader)
    }

    /// The track's number among those of the publisher.
    let number: UInt8
    /// The track as it was told last.
    private(set) var track: Track?
    private var coding = Coding.none
    /// The times of the packet that the sample begun began with.
    private(set) var start = Start(timestamp: 0, nanoseconds: 0)
    /// What the publisher says of the channels; it counts where the bitstream does not say it.
    private var channelCount: Int?
    private var description = RTMPTrackDescription()

    init(number: UInt8) { self.number = number }

    /// True when a packet of AAC in the classic form can be taken as it is.
    var isAAC: Bool { if case .aac = coding { true } else { false } }

    /// Takes what the publisher says about the track; a track comes back where that is news.
    mutating func describe(_ description: RTMPTrackDescription) -> Track? {
        self.description = description
        return track.flatMap { announce($0) }
    }

    /// Takes an `AudioSpecificConfig`.
    mutating func configure(audioSpecificConfig: ByteChunk) throws(BitstreamError) -> Track? {
        let track = try Track(audioSpecificConfig: audioSpecificConfig)
        coding = .aac
        return announce(track)
    }

    /// Takes a packet of Enhanced RTMP. The times of its sample, if it has one, are in `start` then.
    mutating func take(_ packet: ExAudioPacket, at timestamp: UInt32) throws(BitstreamError) -> Output {
        if !isInsideSample { start = Start(timestamp: timestamp, nanoseconds: packet.nanoseconds) }
        switch packet.body {
        case .sequenceStart(let record): return Output(track: try configure(packet.codec, record))
        case .frame(let data): return try take(data, packet.codec)
        case .multichannelConfiguration(let configuration):
            channelCount = configuration.channelCount
            return Output()
        case .sequenceEnd: return Output()
        }
    }

    /// True when the next packet goes on with a sample.
    private var isInsideSample: Bool { if case .ac3(let reader) = coding { reader.isInsideSample } else { false } }

    private mutating func configure(_ codec: ExAudioCodec, _ record: ByteChunk) throws(BitstreamError) -> Track? {
        switch codec {
        case .aac: return try configure(audioSpecificConfig: record)
        case .opus:
            // The first packet tells how long all are.
            let header = record.isEmpty ? nil : try OpusIdentificationHeader(record.span)
            if case .opus(let known) = coding, known == header { return nil }
            (coding, track) = (.opus(header), nil)
        case .flac:
            var reader = if case .flac(let known) = coding { known } else { FLACStreamReader() }
            try reader.configure(record)
            coding = .flac(reader)
            return reader.track.flatMap { announce($0) }
        // The others have their configuration in their frames.
        case .ac3, .eac3, .mp3: break
        }
        return nil
    }

    private mutating func take(_ data: ByteChunk, _ codec: ExAudioCodec) throws(BitstreamError) -> Output {
        switch (codec, coding) {
        case (.aac, .aac): return Output(sample: data)
        case (.opus, .opus(let header)):
            var output = Output(sample: data)
            if track?.codec != .opus { output.track = announce(try opusTrack(header, first: data)) }
            return output
        case (.ac3, .ac3(var reader)), (.eac3, .ac3(var reader)):
            defer { coding = .ac3(reader) }
            guard let (track, sample) = try reader.read(data) else { return Output() }
            return Output(track: track.flatMap { announce($0) }, sample: sample)
        case (.ac3, _), (.eac3, _):
            coding = .ac3(AC3SampleReader())
            return try take(data, codec)
        case (.flac, .flac(var reader)):
            defer { coding = .flac(reader) }
            guard let sample = try reader.read(data) else { return Output() }
            return Output(track: reader.track.flatMap { announce($0) }, sample: sample.data)
        default: throw .missing("sequence start")
        }
    }

    private func opusTrack(_ header: OpusIdentificationHeader?, first: ByteChunk) throws(BitstreamError) -> Track {
        let duration = try OpusPacket.duration(of: first.span)
        if let header { return Track(header, samplesPerFrame: duration) }
        return try Track(opusChannelConfigurationCode: UInt8(clamping: channelCount ?? 2), samplesPerFrame: duration)
    }

    /// Encoders repeat their configuration; only a different one is news.
    private mutating func announce(_ track: Track) -> Track? {
        var track = track
        (track.index, track.language, track.name) = (Int(number), description.language, description.name)
        guard track != self.track else { return nil }
        self.track = track
        return track
    }
}
