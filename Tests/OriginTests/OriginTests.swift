import Bytes
import Channels
import Glibc
import HTTP
import Ingest
import Media
import Origin
import Packaging
import Publishing
import Telemetry
import Testing
import Time

/// What only a clock in one's hand can show; the rest is tested end to end.
@Suite(.timeLimit(.minutes(1))) struct OriginTests {
    struct Quiet: LogSink {
        func write(_ line: [UInt8]) {}
    }

    final class Encoder: Publisher {
        func warn(code: String, description: String) {}
        func disconnect(reason: String) {}
    }

    struct Door: HTTPHandler {
        let origin: Origin

        func respond(to request: HTTPRequest) -> HTTPAnswer { origin.respond(to: request) }
    }

    let clock = ManualClock(wallTime: WallTime(microseconds: 1_800_000_000_000_000))

    /// Serves a channel of two seconds of video, and tells the port and the path of its playlist.
    func withOrigin(_ body: (_ port: UInt16, _ folder: String, _ server: HTTPServer) throws -> Void) throws {
        let waker = Waker(clock: clock)
        let directory = ChannelDirectory([
            Channel(
                ChannelConfiguration(
                    id: "news", name: "News", streamKey: Secret("key-of-news"), profile: LatencyProfile(.ultra)),
                waker: waker, clock: clock, logger: Logger(sink: Quiet()), registry: MetricsRegistry())
        ])
        let origin = Origin(directory, clock: clock)
        let server = try HTTPServer.start(
            HTTPServerConfiguration(address: "127.0.0.1", port: 0), handler: Door(origin: origin))
        defer {
            server.stop()
            waker.stop()
        }
        let feed = try directory.open(
            PublishRequest(scheme: "rtmp", channel: nil, streamKey: Secret("key-of-news")), for: Encoder())
        let track = Track(
            codec: .h264, format: .video(VideoFormat(width: 320, height: 180)),
            decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0]), codecString: "avc1.64001f")
        feed.receive(.track(track), arrival: clock.now)
        for time in stride(from: Int64(0), to: 2500, by: 40) {
            let at = MediaTime.milliseconds(time)
            let sample = Sample(
                data: ByteChunk([0, 0, 0, 1, 0x65]), decodeTime: at, presentationTime: at, isSync: time % 1000 == 0)
            feed.receive(.video(sample), arrival: clock.now)
        }
        let id = try #require(directory["news"]?.output.snapshot?.id)
        try body(server.port, "/live/news/\(id)/video", server)
    }

    /// Sends a request; the answer is read by the closure that comes back.
    func request(_ port: UInt16, _ target: String) -> () -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let text = Array("GET \(target) HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".utf8)
        _ = send(descriptor, text, text.count, Int32(MSG_NOSIGNAL))
        return {
            defer { close(descriptor) }
            var answer: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { answer += buffer[..<count] }
            return String(decoding: answer, as: UTF8.self)
        }
    }

    @Test(arguments: ["index.m3u8?_HLS_msn=2&_HLS_part=3", "p12.m4s"])
    func whatDoesNotComeWithinThreeTargetDurationsIsAnsweredWith503(name: String) throws {
        try withOrigin { port, folder, server in
            let answer = request(port, "\(folder)/\(name)")
            while server.parkedCount == 0 { usleep(1000) }
            clock.advance(by: .milliseconds(5900))
            usleep(300_000)
            #expect(server.parkedCount == 1, "three target durations of 2 s are not over")
            clock.advance(by: .milliseconds(100))
            let text = answer()
            #expect(text.hasPrefix("HTTP/1.1 503 ") && text.contains("Retry-After: 1\r\n"))
            #expect(text.contains("Access-Control-Allow-Origin: *\r\n") && text.contains("Cache-Control: no-store\r\n"))
        }
    }

    @Test func onlyTheNextPartIsWaitedFor() throws {
        try withOrigin { port, folder, server in
            let playlist = request(port, "\(folder)/index.m3u8")()
            #expect(playlist.contains("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p12.m4s\""))
            #expect(request(port, "\(folder)/p13.m4s")().hasPrefix("HTTP/1.1 404 "), "only the next part is waited for")
        }
    }
}
