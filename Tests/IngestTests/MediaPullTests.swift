import FFmpeg
import Glibc
import Ingest
import Locks
import Media
import Runtime
import Sockets
import Telemetry
import TestFolder
import TestTools
import Testing
import Time

/// Inputs that the server fetches.
@Suite(.serialized, .timeLimit(.minutes(30))) struct MediaPullTests {
    let bench = ListenerBench()
    private let folder = TemporaryFolder()

    private func pull(_ url: String, isLooped: Bool = false, allowsLocal: Bool = true) throws -> MediaPull {
        MediaPull(
            try PullAddress(url), channel: "news", isLooped: isLooped, allowsLocal: allowsLocal, gate: bench.gate,
            logger: Logger(sink: bench.lines), metrics: IngestMetrics(bench.registry),
            transportMetrics: TransportMetrics(bench.registry))
    }

    /// An HTTP server that answers each connection with the same, as often as it is asked.
    private final class Site: Sendable {
        let listener: TCPListener
        private let thread = Mutex<NamedThread?>(nil)

        var url: String { "http://127.0.0.1:\(listener.address.port)/live" }

        init(_ answer: @escaping @Sendable (TCPConnection, String) -> Void) throws {
            listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
            let started = NamedThread("site") { [listener] in
                while let connection = listener.accept() {
                    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
                    defer { buffer.deallocate() }
                    guard case .bytes(let count) = connection.read(into: buffer) else { continue }
                    answer(connection, String(decoding: buffer[..<count], as: UTF8.self))
                    connection.shutDown()
                }
            }
            thread.withLock { $0 = started }
        }

        deinit {
            listener.shutDown()
            thread.withLock { $0 }?.join()
        }
    }

    private static func whole(_ bytes: [UInt8]) -> [UInt8] { Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + bytes }

    /// It connects and dies, again and again: one event for each kind, and growing pauses.
    @Test func aSourceThatFlapsIsToldOfOnce() throws {
        let clip = try TransportClip.plain.get()
        let site = try Site { connection, _ in _ = connection.write(Self.whole(clip)) }
        let pull = try pull(site.url)
        #expect(bench.eventually { bench.gate.state.withLock { $0.ended } >= 4 })
        pull.stop()
        #expect(bench.lines.count("ingest.accepted") == 1)
        #expect(bench.lines.count("ingest.closed") <= 2 && bench.lines.count("\"reason\":\"ended\"") == 1)
        #expect((bench.figure("headwater_ingest_accepted_total") ?? 0) >= 4, "the metrics count all")
        #expect(bench.lines.count("127.0.0.1") == 0)
    }

    @Test(arguments: [
        ("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", "forbidden_protocol"),
        ("HTTP/1.1 302 Found\r\nLocation: http://[::ffff:169.254.169.254]/\r\n\r\n", "forbidden_redirect"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "refused_by_source"), ("garbage\r\n\r\n", "malformed_answer"),
        ("HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 10_000), "endless_headers"),
        ("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "garbage of no kind ", count: 40_000), "unreadable"),
        ("HTTP/1.1 200 OK\r\n\r\n", "unreadable"),
        ("HTTP/1.1 200 OK\r\n\r\n#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nx.m3u8\n", "endless_playlists"),
        (
            "HTTP/1.1 200 OK\r\n\r\n#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://169.254.169.254/a.ts\n#EXT-X-ENDLIST\n",
            "forbidden_redirect"
        ),
    ])
    func badSourcesAreNamed(answer: String, reason: String) throws { try expect(reason, of: answer) }

    @Test(
        arguments: [
            "file:///etc/passwd", "file:///tmp/a.ts", "concat:/etc/passwd", "gopher://127.0.0.1/a.ts",
            "TCP://127.0.0.1:1/a.ts", "udp://127.0.0.1:1", "data:text/plain,x", "crypto+http://127.0.0.1/a.ts",
        ], ["\n#EXT-X-ENDLIST\n", ""])
    func segmentsOfOtherProtocolsAreRefusedByName(target: String, end: String) throws {
        let playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n\(target)\(end)"
        try expect("forbidden_protocol", of: "HTTP/1.1 200 OK\r\n\r\n" + playlist)
    }

    /// Lines of libavformat end at NUL, too, but not where it looks for the first of a playlist.
    @Test(arguments: ["\n", "\0"])
    func aPlaylistWithoutEndIsGivenUp(lineEnd: String) throws {
        let segments = Array(String(repeating: "#EXTINF:2,\(lineEnd)a.ts\(lineEnd)", count: 65_536).utf8)
        let site = try Site { connection, request in
            guard request.contains("endless") else {
                let variant = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nendless.m3u8\n"
                _ = connection.write(Self.whole(Array(variant.utf8)))
                return
            }
            let head = "#EXTM3U\(lineEnd)#EXT-X-TARGETDURATION:2\(lineEnd)"
            guard connection.write(Self.whole(Array(head.utf8))) else { return }
            while connection.write(segments) {}
        }
        let pull = try pull(site.url)
        let told = "headwater_ingest_refused_total{reason=\"endless_playlists\"}"
        #expect(bench.eventually { bench.figure(told) ?? 0 >= 2 }, "\(bench.lines.all.withLock(\.self))")
        pull.stop()
    }

    /// Whole addresses of segments are kept, and each has that of its playlist.
    @Test func playlistsThatTakeTooMuchMemoryAreGivenUp() throws {
        let folder = String(repeating: "a", count: 1900)
        let segments = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n" + String(repeating: "#EXTINF:2,\na\n", count: 4000)
        let variants = (0..<64).map { "#EXT-X-STREAM-INF:BANDWIDTH=1\n\(folder)/\($0).m3u8\n" }.joined()
        let requests = Mutex(0)
        let site = try Site { connection, request in
            requests.withLock { $0 += 1 }
            _ = connection.write(Self.whole(Array((request.contains("aaa") ? segments : "#EXTM3U\n" + variants).utf8)))
        }
        let pull = try pull(site.url)
        let told = "headwater_ingest_refused_total{reason=\"endless_playlists\"}"
        #expect(bench.eventually { bench.figure(told) ?? 0 >= 1 }, "\(bench.lines.all.withLock(\.self))")
        pull.stop()
        #expect(requests.withLock { $0 } < 40)
    }

    @Test(arguments: ["", "gopher://127.0.0.1/a.ts\n"])
    func whatIsNoStreamIsUnreadable(line: String) throws {
        try expect("unreadable", of: "HTTP/1.1 200 OK\r\n\r\n\(line)#EXTM3U\n\(line)")
    }

    private func expect(_ reason: String, of answer: String) throws {
        let site = try Site { connection, _ in _ = connection.write(Array(answer.utf8)) }
        let port = site.listener.address.port
        // Only the site itself may be local.
        let pull = MediaPull(
            try PullAddress(site.url), channel: "news", permits: { $0.port == port || !$0.isReserved },
            gate: bench.gate,
            logger: Logger(sink: bench.lines), metrics: IngestMetrics(bench.registry),
            transportMetrics: TransportMetrics(bench.registry))
        #expect(
            bench.eventually { bench.figure("headwater_ingest_refused_total{reason=\"\(reason)\"}") ?? 0 >= 2 },
            "\(bench.lines.all.withLock(\.self))")
        pull.stop()
        #expect(bench.lines.count("ingest.pull_failed") == 1 && bench.lines.count("\"reason\":\"\(reason)\"") == 1)
        #expect(bench.gate.state.withLock { $0.requests } == 0, "the channel is not touched")
        #expect(bench.lines.count("127.0.0.1") == 0 && bench.lines.count("169.254") == 0)
    }

    /// In networks of any kind.
    private static let own = IPAddress.ofThisMachine.filter { $0.bytes.count == 4 }.map { address in
        address.bytes.map(String.init).joined(separator: ".")
    }

    @Test(
        arguments: ["http", "rtsp", "rtmp"],
        ["localhost", "127.0.0.1", "[::1]", "169.254.169.254", "0.0.0.0", "2130706433"] + own)
    func thisMachineIsNotAskedUnlessThatIsAllowed(scheme: String, host: String) throws {
        let listener = try TCPListener(SocketAddress(host: "::", port: 0))
        let asked = Monitor(0)
        let thread = NamedThread("accept") {
            while listener.accept() != nil { asked.withLock { $0 += 1 } }
        }
        let pull = try pull("\(scheme)://\(host):\(listener.address.port)/secret/secret", allowsLocal: false)
        #expect(bench.eventually { bench.lines.count("\"reason\":\"forbidden_address\"") == 1 })
        pull.stop()
        listener.shutDown()
        thread.join()
        #expect(asked.withLock { $0 } == 0)
        #expect(bench.lines.count("secret") == 0)
    }

    @Test(arguments: ["http", "rtsp", "rtmp"]) func aClosedPortIsNamed(scheme: String) throws {
        let port: UInt16
        do {
            let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
            port = listener.address.port
            listener.close()
        }
        let pull = try pull("\(scheme)://127.0.0.1:\(port)/live/secret")
        #expect(
            bench.eventually { bench.lines.count("\"reason\":\"unreachable\"") == 1 },
            "\(bench.lines.all.withLock(\.self))")
        pull.stop()
        #expect(bench.lines.count("Connection refused") == 1 && bench.lines.count("secret") == 0)
    }

    @Test func codecsThatNothingCanBeMadeOfAreNamed() throws {
        try Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64", "-t", "1", "-c:v", "mpeg4",
                folder.path(of: "a.mkv"),
            ])
        let pull = try pull("file://" + folder.path(of: "a.mkv"))
        #expect(bench.eventually { bench.lines.count("unsupported_codec") == 1 })
        pull.stop()
        #expect(bench.lines.count("nothing can be made of mpeg4") == 1)
    }

    @Test func soundAloneIsTakenAndToldOf() throws {
        try Tool.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "sine=r=48000", "-t", "1", "-c:a", "aac", folder.path(of: "a.mp4")])
        let pull = try pull("file://" + folder.path(of: "a.mp4"), isLooped: true)
        #expect(bench.eventually { bench.gate.kinds.count { $0 == "a" } > 60 })
        pull.stop()
        #expect(bench.lines.count("\"code\":\"no_video\"") == 1)
    }

    @Test func aMissingFileIsNamedAndTheServerGoesOnAsking() throws {
        let path = folder.path(of: "later.ts")
        let pull = try pull("file://" + path)
        #expect(bench.eventually { bench.lines.count("ingest.pull_failed") == 1 })
        _ = try folder.write(try TransportClip.plain.get(), to: "later.ts")
        #expect(bench.eventually { bench.gate.kinds.contains("V") })
        pull.stop()
        #expect(bench.lines.count(path) == 0)
    }

    /// Opening one that nobody writes to would wait for ever.
    @Test func onlyFilesArePlayed() throws {
        let path = folder.path(of: "fifo")
        #expect(mkfifo(path, 0o600) == 0)
        let pull = try pull("file://" + path)
        #expect(bench.eventually { bench.lines.count("\"reason\":\"no_file\"") == 1 })
        pull.stop()
    }

    /// At its own pace, and again and again without a jump.
    @Test(arguments: ["clip.ts", "clip.mp4"]) func aFileIsPlayedInRealTimeAndLooped(name: String) throws {
        var path = try folder.write(try TransportClip.plain.get(), to: "clip.ts")
        if name != "clip.ts" {
            try Tool.run("ffmpeg", ["-v", "error", "-i", path, "-c", "copy", folder.path(of: name)])
            path = folder.path(of: name)
        }
        let start = ContinuousClock.now
        let pull = try pull("file://" + path, isLooped: true)
        #expect(bench.eventually { bench.gate.state.withLock { $0.events }.pictures.count >= 130 })
        let taken = ContinuousClock.now - start
        pull.stop()
        // Five seconds of pictures.
        #expect(taken >= .milliseconds(5100))
        let events = bench.gate.state.withLock { $0.events }
        let pictures = events.pictures.map(\.decodeTime.value)
        #expect(Set(zip(pictures, pictures.dropFirst()).map { $1 - $0 }) == [3600])
        let sounds = events.sounds.map(\.presentationTime.value)
        #expect(zip(sounds, sounds.dropFirst()).allSatisfy { (1919...1921).contains($1 - $0) })
        #expect(bench.gate.state.withLock { $0.requests } == 1 && bench.lines.count("ingest.accepted") == 1)
    }

    @Test func stoppingEndsWhateverIsUnderWay() throws {
        // It takes connections and says nothing.
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        for scheme in ["http", "https", "rtsp", "rtmp"] {
            let pull = try pull("\(scheme)://127.0.0.1:\(listener.address.port)/a/b")
            usleep(200_000)
            let start = ContinuousClock.now
            pull.stop()
            #expect(ContinuousClock.now - start < .seconds(5), "\(scheme)")
        }
        #expect(bench.lines.count("ingest.pull_failed") == 0)
    }

    @Test func datagramsBecomeAFeedUntilTheyStop() throws {
        let port: UInt16
        do { port = try DatagramSocket(SocketAddress(host: "127.0.0.1", port: 0)).address.port }
        let pull = try pull("udp://127.0.0.1:\(port)")
        for round in 1...2 {
            let sender = try Tool(
                "ffmpeg",
                [
                    "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25", "-f", "lavfi",
                    "-i",
                    "sine=r=48000", "-t", "30", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g",
                    "25", "-c:a", "aac", "-f", "mpegts", "udp://127.0.0.1:\(port)?pkt_size=1316",
                ])
            #expect(bench.eventually { bench.gate.kinds.count { $0 == "V" } >= 2 * round })
            sender.end()
            #expect(bench.eventually { bench.gate.state.withLock { $0.ended } == round })
        }
        pull.stop()
        #expect(bench.lines.count("\"reason\":\"silent\"") == 1)
        #expect((bench.figure("headwater_ts_packets_total{channel=\"news\",kind=\"received\"}") ?? 0) > 100)
    }

    @Test func aChannelThatIsTakenIsLeftAlone() throws {
        let path = try folder.write(try TransportClip.plain.get(), to: "clip.ts")
        struct Busy: PublishGate {
            func admit(_ request: PublishRequest) throws(PublishRefusal) -> PublishTerms { throw refusal }
            func open(_ request: PublishRequest, for publisher: any Publisher) throws(PublishRefusal) -> any Feed {
                throw refusal
            }
            func open(
                _ input: ChannelInput, of channel: String, for publisher: any Publisher
            ) throws(PublishRefusal) -> any Feed {
                throw refusal
            }
            let refusal = PublishRefusal(.busy, "Somebody is publishing")
        }
        let pull = MediaPull(
            try PullAddress("file://" + path), channel: "news", gate: Busy(), logger: Logger(sink: bench.lines),
            metrics: IngestMetrics(bench.registry), transportMetrics: TransportMetrics(bench.registry))
        #expect(bench.eventually { (bench.figure("headwater_ingest_refused_total{reason=\"busy\"}") ?? 0) >= 2 })
        pull.stop()
        #expect(bench.lines.count("\"reason\":\"busy\"") == 1 && bench.lines.count("ingest.accepted") == 0)
    }
}
