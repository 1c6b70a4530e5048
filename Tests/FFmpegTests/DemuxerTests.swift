import Bytes
import FFmpeg
import Glibc
import Locks
import Sockets
import Telemetry
import TestFolder
import TestTools
import Testing
import Time

/// What real muxers write is read; what nobody should read is not; and every call ends.
@Suite(.timeLimit(.minutes(30))) struct DemuxerTests {
    private let folder = TemporaryFolder()

    private func clip(_ name: String, _ options: [String] = []) throws -> String {
        let path = folder.path(of: name)
        try Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25", "-f", "lavfi", "-i",
                "sine=r=48000", "-t", "2", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g",
                "25", "-c:a", "aac",
            ] + options + [path])
        return path
    }

    private static var files: DemuxerOptions {
        DemuxerOptions(formats: DemuxerOptions.containers, protocols: ["file"])
    }

    private func open(
        _ path: String, _ options: DemuxerOptions = files, isWanted: @escaping () -> Bool = { true }
    ) throws -> Demuxer {
        try Demuxer("file:" + path, options, isWanted: isWanted)
    }

    @Test(arguments: ["clip.mp4", "clip.ts", "clip.mkv", "clip.flv"])
    func thePacketsAreThoseThatFfprobeShows(name: String) throws {
        let path = try clip(name)
        let demuxer = try open(path)
        #expect(demuxer.streams.map(\.codec) == [.h264, .aac])
        #expect(demuxer.streams.map(\.medium) == [.video, .audio])
        let shown = try Tool.packets(of: path, showing: "stream_index,pts,dts,size")
        var count = 0
        while let packet = try demuxer.read() {
            let expected = shown[count]
            #expect(expected["stream_index"] == "\(packet.stream)" && expected["size"] == "\(packet.data.count)")
            #expect(expected["pts"] == packet.presentation.map { "\($0)" } ?? "N/A")
            #expect(expected["dts"] == packet.decode.map { "\($0)" } ?? "N/A")
            count += 1
        }
        #expect(count == shown.count && count > 100)
    }

    @Test(arguments: ["clip.mp4", "clip.ts", "clip.mkv"])
    func theBeginningComesAgain(name: String) throws {
        let demuxer = try open(try clip(name))
        func pass() throws -> [Int64?] {
            var times: [Int64?] = []
            while let packet = try demuxer.read() { if packet.stream == 0 { times.append(packet.presentation) } }
            return times
        }
        let first = try pass()
        #expect(demuxer.rewind())
        #expect(try pass() == first && first.count == 50)
    }

    @Test func languagesAndProgramsAreTold() throws {
        let path = try clip(
            "clip.ts",
            [
                "-map", "0", "-map", "1", "-map", "1", "-metadata:s:a:0", "language=deu",
                "-metadata:s:a:1", "language=fra",
            ])
        let demuxer = try open(path)
        #expect(demuxer.streams.map(\.language) == [nil, "deu", "fra"])
        #expect(demuxer.programs.map(\.streams) == [[0, 1, 2]])
        #expect(demuxer.format == "mpegts")
        demuxer.select([2])
        while let packet = try demuxer.read() { #expect(packet.stream == 2) }
    }

    @Test func whatIsNoMediaIsUnreadable() throws {
        let path = try folder.write((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }, to: "noise.ts")
        #expect(throws: DemuxerError.self) { try open(path) }
    }

    /// A playlist in a file could lead anywhere.
    @Test(arguments: ["#EXTM3U\n#EXTINF:2,\nclip.ts\n", "ffconcat version 1.0\nfile clip.ts\n"])
    func listsInFilesAreNotFollowed(text: String) throws {
        _ = try clip("clip.ts")
        let path = try folder.write(Array(text.utf8), to: "list.m3u8")
        #expect(throws: DemuxerError.self) { try open(path) }
    }

    @Test(arguments: ["concat:", "subfile,,start,0,end,0,,:", "data:,", "pipe:", "crypto:", "async:"])
    func otherProtocolsAreRefused(name: String) throws {
        let path = try clip("clip.ts")
        #expect { try Demuxer(name + path, Self.files, isWanted: { true }) } throws: { error in
            guard let error = error as? DemuxerError else { return false }
            if case .refused = error { return true }
            if case .failed = error { return true }
            return false
        }
    }

    /// A listener that takes connections and never says anything.
    @Test func openingEndsWhenNobodyWantsItOrItTakesTooLong() throws {
        let listener = try TCPListener(SocketAddress(host: "127.0.0.1", port: 0))
        let url = "rtmp://127.0.0.1:\(listener.address.port)/live/stream"
        var options = DemuxerOptions(formats: ["flv", "live_flv"], protocols: ["rtmp", "tcp"])
        options.openLimit = .milliseconds(400)
        let start = ContinuousClock.now
        #expect { try Demuxer(url, options, isWanted: { true }) } throws: { error in
            if case .timedOut? = error as? DemuxerError { true } else { false }
        }
        options.openLimit = .seconds(600)
        let end = ContinuousClock.now + .milliseconds(400)
        #expect { try Demuxer(url, options, isWanted: { ContinuousClock.now < end }) } throws: { error in
            if case .stopped? = error as? DemuxerError { true } else { false }
        }
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    /// Bytes from memory, which may fail or never end.
    private final class Memory: DemuxerInput {
        struct Fault: Error {}
        let bytes: [UInt8]
        let fails: Bool
        var position = 0

        init(_ bytes: [UInt8], fails: Bool = false) { (self.bytes, self.fails) = (bytes, fails) }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            let count = min(buffer.count, bytes.count - position)
            if count == 0, fails { throw Fault() }
            buffer.copyBytes(from: bytes[position..<(position + count)])
            position += count
            return count
        }

        func seek(to offset: Int64) -> Bool { false }
        var length: Int64? { nil }
        var isSeekable: Bool { false }
    }

    @Test func anInputOfOnesOwnIsReadAndItsFaultIsTold() throws {
        let bytes = try folder.bytes(of: String(try clip("clip.ts").split(separator: "/").last ?? ""))
        let demuxer = try Demuxer("x", Self.files, input: Memory(bytes), isWanted: { true })
        var count = 0
        while try demuxer.read() != nil { count += 1 }
        #expect(count > 100)
        let broken = try Demuxer("x", Self.files, input: Memory(bytes, fails: true), isWanted: { true })
        #expect {
            while try broken.read() != nil {}
        } throws: { error in
            if case .input(let inner)? = error as? DemuxerError { inner is Memory.Fault } else { false }
        }
    }

    /// What a playlist names is asked for here, and nowhere else.
    @Test func whatAPlaylistNamesComesFromTheOpener() throws {
        let segment = try folder.bytes(of: String(try clip("clip.ts").split(separator: "/").last ?? ""))
        let playlist = """
            #EXTM3U
            #EXT-X-VERSION:3
            #EXT-X-TARGETDURATION:2
            #EXTINF:2,
            clip.ts
            #EXT-X-ENDLIST

            """
        var options = Self.files
        options.formats.append("hls")
        options.protocols = ["http"]
        options.options = [("http_persistent", "0"), ("http_multiple", "0")]
        var asked: [String] = []
        let demuxer = try Demuxer(
            "http://example.invalid/live/index.m3u8", options, input: Memory(Array(playlist.utf8)),
            opener: { reference in
                asked.append(reference.url)
                return Memory(segment)
            }, isWanted: { true })
        var count = 0
        while try demuxer.read() != nil { count += 1 }
        #expect(count > 100 && asked == ["http://example.invalid/live/clip.ts"])
        for place in ["file:///etc/hostname", "/etc/hostname", "http://elsewhere.invalid/clip.ts", "concat:clip.ts"] {
            let text = playlist.replacing("clip.ts", with: place)
            asked = []
            #expect(throws: DemuxerError.self, "\(place)") {
                try Demuxer(
                    "http://example.invalid/live/index.m3u8", options, input: Memory(Array(text.utf8)),
                    opener: { reference in
                        asked.append(reference.url)
                        throw DemuxerError.refused
                    }, isWanted: { true })
            }
            #expect(asked.allSatisfy { $0.hasPrefix("http://") }, "\(place)")
        }
    }

    private final class Lines: LogSink {
        let all = Mutex<[String]>([])
        func write(_ line: [UInt8]) { all.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
    }

    /// What libavformat says has addresses in it.
    @Test func noAddressGetsIntoTheLog() throws {
        let lines = Lines()
        try FFmpeg.load(logger: Logger(level: .debug, sink: lines))
        let secret = "secret-\(getpid())"
        for url in ["rtsp://user:\(secret)@127.0.0.1:1/\(secret)", "rtmp://127.0.0.1:1/\(secret)/\(secret)"] {
            let options = DemuxerOptions(
                formats: ["rtsp", "flv"], protocols: ["rtmp", "tcp"])
            #expect(throws: DemuxerError.self) { try Demuxer(url, options, isWanted: { true }) }
            // One in a second is told.
            usleep(1_100_000)
        }
        let said = lines.all.withLock { $0 }
        #expect(said.contains { $0.contains("ffmpeg.message") })
        #expect(!said.contains { $0.contains(secret) || $0.contains("127.0.0.1") })
    }
}
