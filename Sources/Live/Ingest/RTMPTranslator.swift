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
    private var picture = RTMPPicture()
    /// The audio tracks that have come.
    private var sounds: [RTMPSound] = []
    private var descriptions: [UInt8: RTMPTrackDescription] = [:]
    /// How many packets nothing could be made of.
    package private(set) var droppedPackets = 0
    /// How many packets were of other video tracks than the default one, which alone is published.
    package private(set) var otherVideoPackets = 0

    /// A translator that has seen nothing.
    package init() {}

    /// What `event` stands for in the feed, if anything.
    package mutating func translate(_ event: RTMPEvent) throws(UnsupportedCodec) -> [FeedEvent] {
        switch event {
        case .video(let timestamp, let packet): try video(packet, at: timestamp)
        case .audio(let timestamp, let packet): try audio(packet, at: timestamp)
        case .exVideo(let timestamp, let packet): try video(packet, at: timestamp)
        case .exAudio(let timestamp, let packet): try audio(packet, at: timestamp)
        case .text(let timestamp, let properties): text(properties, at: timestamp)
        case .metadata(let values): describe(RTMPTrackDescription.audioTracks(of: values))
        case .connected, .publishRequested, .unpublished: []
        }
    }

    // MARK: Video

    private mutating func video(_ packet: FLVVideoPacket, at timestamp: UInt32) throws(UnsupportedCodec) -> [FeedEvent]
    {
        switch packet {
        case .sequenceHeader(let record): return configure(.avc, record)
        case .endOfSequence: return []
        case .unsupported(let name): throw UnsupportedCodec(name: name)
        case .frame(let compositionTime, _, let data):
            return frame(data, .avc, at: timestamp, compositionTime: compositionTime)
        }
    }

    private mutating func video(_ packet: ExVideoPacket, at timestamp: UInt32) throws(UnsupportedCodec) -> [FeedEvent] {
        guard packet.track == 0 else {
            otherVideoPackets += 1
            return []
        }
        guard packet.codec.isTaken else { throw UnsupportedCodec(name: packet.codec.name + " in Enhanced RTMP") }
        switch packet.body {
        case .sequenceStart(let record): return configure(packet.codec, record)
        case .frame(let compositionTime, _, let data):
            return frame(
                data, packet.codec, at: timestamp, compositionTime: compositionTime, nanoseconds: packet.nanoseconds)
        case .metadata(let properties):
            guard let info = properties.last(where: { $0.name == "colorInfo" }) else { return [] }
            return picture.paint(RTMPColourInfo(info.value), packet.codec).map { [.track($0)] } ?? []
        case .mpeg2TSSequenceStart:
            picture.beginAV1()
            return []
        case .sequenceEnd: return []
        }
    }

    private mutating func configure(_ codec: ExVideoCodec, _ record: ByteChunk) -> [FeedEvent] {
        do throws(BitstreamError) {
            return try picture.configure(codec, record).map { [.track($0)] } ?? []
        } catch { return drop() }
    }

    private mutating func frame(
        _ data: ByteChunk, _ codec: ExVideoCodec, at timestamp: UInt32, compositionTime: Int32, nanoseconds: UInt32 = 0
    ) -> [FeedEvent] {
        guard let output = try? picture.take(data, codec) else { return drop() }
        let events = output.track.map { [FeedEvent.track($0)] } ?? []
        guard let (data, access) = output.sample else { return events }
        let decode = clock.unwrap(Int64(timestamp))
        let sample = Sample(
            data: data, decodeTime: .milliseconds(decode),
            presentationTime: time(decode + Int64(compositionTime), nanoseconds), access: access)
        return events + [.video(sample)]
    }

    // MARK: Audio

    private mutating func audio(_ packet: FLVAudioPacket, at timestamp: UInt32) throws(UnsupportedCodec) -> [FeedEvent]
    {
        switch packet {
        case .sequenceHeader(let config):
            let place = sound(0)
            do throws(BitstreamError) {
                return try sounds[place].configure(audioSpecificConfig: config).map { [.track($0)] } ?? []
            } catch { return drop() }
        case .silence: return []
        case .unsupported(let name): throw UnsupportedCodec(name: name)
        case .frame(let data):
            guard sounds.contains(where: { $0.number == 0 && $0.isAAC }) else { return drop() }
            return [.audio(sample(data, at: timestamp))]
        }
    }

    private mutating func audio(_ packet: ExAudioPacket, at timestamp: UInt32) throws(UnsupportedCodec) -> [FeedEvent] {
        guard packet.codec.isTaken else {
            let name = packet.codec.name + " in Enhanced RTMP"
            // Beside the default track others may be coded as they like.
            if packet.track > 0 { return [.unusable(codecName: name)] }
            throw UnsupportedCodec(name: name)
        }
        let place = sound(packet.track)
        guard let output = try? sounds[place].take(packet, at: timestamp) else { return drop() }
        var events: [FeedEvent] = []
        if let track = output.track { events.append(.track(track)) }
        if let data = output.sample {
            let start = sounds[place].start
            let sample = sample(data, at: start.timestamp, nanoseconds: start.nanoseconds)
            events.append(.audio(sample, track: Int(packet.track)))
        }
        return events
    }

    /// The place of the audio track of that number, which is there then.
    private mutating func sound(_ number: UInt8) -> Int {
        if let place = sounds.firstIndex(where: { $0.number == number }) { return place }
        sounds.append(RTMPSound(number: number))
        if let description = descriptions[number] { _ = sounds[sounds.count - 1].describe(description) }
        return sounds.count - 1
    }

    private mutating func sample(_ data: ByteChunk, at timestamp: UInt32, nanoseconds: UInt32 = 0) -> Sample {
        let milliseconds = clock.unwrap(Int64(timestamp))
        return Sample(
            data: data, decodeTime: .milliseconds(milliseconds), presentationTime: time(milliseconds, nanoseconds),
            isSync: true)
    }

    /// Offsets in nanoseconds are rare, and what has none is reckoned with in milliseconds.
    private func time(_ milliseconds: Int64, _ nanoseconds: UInt32) -> MediaTime {
        let time = MediaTime.milliseconds(milliseconds)
        return nanoseconds == 0 ? time : time + MediaTime(Int64(nanoseconds), Timescale(1_000_000_000))
    }

    /// Where a publisher tells of its audio tracks, it has the default one too, which is not among them.
    private mutating func describe(_ tracks: [UInt8: RTMPTrackDescription]) -> [FeedEvent] {
        guard !tracks.isEmpty else { return [] }
        descriptions = tracks
        var events: [FeedEvent] = [.announcement(audioTracks: Set(tracks.keys).union([0]).count)]
        for place in sounds.indices {
            let description = tracks[sounds[place].number] ?? RTMPTrackDescription()
            if let track = sounds[place].describe(description) { events.append(.track(track)) }
        }
        return events
    }

    // MARK: Text

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
