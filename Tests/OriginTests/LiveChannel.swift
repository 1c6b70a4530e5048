import Bytes
import Channels
import HLS
import HTTP
import HTTPTestClient
import Ingest
import Media
import ObjectStore
import Origin
import Packaging
import Publishing
import Sockets
import Telemetry
import Testing
import Time

/// A server on a real socket with one channel called `news`, which was fed some seconds of video and now stands still.
final class LiveChannel {
    private struct Encoder: Publisher {
        func warn(code: String, description: String) {}
        func disconnect(reason: String) {}
    }

    private struct Quiet: LogSink {
        func write(_ line: [UInt8]) {}
    }

    private struct Handler: HTTPHandler {
        let origin: Origin
        func respond(to request: HTTPRequest) -> HTTPAnswer { origin.respond(to: request) }
    }

    static let track = Track(
        codec: .h264, format: .video(VideoFormat(width: 320, height: 180)),
        decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0]), codecString: "avc1.64001f")

    let clock = ManualClock(wallTime: WallTime(microseconds: 1_800_000_000_000_000))
    let server: HTTPServer
    let channel: Channel
    let rendition: RenditionWindow
    let edge: PlaylistEdge
    /// The playlist's path.
    let playlist: String
    private let waker: Waker
    private let writer: WindowWriter?
    let reader: WindowReader?
    private let feed: any Feed
    private var fedMilliseconds: Int64 = 0

    init(
        _ profile: LatencyProfile = LatencyProfile(.low), options: OriginOptions = OriginOptions(),
        store: (any ObjectStore)? = nil, configure: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws {
        waker = Waker(clock: clock)
        writer = store.map { [clock] in
            WindowWriter($0, restored: [], clock: clock, logger: Logger(sink: Quiet()), registry: MetricsRegistry())
        }
        reader = store.map { [clock] in WindowReader($0, clock: clock) }
        channel = Channel(
            ChannelConfiguration(id: "news", name: "news", streamKey: Secret("key-of-news"), profile: profile),
            waker: waker, writer: writer, clock: clock, logger: Logger(sink: Quiet()), registry: MetricsRegistry())
        let directory = ChannelDirectory([channel])
        feed = try directory.open(
            PublishRequest(scheme: "rtmp", channel: nil, streamKey: Secret("key-of-news")), for: Encoder())
        feed.receive(.track(Self.track), arrival: clock.now)
        var configuration = HTTPServerConfiguration()
        configuration.workers = 2
        configuration.commonHeaders = Origin.commonHeaders
        configure(&configuration)
        server = try HTTPServer.start(
            configuration, on: TCPListener(SocketAddress(host: "127.0.0.1", port: 0)),
            handler: Handler(origin: Origin(directory, options: options, reader: reader, clock: clock)))
        Self.send(to: feed, from: 0, to: 9720, at: clock.now)
        fedMilliseconds = 9720
        let snapshot = try #require(channel.output.snapshot)
        rendition = try #require(snapshot.rendition("video"))
        edge = rendition.playlistEdge
        playlist = "/live/news/\(snapshot.id)/video/index.m3u8"
    }

    deinit {
        channel.stop()
        writer?.stop()
        reader?.stop()
        waker.stop()
        server.stop()
    }

    /// Goes on for so many milliseconds. Where there is a store, not faster than that is written: hours pass in a second.
    func goOn(milliseconds: Int64) {
        for start in stride(from: 0, to: milliseconds, by: 5000) {
            let end = min(start + 5000, milliseconds)
            Self.send(to: feed, from: fedMilliseconds + start, to: fedMilliseconds + end, at: clock.now)
            guard let writer, let snapshot = channel.output.snapshot else { continue }
            let complete = snapshot.renditions[0].segments.last { $0.isComplete }?.sequenceNumber ?? -1
            let isWritten = eventually { writer.ends(of: snapshot.id)["video"] ?? 0 > complete }
            #expect(isWritten)
        }
        fedMilliseconds += milliseconds
    }

    /// Ends the presentation: sound that is coded as nobody expected makes a new one, which plays for so many milliseconds.
    func endPresentation(playing milliseconds: Int64 = 4000) {
        let audio = Track(
            codec: .ac3, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 6, samplesPerFrame: 1536)),
            decoderConfiguration: ByteChunk([0x10, 0x3D, 0xC0]), codecString: "ac-3")
        feed.receive(.track(audio), arrival: clock.now)
        goOn(milliseconds: milliseconds)
    }

    /// The status that `query` gets for the playlist, at once.
    func status(_ query: String) throws -> Int {
        try TestClient(server.port).get(query.isEmpty ? playlist : "\(playlist)?\(query)").status
    }

    /// A client that has asked for `target` and is parked.
    func park(_ target: String) throws -> TestClient {
        let client = try TestClient(server.port)
        let before = server.parkedCount
        client.send("GET \(target) HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(eventually { server.parkedCount == before + 1 }, "\(target) waits")
        return client
    }

    /// 25 frames a second, a key frame each second.
    private static func send(to feed: any Feed, from start: Int64, to end: Int64, at arrival: Instant) {
        for time in stride(from: start, to: end, by: 40) {
            let at = MediaTime.milliseconds(time)
            feed.receive(
                .video(
                    Sample(
                        data: ByteChunk([0, 0, 0, 1, 0x65]), decodeTime: at, presentationTime: at,
                        isSync: time % 1000 == 0)), arrival: arrival)
        }
    }
}
