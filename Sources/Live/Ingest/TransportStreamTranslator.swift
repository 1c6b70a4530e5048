internal import Bitstreams
internal import Bytes
package import MPEGTS
internal import Media
internal import Timeline
package import Time

/// Turns a transport stream into tracks, samples, splices and metadata.
///
/// The program that was asked for is followed, or the first that there is; of it the first video stream, all audio streams
/// in their order, and what goes with them. All are on one timeline, on which the 33 bits of each one's clock are unwrapped
/// here.
package struct TransportStreamTranslator {
    /// What becomes of a stream.
    fileprivate enum Role: Equatable {
        case video
        /// The audio track of that index.
        case audio(Int)
        case splices
        case id3
        case klv
        case unused
    }

    private struct Stream {
        let description: TransportProgram.Stream
        let role: Role
        var reader: (any ElementaryStreamReader)?
        /// The last track that was read, as the bitstream has it.
        var track: Track?
        var clock = TimestampUnwrapper(bits: 33)
    }

    /// What streams of those types carry, which no HLS player takes. ISO/IEC 13818-1 table 2-34; above 0x80 only what all
    /// use alike.
    private static let codecNames: [UInt8: String] = [
        0x01: "MPEG-1 video", 0x02: "MPEG-2 video", 0x10: "MPEG-4 Part 2", 0x20: "MVC", 0x33: "VVC",
        0xD1: "Dirac", 0xEA: "VC-1",
    ]

    /// A clock of 33 bits at 90 kHz.
    private static let modulus: Int64 = 1 << 33

    private var transport: TransportStreamReader
    private var streams: [Stream] = []
    /// The newest decode time, for what has no time of its own.
    private var latest: Int64?
    private var transportEvents: [TransportStreamEvent] = []
    private var elementaryEvents: [ElementaryStreamEvent] = []
    private var otherFaults = 0
    private var pastFaults = 0

    /// A translator of the program of that number, or of the first.
    package init(program: UInt16?) { transport = TransportStreamReader(program: program) }

    /// What the stream is found to suffer from.
    package var health: TransportStreamHealth { transport.health }

    /// The numbers of the programs that the stream lists.
    package var programNumbers: [UInt16] { transport.programNumbers }

    /// True when the program has pictures or sound, though none may have come.
    package var hasMedia: Bool { streams.contains { $0.role.isMedia } }

    /// How many commands of splices were somebody's own, and nobody was told of them.
    package private(set) var privateCommands = 0

    /// How many access units, sections and tags nothing could be made of.
    package var faults: Int { pastFaults + otherFaults + streams.reduce(0) { $0 + ($1.reader?.faults ?? 0) } }

    /// Takes the bytes that arrived at `arrival`, and adds to `events` what they stand for.
    package mutating func receive(
        _ bytes: Span<UInt8>, at arrival: Instant, into events: inout [FeedEvent]
    ) {
        transport.receive(bytes, at: arrival, into: &transportEvents)
        for event in transportEvents { translate(event, into: &events) }
        transportEvents.removeAll(keepingCapacity: true)
    }

    /// Nothing follows any more: hands on what is whole.
    ///
    /// A PES packet of unknown length whose end does not show was most probably cut off: what there is of it would be a
    /// damaged picture.
    package mutating func finish(into events: inout [FeedEvent]) {
        for place in streams.indices {
            streams[place].reader?.finish(into: &elementaryEvents)
            translateElementary(of: place, into: &events)
        }
    }

    private mutating func translate(_ event: TransportStreamEvent, into events: inout [FeedEvent]) {
        switch event {
        case .program(let program): follow(program, into: &events)
        case .programEnded: follow([])
        case .packet(let packet): translate(packet, into: &events)
        case .section(_, let section): translate(section, into: &events)
        }
    }

    // MARK: Streams

    private mutating func follow(_ program: TransportProgram, into events: inout [FeedEvent]) {
        let known = streams
        var (hasVideo, sounds) = (false, 0)
        let next = program.streams.map { description in
            var role = Role(of: description.kind)
            if role == .video {
                if hasVideo { role = .unused }
                hasVideo = true
            } else if case .audio = role {
                role = .audio(sounds)
                sounds += 1
            }
            let same = known.first {
                $0.description.pid == description.pid && $0.description.kind == description.kind
            }
            return Stream(
                description: description, role: role,
                reader: role == .unused ? nil : same?.reader ?? description.kind.makeReader(),
                track: role == .unused ? nil : same?.track,
                clock: same?.clock ?? TimestampUnwrapper(bits: 33))
        }
        follow(next)
        for case .other(let type) in program.streams.map(\.kind) {
            if let name = Self.codecNames[type] { events.append(.unusable(codecName: name)) }
        }
        // A stream may be another track than before, by its place or its language.
        for stream in streams {
            guard let track = stream.track else { continue }
            let before = known.first { $0.description.pid == stream.description.pid }
            if before?.role != stream.role || before?.description.language != stream.description.language {
                announce(track, of: stream, into: &events)
            }
        }
    }

    private mutating func follow(_ next: [Stream]) {
        let before = faults
        streams = next
        pastFaults += before - faults
    }

    private func announce(_ track: Track, of stream: Stream, into events: inout [FeedEvent]) {
        var track = track
        if case .audio(let index) = stream.role { track.index = index }
        track.language = stream.description.language.map(LanguageTag.shortest)
        let sounds = streams.count { if case .audio = $0.role { true } else { false } }
        events.append(.announcement(audioTracks: sounds))
        events.append(.track(track))
    }

    // MARK: Media

    private mutating func translate(_ packet: ElementaryPacket, into events: inout [FeedEvent]) {
        guard streams.indices.contains(packet.stream) else { return }
        switch streams[packet.stream].role {
        case .video, .audio:
            if packet.isAfterLoss { streams[packet.stream].reader?.skip() }
            streams[packet.stream].reader?.read(packet.payload, times: packet.times, into: &elementaryEvents)
            translateElementary(of: packet.stream, into: &events)
        case .id3: append(try? TimedMetadataPacket.packets(inID3: packet.payload), packet.times, into: &events)
        case .klv: append(try? TimedMetadataPacket.packets(inKLV: packet.payload), packet.times, into: &events)
        case .splices, .unused: break
        }
    }

    private mutating func translateElementary(of place: Int, into events: inout [FeedEvent]) {
        for event in elementaryEvents {
            switch event {
            case .track(let track):
                streams[place].track = track
                announce(track, of: streams[place], into: &events)
            case .sample(let sample):
                let decode = unwrap(sample.decodeTime.value, of: place)
                let offset = Self.difference(sample.presentationTime.value, sample.decodeTime.value)
                let placed = Sample(
                    data: sample.data, decodeTime: MediaTime(decode, .video),
                    presentationTime: MediaTime(decode + offset, .video), access: sample.access)
                switch streams[place].role {
                case .audio(let index): events.append(.audio(placed, track: index))
                default: events.append(.video(placed))
                }
                latest = decode
            }
        }
        elementaryEvents.removeAll(keepingCapacity: true)
    }

    private mutating func unwrap(_ time: Int64, of place: Int) -> Int64 {
        var clock = streams[place].clock
        let decode = clock.unwrap(
            time, beside: [latest].compactMap(\.self) + streams.compactMap(\.clock.last))
        streams[place].clock = clock
        return decode
    }

    /// How far one time of the clock is from another, the shorter way round.
    private static func difference(_ time: Int64, _ other: Int64) -> Int64 {
        let distance = (time &- other) & (modulus - 1)
        return distance < modulus / 2 ? distance : distance - modulus
    }

    // MARK: What goes with them

    /// Where a time of the clock lies: near the newest media. Whatever it says, the clock of the media goes on as they do.
    private func place(_ time: Int64?) -> MediaTime? {
        guard let latest else { return nil }
        return MediaTime(latest + (time.map { Self.difference($0, latest) } ?? 0), .video)
    }

    private mutating func append(
        _ packets: [TimedMetadataPacket]?, _ times: PacketTimes?, into events: inout [FeedEvent]
    ) {
        guard let packets, let time = place(times?.presentation) else {
            otherFaults += 1
            return
        }
        for packet in packets { events.append(.metadata(TimedMetadata(time: time, tag: packet.tag))) }
    }

    private mutating func translate(_ bytes: ByteChunk, into events: inout [FeedEvent]) {
        guard let section = try? SpliceInfoSection(bytes) else {
            otherFaults += 1
            return
        }
        if case .privateCommand = section.command { privateCommands += 1 }
        for event in section.events() {
            guard let time = place(event.time) else {
                otherFaults += 1
                continue
            }
            events.append(
                .splice(
                    SpliceCue(
                        kind: event.kind, eventID: event.eventID, time: time,
                        duration: event.duration.map { MediaTime($0, .video) }, section: bytes)))
        }
    }
}

extension TransportStreamTranslator.Role {
    fileprivate var isMedia: Bool {
        switch self {
        case .video, .audio: true
        case .splices, .id3, .klv, .unused: false
        }
    }

    fileprivate init(of kind: StreamKind) {
        switch kind {
        case .h264, .hevc: self = .video
        case .aacADTS, .aacLATM, .ac3, .eac3, .opus, .mp2: self = .audio(0)
        case .splices: self = .splices
        case .id3: self = .id3
        case .klv: self = .klv
        case .privateData, .other: self = .unused
        }
    }
}

extension StreamKind {
    /// A reader of such a stream, where it carries samples.
    fileprivate func makeReader() -> (any ElementaryStreamReader)? {
        switch self {
        case .h264: AVCStreamReader()
        case .hevc: HEVCStreamReader()
        case .aacADTS: ADTSStreamReader()
        case .aacLATM: LATMStreamReader()
        case .ac3, .eac3: AC3StreamReader()
        case .opus(let code): try? OpusStreamReader(channelConfigurationCode: code)
        case .mp2: MPEGAudioStreamReader()
        case .splices, .id3, .klv, .privateData, .other: nil
        }
    }
}
