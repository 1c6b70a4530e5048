import CSRT
import Ingest
import Locks
import Telemetry
import Testing
import Time

@testable import SRT

/// Publishers who call over real SRT sockets.
@Suite(.serialized, .timeLimit(.minutes(30))) struct SRTPublisherTests {
    struct Call: Sendable {
        var streamID: String
        var refusal = PublishRefusal.Reason.wrongKey
        var reason: String
        var rejection: SRTRejection
    }

    static let refused: [Call] = [
        Call(streamID: "nobody", reason: "wrong_key", rejection: .unauthorized),
        Call(streamID: "#!::r=news,m=publish,key=nobody", reason: "wrong_key", rejection: .unauthorized),
        Call(
            streamID: "publish:sport:nobody", refusal: .unknownChannel, reason: "unknown_channel", rejection: .notFound),
        Call(streamID: "nobody", refusal: .busy, reason: "busy", rejection: .conflict),
        Call(streamID: "nobody", refusal: .shuttingDown, reason: "shutting_down", rejection: .down),
        Call(streamID: "#!::r=news,m=request,key=secret", reason: "wants_to_receive", rejection: .badMode),
        Call(streamID: "#!:{r=news", reason: "bad_stream_id", rejection: .badRequest),
        Call(streamID: "#!::m=publish", reason: "bad_stream_id", rejection: .badRequest),
        Call(streamID: "", reason: "bad_stream_id", rejection: .badRequest),
    ]

    let bench = ListenerBench()

    @Test(arguments: refused)
    func whoIsRefusedLearnsWhyAndIsCountedOnce(call: Call) throws {
        bench.gate.state.withLock { $0.refusal = PublishRefusal(call.refusal, "no") }
        try bench.runSRT { port, _ in
            #expect(throws: SRTError.refused(call.rejection)) { try SRTSocket.call(port, call.streamID) }
            bench.expectRefusal(call.reason)
            #expect(bench.lines.count("127.0.0.1") == 0 && bench.lines.count("nobody") == 0)
            #expect(bench.gate.state.withLock { $0.requests } == 0)
        }
    }

    @Test(arguments: ["secret", "#!::r=news,m=publish,key=secret", "publish:news:secret", "live/news?key=secret"])
    func whatIsSentArrivesUpToItsEnd(streamID: String) throws {
        let clip = try TransportClip.plain.get()
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port, streamID)
            caller.send(clip)
            #expect(bench.eventually { bench.receivedBytes == clip.count }, "\(bench.receivedBytes) of \(clip.count)")
            caller.close()
            #expect(bench.eventually { bench.lines.count("ingest.closed") == 1 })
            let kinds = bench.gate.kinds
            #expect(kinds.count { $0 == "V" } == 2 && kinds.count { $0 == "v" } == 48, "\(kinds)")
            #expect(bench.gate.state.withLock { $0.ended } == 1 && bench.lines.count("ingest.accepted") == 1)
            #expect(bench.lines.count("\"input\":\"backup\"") == 1)
            #expect(bench.lines.count("secret") == 0 && bench.lines.count("127.0.0.1") == 0)
            #expect(bench.lines.count("\"reason\":\"closed\"") == 1)
        }
        #expect(bench.registry.prometheusText().contains("headwater_ingest_accepted_total 1\n"))
        #expect(!bench.registry.prometheusText().contains("headwater_ingest_refused_total{"))
    }

    /// Whatever encoders would make of them, and keys that encoders encode.
    @Test(
        arguments: zip(
            ["a,with=comma&and%20more#?/", "a,with=comma&and%20more#?/", "a,b,m=publish,u=x", "a b%", "a b"],
            ["publish:news:", "", "", "#!::key=", "publish:news:"]))
    func keysAreTakenAsTheyStandOrAsTheyAreEncoded(key: String, prefix: String) throws {
        bench.gate.state.withLock { $0.key = key }
        let isEncoded = key.hasPrefix("a b")
        try bench.runSRT { port, _ in
            let sent = isEncoded ? key.replacing("%", with: "%25").replacing(" ", with: "%20") : key
            let caller = try SRTSocket.call(port, prefix + sent)
            #expect(bench.eventually { bench.lines.count("ingest.accepted") == 1 })
            caller.close()
        }
    }

    @Test func theChannelSaysHowItIsEncryptedAndHowLongPacketsAreHeld() throws {
        let passphrase = "correct horse battery"
        bench.gate.state.withLock {
            $0.terms = PublishTerms(passphrase: Secret(passphrase), latency: .milliseconds(377))
        }
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port, passphrase: passphrase)
            caller.send(try TransportClip.plain.get())
            #expect(bench.eventually { bench.gate.kinds.contains("V") })
            #expect(bench.lines.count("\"srt.latency_seconds\":0.377") == 1)
            #expect(bench.lines.count("\"srt.key_bits\":128") == 1)
            #expect(bench.lines.count("\"srt.buffer_seconds\":1.72") == 1 && bench.lines.count("srt_buffer") == 0)
            caller.close()
        }
        #expect(bench.lines.count("passphrase") == 0 && bench.lines.count("horse") == 0)
    }

    static let misunderstandings: [(here: Secret<String>?, there: String?, reason: String, rejection: SRTRejection)] = [
        (Secret("correct horse battery"), "another horse battery", "wrong_passphrase", .badSecret),
        (Secret("correct horse battery"), nil, "missing_passphrase", .unsecure),
        (nil, "correct horse battery", "unexpected_passphrase", .unsecure),
    ]

    @Test(arguments: misunderstandings)
    func whoEncryptsOtherwiseIsRefusedAndCountedOnce(
        here: Secret<String>?, there: String?, reason: String, rejection: SRTRejection
    ) throws {
        bench.gate.state.withLock { $0.terms = PublishTerms(passphrase: here) }
        try bench.runSRT { port, _ in
            #expect(throws: SRTError.refused(rejection)) { try SRTSocket.call(port, passphrase: there) }
            bench.expectRefusal(reason)
            #expect(bench.lines.count("\"srt.rejection\":\"\(rejection)\"") == 1)
            #expect(bench.lines.count("127.0.0.1") == 0 && bench.lines.count("horse") == 0)
            #expect(bench.gate.state.withLock { $0.requests } == 0)
        }
    }

    static let nothing: [String: [UInt8]] = [
        "no packets": [UInt8](repeating: 0xAA, count: 1316),
        "packets without a payload": [[UInt8]](
            repeating: [0x47, 0x1F, 0xFF, 0x10] + [UInt8](repeating: 0, count: 184), count: 7
        ).flatMap(\.self),
        "MPEG-2 video": TransportWriter.tables([(0x02, 0x101, [])]),
    ]

    @Test(arguments: nothing.keys.sorted())
    func whoSendsNoProgramIsGivenTenSeconds(kind: String) throws {
        let bytes = try #require(Self.nothing[kind])
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            caller.send(bytes)
            #expect(bench.eventually { bench.receivedBytes == bytes.count })
            bench.clock.advance(by: .milliseconds(9900))
            caller.send(bytes)
            #expect(bench.eventually { bench.receivedBytes == 2 * bytes.count })
            #expect(caller.poll(for: .milliseconds(700)) == .timedOut)
            bench.clock.advance(by: .milliseconds(100))
            #expect(caller.isOver())
            bench.expectRefusal("no_program")
            #expect(bench.gate.state.withLock { $0.ended } == 1)
        }
    }

    @Test(arguments: [(own: Duration?.none, warnings: 1), (.seconds(8), 0)])
    func aWishForMoreLatencyThanTheBuffersHoldIsTold(own: Duration?, warnings: Int) throws {
        bench.gate.state.withLock { $0.terms = PublishTerms(latency: own) }
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port, wishing: .seconds(8))
            defer { srt_close(caller) }
            #expect(bench.eventually { bench.lines.count("\"srt.latency_seconds\":8") == 1 })
            #expect(bench.eventually { bench.gate.state.withLock { $0.publishers.count } == 1 })
            #expect(bench.eventually { bench.figure("headwater_srt_latency_seconds{channel=\"news\"}") != nil })
            #expect(bench.lines.count("more than 21 Mb/s") == warnings && bench.lines.count("srt_buffer\"") == warnings)
        }
    }

    @Test func aBufferThatIsFullIsCountedAndToldOnce() throws {
        try bench.runSRT { port, _ in
            let caller = SRTHandle(try SRTSocket.call(port, wishing: .seconds(60)))
            defer { caller.close() }
            try caller.set(SRTO_SNDSYN, "sndsyn", false)
            let message = [CChar](repeating: 0x47, count: 188)
            // It takes no more for a second: that is all that there is room for.
            var refusals = 0
            for _ in 0..<100_000 where refusals < 50 {
                if srt_sendmsg(caller.number, message, 188, -1, 1) > 0 {
                    refusals = 0
                } else {
                    refusals += 1
                    usleep(20_000)
                }
            }
            #expect(refusals == 50)
            for _ in 0..<3 {
                bench.clock.advance(by: .seconds(1))
                usleep(600_000)
            }
            #expect(bench.eventually { bench.lines.count("srt_buffer_full") == 1 })
            #expect(bench.figure("headwater_srt_buffer_full_total{channel=\"news\"}") == 1)
        }
    }

    static let programs: [(wanted: UInt16?, fields: String)] = [
        (nil, "\"ts.programs\":\"1\""), (7, "\"ts.programs\":\"1\",\"ts.wanted_program\":7"),
    ]

    @Test(arguments: programs)
    func whereNoProgramIsFoundTheLogSaysWhichThereAre(wanted: UInt16?, fields: String) throws {
        bench.gate.state.withLock { $0.terms = PublishTerms(program: wanted) }
        let bytes = TransportWriter.tables(wanted == nil ? [(0x02, 0x101, [])] : TransportWriter.all)
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            caller.send(bytes)
            #expect(bench.eventually { bench.receivedBytes == bytes.count })
            bench.clock.advance(by: .seconds(10))
            #expect(caller.isOver())
            bench.expectRefusal("no_program")
            #expect(bench.lines.count(fields) == 1)
            #expect(bench.lines.count("let the channel's program be one of those") == (wanted == nil ? 0 : 1))
        }
    }

    /// A picture that can be begun with may be a long time away.
    @Test func aProgramMayTakeLongToBegin() throws {
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            let bytes = TransportWriter.tables([(0x1B, 0x101, [])])
            caller.send(bytes)
            #expect(bench.eventually { bench.receivedBytes == bytes.count })
            bench.clock.advance(by: .seconds(3600))
            #expect(caller.poll(for: .milliseconds(1200)) == .timedOut)
            #expect(bench.gate.state.withLock { $0.ended } == 0 && bench.gate.kinds.isEmpty)
            caller.close()
        }
    }

    @Test func whoHasSentMediaMayBeSilent() throws {
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            caller.send(try TransportClip.plain.get())
            #expect(bench.eventually { bench.gate.kinds.contains("V") })
            bench.clock.advance(by: .seconds(3600))
            #expect(caller.poll(for: .milliseconds(1200)) == .timedOut)
            #expect(bench.gate.state.withLock { $0.ended } == 0)
        }
    }

    @Test func aPublisherHasLeftWhenItsEncoderHasThoughTheRestOfItIsToCome() throws {
        let clip = try TransportClip.plain.get()
        bench.gate.state.withLock { $0.terms = PublishTerms(latency: .seconds(3)) }
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            #expect(bench.eventually { bench.gate.state.withLock { $0.publishers.count } == 1 })
            let publisher = try #require(bench.gate.state.withLock { $0.publishers.first })
            caller.send(clip)
            #expect(!publisher.hasLeft)
            #expect(caller.poll(for: .milliseconds(300)) == .timedOut, "all is sent")
            caller.close()
            #expect(bench.eventually { publisher.hasLeft })
            #expect(bench.receivedBytes == 0 && bench.gate.state.withLock { $0.ended } == 0)
            #expect(bench.eventually { bench.gate.state.withLock { $0.ended } == 1 })
            #expect(bench.receivedBytes == clip.count && publisher.hasLeft)
        }
    }

    @Test func aPublisherIsDisconnected() throws {
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            #expect(bench.eventually { bench.gate.state.withLock { $0.publishers.count } == 1 })
            let publisher = try #require(bench.gate.state.withLock { $0.publishers.first })
            publisher.warn(code: "sound.missing", description: "There is no sound")
            #expect(bench.lines.count("ingest.warning") == 1)
            publisher.disconnect(reason: "Another one took over")
            #expect(caller.isOver())
            #expect(bench.eventually { bench.lines.count("Another one took over") == 1 })
            #expect(bench.lines.count("ingest.closed") == 1 && bench.lines.count("ingest.refused") == 0)
            #expect(bench.gate.state.withLock { $0.ended } == 1)
        }
    }

    @Test func stoppingEndsThemAll() throws {
        try bench.runSRT { port, publishers in
            let callers = try (0..<3).map { _ in try SRTSocket.call(port) }
            #expect(bench.eventually { bench.gate.state.withLock { $0.publishers.count } == 3 })
            publishers.stop()
            #expect(bench.gate.state.withLock { $0.ended } == 3)
            #expect(bench.lines.count("The server is shutting down") == 3)
            #expect(callers.allSatisfy { $0.isOver() })
            #expect(bench.figure("headwater_ingest_connections") == 0)
        }
    }

    @Test func whoPublishesGoesOnWhenNobodyElseIsLetIn() throws {
        try bench.runSRT { port, publishers in
            let caller = try SRTSocket.call(port)
            #expect(bench.eventually { bench.gate.state.withLock { $0.publishers.count } == 1 })
            publishers.stopAccepting()
            publishers.stopAccepting()
            var address = SRTAddress(host: "127.0.0.1", port: port)
            address.streamID = Array("secret".utf8)
            address.timeout = .milliseconds(500)
            #expect(throws: SRTError.self) { try SRTSocket.connect(to: address) }
            caller.send(try TransportClip.plain.get())
            #expect(bench.eventually { bench.gate.kinds.contains("V") })
        }
    }

    @Test func onlySoManyMayBeConnected() throws {
        try bench.runSRT(limit: 2) { port, _ in
            let callers = try (0..<2).map { _ in try SRTSocket.call(port) }
            #expect(bench.eventually { bench.figure("headwater_ingest_connections") == 2 })
            #expect(throws: SRTError.refused(.overload)) { try SRTSocket.call(port) }
            #expect(bench.figure("headwater_ingest_refused_total{reason=\"too_many_connections\"}") == 1)
            callers[0].close()
            #expect(bench.eventually { bench.figure("headwater_ingest_connections") == 1 })
            let next = try SRTSocket.call(port)
            #expect(bench.eventually { bench.figure("headwater_ingest_connections") == 2 })
            for caller in callers + [next] { caller.close() }
        }
    }
}
