import Glibc
import Locks
import Sockets
import Telemetry
import TestTools
import Testing

@testable import SRT

extension SRTTests {
    /// Other programs that call.
    @Suite(
        .timeLimit(.minutes(30)),
        .enabled(
            if: Tool.areThere("srt-live-transmit", "ffmpeg", "gst-launch-1.0"),
            "srt-live-transmit, ffmpeg and gst-launch-1.0 are not there to call"))
    struct PeersTests {
        static let streamID = "#!::r=news,m=publish,key=s3cret"
        /// As it stands in an address.
        static let encodedStreamID = "%23!::r=news,m=publish,key=s3cret"

        /// What a caller is to do.
        struct Call: Sendable, CustomTestStringConvertible {
            let program: String
            var passphrase: String?
            var keyLength: SRTKeyLength?

            var testDescription: String { "\(program), \(keyLength.map { "AES-\($0.rawValue * 8)" } ?? "clear")" }

            /// The program's options to call `port`, with packets of a transport stream, and what feeds it.
            func start(port: UInt16) throws -> (tool: Tool, feed: Feed?) {
                var options = passphrase.map { "&passphrase=\($0)" } ?? ""
                if let keyLength { options += "&pbkeylen=\(keyLength.rawValue)" }
                switch program {
                case "ffmpeg":
                    let arguments =
                        [
                            "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25", "-t", "2", "-c:v",
                            "mpeg2video",
                        ]
                        + (passphrase.map { ["-passphrase", $0] } ?? [])
                        + (keyLength.map { ["-pbkeylen", "\($0.rawValue)"] } ?? [])
                        + ["-f", "mpegts", "srt://127.0.0.1:\(port)?pkt_size=1316&streamid=\(encodedStreamID)"]
                    return (try Tool(program, arguments), nil)
                case "gst-launch-1.0":
                    let arguments =
                        "videotestsrc pattern=snow num-buffers=50 is-live=true ! video/x-raw,format=I420,width=160,height=90 !"
                        + " x264enc tune=zerolatency ! mpegtsmux alignment=7 ! srtsink uri=srt://127.0.0.1:\(port)?mode=caller streamid=\(streamID)"
                    return (
                        try Tool(
                            program,
                            arguments.split(separator: " ").map(String.init)
                                + (passphrase.map { ["passphrase=\($0)"] } ?? [])
                                + (keyLength.map { ["pbkeylen=\($0.rawValue)"] } ?? [])), nil
                    )
                default:
                    let feed = Feed()
                    let target = "srt://127.0.0.1:\(port)?mode=caller&streamid=\(encodedStreamID)\(options)"
                    return (try Tool(program, ["-a:no", feed.address, target]), feed)
                }
            }
        }

        static let calls = ["srt-live-transmit", "ffmpeg", "gst-launch-1.0"].flatMap { program in
            [Call(program: program)]
                + SRTKeyLength.allCases.map { Call(program: program, passphrase: SRTTests.passphrase, keyLength: $0) }
        }

        @Test(arguments: calls)
        func itsPacketsCome(call: Call) throws {
            let requests = Mutex<[SRTCallRequest]>([])
            let passphrase = call.passphrase.map { Secret($0) }
            let reception = try Reception { request in
                requests.withLock { $0.append(request) }
                return .accept(passphrase: passphrase)
            }
            defer { reception.end() }
            let (tool, feed) = try call.start(port: reception.port)
            defer { tool.end() }
            let socket = try #require(reception.next())
            defer { socket.close() }
            let streamID = try SRTStreamID(socket.streamID)
            #expect(streamID.channel == "news" && streamID.key?.exposed == "s3cret" && streamID.mode == .publish)
            #expect(requests.withLock { $0.map(\.streamID) } == [socket.streamID])
            #expect(socket.keyLength == call.keyLength)
            let packet = [0x47] + [UInt8](repeating: 0xFF, count: 187)
            var bytes: [UInt8] = []
            for _ in 0..<200 where bytes.count < 20 * 1316 {
                // What comes to srt-live-transmit before it is quite ready it drops.
                feed?.send((0..<7).flatMap { _ in packet })
                bytes += socket.read(timeout: .milliseconds(100)).bytes
            }
            #expect(bytes.count >= 20 * 1316)
            #expect(stride(from: 0, to: bytes.count, by: 188).allSatisfy { bytes[$0] == 0x47 })
            #expect(socket.statistics().map(\.totals.packetsUndecrypted) ?? 0 == 0)
        }

        @Test(arguments: ["srt-live-transmit", "ffmpeg"])
        func itLearnsWhyItIsRefused(program: String) throws {
            let encrypted = SRTDecision.accept(passphrase: Secret(SRTTests.passphrase))
            let calls: [(caller: String?, decision: SRTDecision, text: String, faults: Set<SRTHandshakeFault>)] = [
                (nil, .refuse(.notFound), "Application-defined rejection reason", []),
                ("another-passphrase", encrypted, "Incorrect passphrase", [.wrongPassphrase]),
                (nil, encrypted, "Password required or unexpected", [.missingPassphrase]),
                (SRTTests.passphrase, .accept(), "Password required or unexpected", [.unexpectedPassphrase]),
            ]
            for (caller, decision, text, faults) in calls {
                let reception = try Reception { _ in decision }
                defer { reception.end() }
                let (tool, _) = try Call(program: program, passphrase: caller).start(port: reception.port)
                let output = tool.end(within: .seconds(5))
                #expect((output.standardOutput + output.standardError).contains(text), "\(output)")
                #expect(reception.faults == faults)
            }
        }

        @Test func whoFallsSilentIsGivenUp() throws {
            var options = SRTOptions()
            options.latency = .milliseconds(800)
            let reception = try Reception(options: options)
            defer { reception.end() }
            // A caller of another process, which is stopped: nothing here could fall silent by itself.
            let feed = Feed()
            let tool = try Tool(
                "srt-live-transmit", [feed.address, "srt://127.0.0.1:\(reception.port)"])
            defer { tool.end() }
            let socket = try #require(reception.next())
            var bytes: [UInt8] = []
            for _ in 0..<200 where bytes.isEmpty {
                feed.send([7, 7, 7])
                bytes = socket.read(timeout: .milliseconds(100)).bytes
            }
            #expect(bytes.prefix(3) == [7, 7, 7])
            tool.suspend()
            var result = SRTRead.timedOut
            for _ in 0..<60 {
                (result, _) = socket.read(timeout: .seconds(5))
                if case .closed = result { break }
            }
            #expect(result == .closed(.silent))
            socket.close()
        }
    }
}
