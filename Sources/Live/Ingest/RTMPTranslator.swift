internal import Bitstreams
internal import Bytes
internal import Media
package import RTMP
internal import Timeline

/// Turns the packets of an RTMP publisher into tracks and samples.
///
/// Sound before its configuration and pictures before theirs are dropped and counted, as are payloads that do not parse.
package struct RTMPTranslator {
    /// A packet that can never be taken, by the codec's name.
    package struct UnsupportedCodec: Error, Equatable {
        package let name: String
    }

    /// RTMP has 32 bits for its milliseconds; some senders keep 31 of them.
    private var clock = TimestampUnwrapper(bits: 31)
    private var videoLengthSize: Int?
    private var videoTrack: Track?
    private var audioTrack: Track?
    /// How many packets nothing could be made of.
    package private(set) var droppedPackets = 0

    /// A translator that has seen nothing.
    package init() {}

    /// What `event` stands for in the feed, if anything.
    package mutating func translate(_ event: RTMPEvent) throws(UnsupportedCodec) -> [FeedEvent] {
        switch event {
        case .video(let timestamp, let packet): try video(packet, at: timestamp)
        case .audio(let timestamp, let packet): try audio(packet, at: timestamp)
        case .text(let timestamp, let properties): text(properties, at: timestamp)
        case .connected, .publishRequested, .metadata, .unpublished: []
        }
    }

    private mutating func video(_ packet: FLVVideoPacket, at timestamp: UInt32) throws(UnsupportedCodec) -> [FeedEvent]
    {
        switch packet {
        case .sequenceHeader(let record): return configureVideo(record)
        case .endOfSequence: return []
        case .unsupported(let name): throw UnsupportedCodec(name: name)
        case .frame(let compositionTime, _, let data):
            guard let lengthSize = videoLengthSize, videoTrack != nil,
                let unit = try? AVCAccessUnit(data, lengthSize: lengthSize)
            else { return drop() }
            var events: [FeedEvent] = []
            if !unit.inBandParameterSets.isEmpty { events += updateVideo(unit.inBandParameterSets) }
            guard unit.containsPicture else { return events }
            let decode = clock.unwrap(Int64(timestamp))
            let sample = Sample(
                data: unit.data, decodeTime: .milliseconds(decode),
                presentationTime: .milliseconds(decode + Int64(compositionTime)), isSync: unit.isIDR)
            return events + [.video(sample)]
        }
    }

    private mutating func configureVideo(_ record: ByteChunk) -> [FeedEvent] {
        guard let configuration = try? AVCDecoderConfiguration(record: record),
            let track = try? Track(avcDecoderConfiguration: record)
        else { return drop() }
        videoLengthSize = configuration.lengthSize
        return announce(track, as: \.videoTrack)
    }

    /// Parameter sets inside the stream that differ from the configuration make a new one.
    private mutating func updateVideo(_ parameterSets: [ByteChunk]) -> [FeedEvent] {
        guard let videoTrack, let current = try? AVCDecoderConfiguration(record: videoTrack.decoderConfiguration),
            let updated = try? current.updating(with: parameterSets)
        else { return [] }
        return announce(Track(updated), as: \.videoTrack)
    }

    private mutating func audio(_ packet: FLVAudioPacket, at timestamp: UInt32) throws(UnsupportedCodec) -> [FeedEvent]
    {
        switch packet {
        case .sequenceHeader(let config):
            guard let track = try? Track(audioSpecificConfig: config) else { return drop() }
            return announce(track, as: \.audioTrack)
        case .silence: return []
        case .unsupported(let name): throw UnsupportedCodec(name: name)
        case .frame(let data):
            guard audioTrack != nil else { return drop() }
            let time = MediaTime.milliseconds(clock.unwrap(Int64(timestamp)))
            return [.audio(Sample(data: data, decodeTime: time, presentationTime: time, isSync: true))]
        }
    }

    /// Each property becomes a text of an ID3 tag, as others make of `onTextData` too.
    private mutating func text(_ properties: [AMF0Property], at timestamp: UInt32) -> [FeedEvent] {
        let texts = properties.compactMap { property in
            property.value.text.map { (description: property.name, value: $0) }
        }
        guard !texts.isEmpty else { return drop() }
        // Whatever a text says of its time, the clock of the media goes on as they do.
        var clock = clock
        let time = MediaTime.milliseconds(clock.unwrap(Int64(timestamp)))
        return [.metadata(TimedMetadata(time: time, tag: ID3Tag.bytes(texts: texts)))]
    }

    /// Encoders repeat their configuration; only a different one is news.
    private mutating func announce(_ track: Track, as known: WritableKeyPath<RTMPTranslator, Track?>) -> [FeedEvent] {
        if self[keyPath: known] == track { return [] }
        self[keyPath: known] = track
        return [.track(track)]
    }

    private mutating func drop() -> [FeedEvent] {
        droppedPackets += 1
        return []
    }
}

extension AMF0Value {
    /// A value without parts, as text.
    fileprivate var text: String? {
        switch self {
        case .string(let text): text
        case .number(let number): Int64(exactly: number).map { String($0) } ?? String(number)
        case .boolean(let flag): String(flag)
        default: nil
        }
    }
}
