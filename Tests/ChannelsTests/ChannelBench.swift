import Bytes
import Ingest
import Locks
import Media
import Packaging
import Publishing
import Telemetry
import Testing
import Time

@testable import Channels

/// Two channels, `news` and `sport`, and what encoders send to them by a clock that the test moves.
struct ChannelBench {
    /// A publisher that keeps what it is told.
    final class Encoder: Publisher {
        let warnings = Mutex<[String]>([])
        let farewells = Mutex<[String]>([])
        let isGone = Mutex(false)

        var hasLeft: Bool { isGone.withLock { $0 } }

        func warn(code: String, description: String) { warnings.withLock { $0.append(code) } }

        func disconnect(reason: String) { farewells.withLock { $0.append(reason) } }
    }

    /// What is logged, line by line.
    final class Lines: LogSink {
        let lines = Mutex<[String]>([])

        func write(_ line: [UInt8]) {
            let text = String(decoding: line, as: UTF8.self)
            lines.withLock { $0.append(text) }
        }
    }

    struct Quiet: LogSink {
        func write(_ line: [UInt8]) {}
    }

    let clock = ManualClock(wallTime: WallTime(microseconds: 1_800_000_000_000_000))
    let directory: ChannelDirectory

    init(
        _ profile: LatencyProfile = LatencyProfile(.ultra), tracks: DeclaredTracks = .videoAndAudio,
        failover: FailoverRules? = nil, secondPublisher: SecondPublisherPolicy = .reject,
        registry: MetricsRegistry = MetricsRegistry(), rules: PublishRules = PublishRules()
    ) {
        let waker = Waker()
        let logger = Logger(sink: Quiet())
        directory = ChannelDirectory(
            ["news", "sport"].map { [clock] id in
                Channel(
                    ChannelConfiguration(
                        id: id, name: id, streamKey: Secret("key-of-\(id)"),
                        secondStreamKey: id == "news" ? Secret("next-key-of-news") : nil, profile: profile,
                        tracks: tracks,
                        backup: failover.map { BackupConfiguration(streamKey: Secret("backup-of-\(id)"), rules: $0) },
                        secondPublisher: secondPublisher),
                    waker: waker, clock: clock, logger: logger, registry: registry)
            }, authorizer: PublishAuthorizer(rules, clock: clock, logger: logger, registry: registry))
    }

    /// The channel `news`.
    var channel: Channel { get throws { try #require(directory["news"]) } }

    /// Has an encoder publish, to `news` where it is not told otherwise.
    func open(
        _ key: String = "key-of-news", channel: String? = nil, for encoder: Encoder = Encoder()
    ) throws(PublishRefusal) -> any Feed {
        try directory.open(Self.request(key, channel: channel), for: encoder)
    }

    /// Has an encoder publish to `news`, and say which tracks it has.
    func publish(
        _ tracks: Track..., key: String = "key-of-news", for encoder: Encoder = Encoder()
    ) throws(PublishRefusal) -> any Feed {
        let feed = try open(key, for: encoder)
        for track in tracks { feed.receive(.track(track), arrival: clock.now) }
        return feed
    }

    static func request(_ key: String, channel: String? = nil) -> PublishRequest {
        PublishRequest(scheme: "rtmp", channel: channel, streamKey: Secret(key))
    }

    static let video = Track(
        codec: .h264, format: .video(VideoFormat(width: 320, height: 180)),
        decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0]), codecString: "avc1.64001f")
    static let audio = Track(
        codec: .aac, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1024)),
        decoderConfiguration: ByteChunk([0x09, 0x90]), codecString: "mp4a.40.1")
    static let picture = ByteChunk([0, 0, 0, 1, 0x65])
    static let otherPicture = ByteChunk([0, 0, 0, 2, 0x65, 0])
    static let surround = Track(
        codec: .ac3, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 6, samplesPerFrame: 1536)),
        decoderConfiguration: ByteChunk([0x10, 0x3D, 0xC0]), codecString: "ac-3")

    /// A picture every 40 ms.
    func feed(_ feed: any Feed, milliseconds range: Range<Int64>, gop: Int64 = 1000, hasKeys: Bool = true) {
        for time in stride(from: range.lowerBound, to: range.upperBound, by: 40) {
            let at = MediaTime.milliseconds(time)
            feed.receive(
                .video(
                    Sample(
                        data: Self.picture, decodeTime: at, presentationTime: at,
                        isSync: hasKeys && (time - range.lowerBound) % gop == 0)), arrival: clock.now)
        }
    }

    /// A sample of sound.
    func sound(_ feed: any Feed, milliseconds time: Int64, track: Int = 0) {
        let at = MediaTime.milliseconds(time)
        feed.receive(
            .audio(Sample(data: ByteChunk([1]), decodeTime: at, presentationTime: at, isSync: true), track: track),
            arrival: clock.now)
    }
}
