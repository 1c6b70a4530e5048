internal import Bitstreams
internal import Bytes
package import FFmpeg
internal import Media
internal import Timeline

/// Turns the packets that libavformat reads into tracks and samples.
///
/// Of the streams that are followed, the first video stream that can be taken and all such audio streams in their order
/// become tracks. All are on one timeline in ticks of 90 kHz, on which clocks that wrap (33 bits of a transport stream) are
/// unwrapped.
package struct DemuxedTranslator {
    private enum Role: Equatable {
        case video
        /// The audio track of that index.
        case audio(Int)
    }

    private struct Follower {
        let stream: DemuxedStream
        let role: Role
        var reader: any PacketReader
        var filler = DecodeTimeFiller()
        var track: Track?
        var clock = TimestampUnwrapper(bits: 33)
    }

    private static let modulus: Int64 = 1 << 33

    /// By the places of their streams.
    private var followers: [Int: Follower] = [:]
    private var followed: [DemuxedStream] = []
    private var latest: Int64?
    private var elementaryEvents: [ElementaryStreamEvent] = []
    private var pastFaults = 0

    /// A translator that follows nothing yet.
    package init() {}

    /// How many packets, or parts of them, nothing could be made of.
    package var faults: Int { pastFaults + followers.values.reduce(0) { $0 + $1.reader.faults } }

    /// True when there are pictures among what is followed.
    package var hasVideo: Bool { followers.values.contains { $0.role == .video } }

    /// True when nothing can be made of any stream.
    package var isEmpty: Bool { followers.isEmpty }

    /// How those streams of pictures and sound are coded of which nothing can be made.
    package var unsupported: [String] {
        followed.filter { followers[$0.index] == nil && $0.medium != .other }.compactMap {
            if case .other(let name) = $0.codec { name } else { nil }
        }
    }

    /// True for a stream of which something is made.
    package func follows(_ place: Int) -> Bool { followers[place] != nil }

    /// The places of the streams that are followed.
    package var places: Set<Int> { Set(followers.keys) }

    /// Follows `streams`, which are those followed so far and perhaps more.
    package mutating func follow(_ streams: [DemuxedStream]) {
        followed = streams
        for stream in streams where followers[stream.index] == nil {
            guard let reader = stream.makeReader() else { continue }
            switch stream.medium {
            case .video where !hasVideo:
                followers[stream.index] = Follower(stream: stream, role: .video, reader: reader)
            case .audio:
                let sounds = followers.values.count { $0.role != .video }
                followers[stream.index] = Follower(stream: stream, role: .audio(sounds), reader: reader)
            default: break
            }
        }
    }

    /// Adds to `events` what `packet` stands for.
    package mutating func translate(_ packet: DemuxedPacket, into events: inout [FeedEvent]) {
        guard followers[packet.stream]?.role == .video else { return read(packet, into: &events) }
        for packet in followers[packet.stream]?.filler.complete(packet) ?? [] { read(packet, into: &events) }
    }

    private mutating func read(_ packet: DemuxedPacket, into events: inout [FeedEvent]) {
        guard let base = followers[packet.stream]?.stream.timeBase else { return }
        var times: PacketTimes?
        if let shown = packet.presentation ?? packet.decode {
            times = PacketTimes(
                presentation: base.ticks(shown, in: 90_000), decode: base.ticks(packet.decode ?? shown, in: 90_000))
        }
        if let configuration = packet.configuration { followers[packet.stream]?.reader.configure(configuration) }
        followers[packet.stream]?.reader.read(packet, base: base, times: times, into: &elementaryEvents)
        hand(on: packet.stream, into: &events)
    }

    /// Nothing follows any more: hands on what is whole.
    package mutating func finish(into events: inout [FeedEvent]) {
        for place in followers.keys.sorted() {
            for packet in followers[place]?.filler.finish() ?? [] { read(packet, into: &events) }
            followers[place]?.reader.finish(into: &elementaryEvents)
            hand(on: place, into: &events)
        }
    }

    private mutating func hand(on place: Int, into events: inout [FeedEvent]) {
        for event in elementaryEvents {
            switch event {
            case .track(let track): announce(track, of: place, into: &events)
            case .sample(let sample):
                guard let role = followers[place]?.role else { continue }
                let decode = unwrap(sample.decodeTime.value, of: place)
                let offset = Self.difference(sample.presentationTime.value, sample.decodeTime.value)
                let placed = Sample(
                    data: sample.data, decodeTime: MediaTime(decode, .video),
                    presentationTime: MediaTime(decode + offset, .video), access: sample.access)
                switch role {
                case .audio(let index): events.append(.audio(placed, track: index))
                case .video: events.append(.video(placed))
                }
                latest = decode
            }
        }
        elementaryEvents.removeAll(keepingCapacity: true)
    }

    private mutating func announce(_ track: Track, of place: Int, into events: inout [FeedEvent]) {
        guard let follower = followers[place], follower.track != track else { return }
        followers[place]?.track = track
        var track = track
        if case .audio(let index) = follower.role { track.index = index }
        track.language = follower.stream.language.flatMap { $0 == "und" ? nil : LanguageTag.shortest($0) }
        events.append(.announcement(audioTracks: followers.values.count { $0.role != .video }))
        events.append(.track(track))
    }

    private mutating func unwrap(_ time: Int64, of place: Int) -> Int64 {
        guard var clock = followers[place]?.clock else { return time }
        let decode = clock.unwrap(
            time, beside: [latest].compactMap(\.self) + followers.values.compactMap(\.clock.last))
        followers[place]?.clock = clock
        return decode
    }

    /// How far one time of the clock is from another, the shorter way round.
    private static func difference(_ time: Int64, _ other: Int64) -> Int64 {
        let distance = (time &- other) & (modulus - 1)
        return distance < modulus / 2 ? distance : distance - modulus
    }
}

extension DemuxedStream {
    /// A reader of its packets, where something can be made of them.
    fileprivate func makeReader() -> (any PacketReader)? {
        switch codec {
        case .h264: VideoPacketReader(AVCStreamReader(), configuration) { ParameterSets(avc: $0) }
        case .hevc: VideoPacketReader(HEVCStreamReader(), configuration) { ParameterSets(hevc: $0) }
        // Sound with a configuration outside has none inside.
        case .aac where !configuration.isEmpty: RawAACReader(configuration)
        case .aac: StreamPacketReader(ADTSStreamReader())
        case .aacLATM: StreamPacketReader(LATMStreamReader())
        case .ac3, .eac3: StreamPacketReader(AC3StreamReader())
        case .mp2: StreamPacketReader(MPEGAudioStreamReader())
        case .opus: RawOpusReader(channelCount: channelCount)
        case .other: nil
        }
    }
}
