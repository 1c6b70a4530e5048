internal import Bitstreams
internal import Bytes
internal import Media
internal import RTMP

/// The video track of an RTMP publisher: what is known of how it is coded, and what its frames become.
struct RTMPPicture {
    /// What a frame becomes: a track where the configuration is news, a picture where it has one.
    struct Output {
        var track: Track?
        var sample: (data: ByteChunk, access: SampleAccess)?
    }

    private enum Coding {
        case none
        case avc(lengthSize: Int)
        case hevc(lengthSize: Int)
        /// `reader` reads it.
        case whole(ExVideoCodec)

        var codec: ExVideoCodec? {
            switch self {
            case .none: nil
            case .avc: .avc
            case .hevc: .hevc
            case .whole(let codec): codec
            }
        }
    }

    private var coding = Coding.none
    /// Reads codecs without NAL units.
    private var reader: (any ConfiguredStreamReader)?
    /// The track as the bitstream has it, and as it was told last.
    private var track: Track?
    private var told: Track?
    /// What the container says of the colour: it comes before what the bitstream says.
    private var colour: RTMPColourInfo?

    /// Takes a decoder configuration; the track comes back where it is news.
    mutating func configure(_ codec: ExVideoCodec, _ record: ByteChunk) throws(BitstreamError) -> Track? {
        switch codec {
        case .avc:
            let configuration = try AVCDecoderConfiguration(record: record)
            coding = .avc(lengthSize: configuration.lengthSize)
            return announce(Track(configuration))
        case .hevc:
            let configuration = try HEVCDecoderConfiguration(record: record)
            coding = .hevc(lengthSize: configuration.lengthSize)
            return announce(Track(configuration))
        case .av1, .vp9:
            begin(codec)
            try reader?.configure(record)
            return news
        case .vp8, .vvc: throw .unsupported(codec.name)
        }
    }

    /// Takes the beginning of AV1 without a configuration: what the descriptor of a transport stream says, the first key
    /// frame says too.
    mutating func beginAV1() { begin(.av1) }

    private mutating func begin(_ codec: ExVideoCodec) {
        guard coding.codec != codec else { return }
        coding = .whole(codec)
        reader = codec == .av1 ? AV1StreamReader() : VP9StreamReader()
    }

    /// The reader's track, where that is another one than before.
    private var news: Track? {
        mutating get {
            guard let found = reader?.track, found != track else { return nil }
            return announce(found)
        }
    }

    /// Takes what the container says of the colour of pictures so coded, nothing where it takes that back; the track comes
    /// back where it is news.
    mutating func paint(_ colour: RTMPColourInfo?, _ codec: ExVideoCodec) -> Track? {
        // Encoders send those of another track without its number.
        guard coding.codec == nil || coding.codec == codec else { return nil }
        self.colour = colour
        return track.flatMap { announce($0) }
    }

    /// Takes a coded frame.
    mutating func take(_ data: ByteChunk, _ codec: ExVideoCodec) throws(BitstreamError) -> Output {
        switch (codec, coding) {
        case (.avc, .avc(let lengthSize)):
            let unit = try AVCAccessUnit(data, lengthSize: lengthSize)
            return Output(
                track: unit.inBandParameterSets.isEmpty ? nil : update(avc: unit.inBandParameterSets),
                sample: unit.containsPicture ? (unit.data, unit.isIDR ? .sync : .dependent) : nil)
        case (.hevc, .hevc(let lengthSize)):
            let unit = try HEVCAccessUnit(data, lengthSize: lengthSize)
            return Output(
                track: unit.inBandParameterSets.isEmpty ? nil : update(hevc: unit.inBandParameterSets),
                sample: unit.containsPicture ? (unit.data, unit.access) : nil)
        case (_, .whole(codec)):
            let sample = try reader?.read(data)
            return Output(track: news, sample: sample.map { ($0.data, $0.isSync ? .sync : .dependent) })
        default: throw .missing("sequence start")
        }
    }

    /// Parameter sets inside the stream that differ from the configuration make a new one.
    private mutating func update(avc parameterSets: [ByteChunk]) -> Track? {
        guard let track, let current = try? AVCDecoderConfiguration(record: track.decoderConfiguration),
            let updated = try? current.updating(with: parameterSets)
        else { return nil }
        return announce(Track(updated))
    }

    private mutating func update(hevc parameterSets: [ByteChunk]) -> Track? {
        guard let track, let current = try? HEVCDecoderConfiguration(record: track.decoderConfiguration),
            let updated = try? current.updating(with: parameterSets)
        else { return nil }
        return announce(Track(updated))
    }

    /// Encoders repeat their configuration; only a different one is news.
    private mutating func announce(_ track: Track) -> Track? {
        self.track = track
        let painted = colour?.paint(track) ?? track
        guard painted != told else { return nil }
        told = painted
        return painted
    }
}
