internal import Bitstreams
internal import Bytes
internal import FFmpeg
internal import Media

/// Makes samples of the packets of one stream, as its container carries it.
protocol PacketReader: Sendable {
    /// Takes a packet whose times are given in ticks of 90 kHz, and adds to `events` what can be told now.
    mutating func read(
        _ packet: DemuxedPacket, base: TimeBase, times: PacketTimes?, into events: inout [ElementaryStreamEvent])
    /// The decoder is configured otherwise from the next packet on.
    mutating func configure(_ configuration: ByteChunk)
    /// Nothing follows any more.
    mutating func finish(into events: inout [ElementaryStreamEvent])
    /// How many packets, or parts of them, nothing could be made of.
    var faults: Int { get }
}

/// A stream whose packets are as a transport stream has them.
struct StreamPacketReader<Reader: ElementaryStreamReader>: PacketReader {
    private var reader: Reader

    init(_ reader: Reader) { self.reader = reader }

    var faults: Int { reader.faults }

    mutating func read(
        _ packet: DemuxedPacket, base: TimeBase, times: PacketTimes?, into events: inout [ElementaryStreamEvent]
    ) {
        reader.read(packet.data, times: times, into: &events)
    }

    mutating func configure(_ configuration: ByteChunk) {}

    mutating func finish(into events: inout [ElementaryStreamEvent]) { reader.finish(into: &events) }
}

/// Raw frames of AAC, whose configuration is beside them.
struct RawAACReader: PacketReader {
    private var configuration: ByteChunk
    private var track: Track?
    private(set) var faults = 0

    init(_ configuration: ByteChunk) { self.configuration = configuration }

    mutating func configure(_ configuration: ByteChunk) {
        guard configuration != self.configuration else { return }
        self.configuration = configuration
        track = nil
    }

    mutating func read(
        _ packet: DemuxedPacket, base: TimeBase, times: PacketTimes?, into events: inout [ElementaryStreamEvent]
    ) {
        if track == nil, let track = try? Track(audioSpecificConfig: configuration) {
            self.track = track
            events.append(.track(track))
        }
        guard track != nil, let times, !packet.data.isEmpty else {
            faults += 1
            return
        }
        events.append(.sound(packet.data, at: times))
    }

    mutating func finish(into events: inout [ElementaryStreamEvent]) {}
}

/// Packets of Opus, one by one.
struct RawOpusReader: PacketReader {
    private let channelCount: Int
    private var isAnnounced = false
    private(set) var faults = 0

    init(channelCount: Int) { self.channelCount = channelCount }

    mutating func configure(_ configuration: ByteChunk) {}

    mutating func read(
        _ packet: DemuxedPacket, base: TimeBase, times: PacketTimes?, into events: inout [ElementaryStreamEvent]
    ) {
        if !isAnnounced {
            let duration = packet.duration > 0 ? base.ticks(packet.duration, in: 48_000) : 960
            guard (1...8).contains(channelCount), (120...5760).contains(duration),
                let track = try? Track(
                    opusChannelConfigurationCode: UInt8(channelCount), samplesPerFrame: Int(duration))
            else {
                faults += 1
                return
            }
            isAnnounced = true
            events.append(.track(track))
        }
        guard let times, !packet.data.isEmpty else {
            faults += 1
            return
        }
        events.append(.sound(packet.data, at: times))
    }

    mutating func finish(into events: inout [ElementaryStreamEvent]) {}
}

extension ElementaryStreamEvent {
    fileprivate static func sound(_ data: ByteChunk, at times: PacketTimes) -> ElementaryStreamEvent {
        let time = MediaTime(times.presentation, .video)
        return .sample(Sample(data: data, decodeTime: time, presentationTime: time, access: .sync))
    }
}
