import Bytes
import Channels
import HTTP
import HTTPTestClient
import Ingest
import Media
import Packaging
import Publishing
import Schema
import Sockets
import Telemetry
import Testing
import Time

@testable import FeedStatus

@Suite struct FeedStatusTests {
    struct Quiet: LogSink {
        func write(_ line: [UInt8]) {}
    }

    struct Encoder: Publisher {
        func warn(code: String, description: String) {}
        func disconnect(reason: String) {}
    }

    let clock = ManualClock(wallTime: WallTime(microseconds: 1_800_000_000_000_000))
    let directory: ChannelDirectory
    let status: FeedStatus

    init() {
        let logger = Logger(sink: Quiet())
        let registry = MetricsRegistry()
        directory = ChannelDirectory(
            [
                Channel(
                    ChannelConfiguration(
                        id: "news", name: "The \"news\"", streamKey: Secret("the-key-of-news"),
                        secondStreamKey: Secret("a key, 100%25 of it"),
                        profile: LatencyProfile(.low)), waker: Waker(), clock: clock, logger: logger, registry: registry
                )
            ], authorizer: PublishAuthorizer(PublishRules(), clock: clock, logger: logger, registry: registry))
        status = FeedStatus(directory)
    }

    func ask(_ authorization: String?, _ method: String = "GET") throws -> TestClient.Response {
        let server = try HTTPServer.start(
            HTTPServerConfiguration(), on: TCPListener(SocketAddress(host: "127.0.0.1", port: 0)), handler: status)
        defer { server.stop() }
        let fields = authorization.map { "Authorization: \($0)\r\n" } ?? ""
        return try TestClient(server.port).request(method, FeedStatus.path, fields)
    }

    @Test(arguments: [
        "Bearer the-key-of-news", "bearer the-key-of-news", "BEARER  the-key-of-news ",
        "Bearer a%20key,%20100%2525%20of%20it",
    ])
    func theStreamKeyIsABearerToken(authorization: String) throws {
        let answer = try ask(authorization)
        #expect(answer.status == 200 && answer["Content-Type"] == "application/json")
        #expect(answer["Cache-Control"] == "no-store")
        #expect(try JSONValue(json5: answer.text)["name"] == "The \"news\"")
        #expect(try JSONValue(json5: answer.text)["state"] == "absent")
    }

    @Test(arguments: [nil, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer the-key-of-news more"])
    func whoSendsNoKeyIsToldHow(authorization: String?) throws {
        let answer = try ask(authorization)
        #expect(answer.status == 401 && answer["Content-Type"] == "application/problem+json")
        #expect(answer["WWW-Authenticate"] == "Bearer realm=\"feed\"")
        #expect(try JSONValue(json5: answer.text)["code"] == "key_missing")
    }

    @Test func aWrongKeyIsRefusedAndCountsAgainstTheAddress() throws {
        let answer = try ask("Bearer another-key")
        #expect(answer.status == 401)
        #expect(try JSONValue(json5: answer.text)["code"] == "wrong_key")
        #expect(answer["WWW-Authenticate"]?.contains("invalid_token") == true)
        for number in 0..<20 { _ = try ask("Bearer guess-\(number)") }
        clock.advance(by: .milliseconds(2500))
        let held = try ask("Bearer the-key-of-news")
        #expect(held.status == 429 && held["Retry-After"] == "8")
    }

    @Test func onlyGetIsAnswered() throws {
        let answer = try ask("Bearer the-key-of-news", "POST")
        #expect(answer.status == 405 && answer["Allow"] == "GET, HEAD")
    }

    @Test func aFeedIsDescribedInFull() throws {
        let feed = try directory.open(
            PublishRequest(scheme: "rtmp", channel: nil, streamKey: Secret("the-key-of-news")), for: Encoder())
        var sound = Track(
            codec: .aac, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk([0x11, 0x90]), codecString: "mp4a.40.2")
        sound.language = "de"
        let video = Track(
            codec: .hevc, format: .video(VideoFormat(width: 1920, height: 1080)), decoderConfiguration: ByteChunk([1]),
            codecString: "hvc1.1.6.L93.B0")
        feed.receive(.track(video), arrival: clock.now)
        feed.receive(.track(sound), arrival: clock.now)
        for number in 0..<100 {
            let time = MediaTime.milliseconds(Int64(number) * 40)
            let sample = Sample(
                data: ByteChunk([UInt8](repeating: 0, count: 5000)), decodeTime: time, presentationTime: time,
                isSync: number % 50 == 0)
            feed.receive(.video(sample), arrival: clock.now)
            clock.advance(by: .milliseconds(40))
        }
        let json = try JSONValue(json5: ask("Bearer the-key-of-news").text)
        #expect(json["seconds"] == 4.0 && json["state"] == "onAir" && json["input"] == "primary")
        #expect(json["latency"] == "low")
        let pictures = try #require(json["pictures"])
        #expect(pictures["codec"] == "hvc1.1.6.L93.B0" && pictures["width"] == 1920 && pictures["height"] == 1080)
        #expect(pictures["frameRate"] == 25.0)
        #expect(pictures["bitRate"] == ["average": 1_000_000, "peak": 1_000_000, "latest": 1_000_000])
        #expect(pictures["keyFrameInterval"] == ["shortest": 2.0, "longest": 2.0])
        #expect(pictures["reorderDelay"] == 0.0)
        #expect(
            json["sound"] == [
                ["codec": "mp4a.40.2", "language": "de", "sampleRate": 48_000, "channels": 2, "bitRate": nil]
            ])
        #expect(json["clock"] == ["driftPartsPerMillion": nil, "steps": 0])
        #expect(json["arrival"] == ["unevenness": 0.0, "lag": 0.0, "soundDelay": 0.0])
        let advice = try #require(json["advice"])
        guard case .array(let items) = advice.content else { return #expect(Bool(false), "no list") }
        #expect(items.map { $0["code"] } == ["codec_rare"] && items.map { $0["severity"] } == ["hint"])
    }
}
