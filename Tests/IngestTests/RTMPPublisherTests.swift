import Bytes
import Ingest
import Locks
import RTMP
import Telemetry
import Testing
import Time

/// Publishers who are let in, or not, over real sockets.
@Suite(.timeLimit(.minutes(30))) struct RTMPPublisherTests {
    let bench = ListenerBench()

    static let videoConfiguration: [UInt8] = [0x17, 0, 0, 0, 0] + RTMPTranslatorTests.avcC.array
    static let audioConfiguration: [UInt8] = [0xAF, 0, 0x11, 0x90]
    static let keyFrame: [UInt8] = [0x17, 1, 0, 0, 0] + RTMPTranslatorTests.picture.array
    static let otherFrame: [UInt8] = [0x27, 1, 0, 0, 0, 0, 0, 0, 3, 0x41, 0x88, 0x84]
    static let sound: [UInt8] = [0xAF, 1, 0x21, 0x10]

    @Test(arguments: [PublishRefusal.Reason.wrongKey, .unknownChannel, .busy, .shuttingDown])
    func whoIsRefusedIsToldWhyOnceAndCannotTryAgain(reason: PublishRefusal.Reason) throws {
        bench.gate.state.withLock { $0.refusal = PublishRefusal(reason, "Not with \(reason) at all") }
        try bench.run { port in
            let stranger = Stranger(port)
            stranger.send(Wire.connection() + Wire.publish("wrong"))
            #expect(stranger.hears("NetStream.Publish.BadName"))
            #expect(stranger.hears("Not with \(reason) at all"))
            #expect(stranger.isClosed())
            stranger.send(Wire.publish("secret"))
            bench.expectRefusal(reason.rawValue)
            #expect(bench.gate.state.withLock { $0.requests } == 1)
        }
    }

    @Test func anUnknownApplicationIsRefusedByName() throws {
        try bench.run { port in
            let stranger = Stranger(port)
            stranger.send(Wire.connection(app: "vod"))
            #expect(stranger.hears("There is no application \"vod\" here"))
            #expect(stranger.isClosed())
            bench.expectRefusal("protocol_error")
        }
    }

    static let unsupported: [(UInt8, [UInt8], String)] = [
        (9, [0x12, 0, 0], "Sorenson H.263"), (9, [0x1C, 0, 0, 0, 0], "H.265"),
        (9, [0x90] + Array("vvc1".utf8) + [1], "H.266 in Enhanced RTMP"),
        (9, [0x91] + Array("vp08".utf8) + [1], "VP8 in Enhanced RTMP"), (8, [0x2F, 0xFF], "MP3"),
        (8, [0x91] + Array(".mp3".utf8) + [1], "MP3 in Enhanced RTMP"),
    ]

    @Test(arguments: unsupported.indices)
    func anUnsupportedCodecIsRefusedByName(row: Int) throws {
        let (type, payload, name) = Self.unsupported[row]
        try bench.run { port in
            let stranger = bench.publisher(port)
            stranger.send(Wire.message(type, on: 6, payload))
            #expect(stranger.hears("NetStream.Publish.Rejected"))
            #expect(stranger.hears("\(name) is not supported here"))
            #expect(stranger.isClosed())
            bench.expectRefusal("unsupported_codec")
            #expect(bench.gate.state.withLock { $0.ended } == 1)
        }
    }

    @Test func whoSendsSeveralVideoTracksIsToldOnceThatOneIsPublished() throws {
        try bench.run { port in
            let stranger = bench.publisher(port)
            let other = Wire.video([0x96, 0x01] + Array("avc1".utf8) + [1, 0, 0, 0, 9])
            stranger.send(other + other + Wire.video(Self.videoConfiguration))
            #expect(stranger.hears("only the default one, track 0, is published"))
            stranger.send(other + Wire.video(Self.keyFrame))
            #expect(bench.eventually { bench.gate.kinds == "h264 V" }, "\(bench.gate.kinds)")
            #expect(bench.lines.count("ingest.video_track_not_published") == 1)
        }
    }

    @Test func messagesThatCannotBeReadAreCounted() throws {
        try bench.run { port in
            let stranger = bench.publisher(port)
            stranger.send(Wire.video([0x91] + Array("abcd".utf8) + [1]) + Wire.video(Self.videoConfiguration))
            #expect(bench.eventually { bench.gate.kinds == "h264 " })
        }
        #expect(bench.eventually { bench.lines.count("\"malformed.messages\":1") == 1 })
    }

    @Test func whatComesBeforeItsConfigurationIsDropped() throws {
        try bench.run { port in
            let stranger = bench.publisher(port)
            stranger.send(Wire.audio(Self.sound) + Wire.video(Self.keyFrame) + Wire.audio(Self.audioConfiguration))
            stranger.send(Wire.video(Self.keyFrame) + Wire.audio(Self.sound, time: 10))
            stranger.send(Wire.video(Self.videoConfiguration) + Wire.video(Self.otherFrame, time: 20))
            stranger.send(Wire.video(Self.keyFrame, time: 40) + Wire.audio(Self.sound, time: 41))
            #expect(bench.eventually { bench.gate.kinds == "aac ah264 vVa" }, "\(bench.gate.kinds)")
        }
        #expect(bench.eventually { bench.lines.count("\"dropped.packets\":3") == 1 })
    }

    @Test func aPublisherMayBeSilentBetweenMessagesForAsLongAsItLikes() throws {
        try bench.run { port in
            let stranger = bench.publisher(port)
            stranger.send(Wire.audio(Self.audioConfiguration) + Wire.audio(Self.sound))
            #expect(bench.eventually { bench.gate.kinds == "aac a" })
            for _ in 0..<3 {
                bench.clock.advance(by: .seconds(3600))
                #expect(stranger.staysOpen())
            }
            stranger.send(Wire.audio(Self.sound, time: 1000))
            #expect(bench.eventually { bench.gate.kinds == "aac aa" })
        }
    }

    @Test func aPublisherThatStopsInsideAMessageIsGivenTenSeconds() throws {
        try bench.run { port in
            let stranger = bench.publisher(port)
            // The ten seconds count from the beginning of the message, not from the message before.
            bench.clock.advance(by: .seconds(60))
            let before = bench.receivedBytes
            stranger.send(Wire.message(9, on: 6, length: 1000, Self.keyFrame))
            #expect(bench.eventually { bench.receivedBytes > before })
            bench.clock.advance(by: .milliseconds(9900))
            #expect(stranger.staysOpen())
            // A trickle is no progress.
            let trickled = bench.receivedBytes
            stranger.send([0])
            #expect(bench.eventually { bench.receivedBytes == trickled + 1 })
            #expect(stranger.staysOpen())
            bench.clock.advance(by: .milliseconds(100))
            #expect(stranger.isClosed())
            bench.expectRefusal("timeout")
            #expect(bench.gate.state.withLock { $0.ended } == 1)
        }
    }

    @Test func whoStopsPublishingHasTenSecondsToBeginAgain() throws {
        try bench.run { port in
            let stranger = bench.publisher(port)
            bench.clock.advance(by: .seconds(60))
            stranger.send(Wire.command("FCUnpublish", .number(5), .null, "secret"))
            #expect(stranger.hears("NetStream.Unpublish.Success"))
            bench.clock.advance(by: .milliseconds(9900))
            #expect(stranger.staysOpen())
            bench.clock.advance(by: .milliseconds(100))
            #expect(stranger.isClosed())
            bench.expectRefusal("timeout")
        }
    }

    /// Half of a message on one chunk stream after another.
    @Test(arguments: [true, false])
    func unfinishedMessagesOfManyChunkStreamsAreBounded(isPublishing: Bool) throws {
        try bench.run { port in
            let stranger = isPublishing ? bench.publisher(port) : Stranger(port)
            if !isPublishing { stranger.send(Wire.connection()) }
            let piece = [UInt8](repeating: 0, count: 1 << 20)
            let (allowed, announced) = (isPublishing ? 20 : 0, 0xFF_FFFF)
            for stream in 0..<allowed {
                stranger.send(Wire.message(9, on: UInt8(10 + stream), length: announced, piece))
            }
            #expect(stranger.staysOpen())
            stranger.send(Wire.message(9, on: 40, length: announced, piece))
            #expect(stranger.isClosed())
            bench.expectRefusal("protocol_error")
            #expect(bench.lines.count("too many bytes of unfinished messages") == 1)
        }
    }

    // MARK: While somebody is asked

    /// Whatever it sent before, and did not wait for.
    @Test func whoLeavesWhileItWaitsIsNoticed() throws {
        bench.gate.neverAnswer()
        try bench.run { port in
            do {
                let stranger = Stranger(port)
                stranger.send(Wire.connection() + Wire.publish("secret"))
                #expect(bench.eventually { bench.gate.state.withLock { $0.waiting } == 1 })
                stranger.send(Wire.audio(Self.audioConfiguration))
                #expect(stranger.staysOpen())
            }
            #expect(bench.eventually { bench.lines.count("ingest.closed") == 1 })
            #expect(bench.lines.count("\"reason\":\"closed\"") == 1 && bench.lines.count("ingest.refused") == 0)
            #expect(!bench.registry.prometheusText().contains("refused_total{"))
        }
    }

    @Test func othersAreLetInMeanwhileAndAtTheEndNobodyWaits() throws {
        bench.gate.neverAnswer()
        var strangers: [Stranger] = []
        try bench.run { port in
            strangers = [Stranger(port)]
            strangers[0].send(Wire.connection() + Wire.publish("secret"))
            #expect(bench.eventually { bench.gate.state.withLock { $0.waiting } == 1 })
            bench.gate.state.withLock { $0.ask = nil }
            strangers.append(bench.publisher(port))
            #expect(strangers.allSatisfy { $0.staysOpen() })
        }
        #expect(strangers.allSatisfy { $0.isClosed() })
        #expect(bench.lines.count("\"reason\":\"The server is shutting down\"") == 2)
        #expect(bench.lines.count("ingest.refused") == 0)
    }

    @Test func whatTheOperatorsServiceSaysIsForTheOperator() throws {
        bench.gate.state.withLock { state in
            state.ask = { _ in PublishRefusal(.webhookRefused, "You may not", detail: "unpaid bill") }
        }
        try bench.run { port in
            let stranger = Stranger(port)
            stranger.send(Wire.connection() + Wire.publish("secret"))
            #expect(stranger.hears("You may not") && stranger.isClosed() && !stranger.hasHeard("unpaid"))
            bench.expectRefusal("webhook_refused")
            #expect(bench.lines.count("\"detail\":\"unpaid bill\"") == 1)
        }
    }

    @Test func whoIsHeldOffIsCountedAndNotLogged() throws {
        bench.gate.state.withLock { $0.refusal = PublishRefusal(.tooManyFailures, "Try again later") }
        try bench.run { port in
            let stranger = Stranger(port)
            stranger.send(Wire.connection() + Wire.publish("wrong"))
            #expect(stranger.hears("Try again later") && stranger.isClosed())
            #expect(bench.registry.prometheusText().contains("refused_total{reason=\"too_many_failures\"} 1"))
            #expect(bench.lines.count("too_many_failures") == 0)
        }
    }

    @Test(
        arguments: [
            ("news?key=k", "news", "k"), ("news?token=hw1.t-_", "news", "hw1.t-_"), ("news?a=b&token=t&c", "news", "t"),
            ("news?tokens=t", nil, "news"), ("hw1.t", nil, "hw1.t"),
        ] as [(String, String?, String)])
    func aTokenStandsWhereAKeyWould(name: String, channel: String?, key: String) throws {
        bench.gate.state.withLock { $0.key = key }
        try bench.run { port in
            let stranger = Stranger(port)
            stranger.send(Wire.connection() + Wire.publish(name))
            #expect(stranger.hears("NetStream.Publish.Start"))
            #expect(bench.gate.state.withLock { $0.channels } == [channel])
        }
    }

    @Test func aPublisherIsToldWhyItIsDisconnected() throws {
        try bench.run { port in
            let stranger = bench.publisher(port)
            let publisher = try #require(bench.gate.state.withLock { $0.publishers.first })
            publisher.warn(code: "NetStream.Publish.Notice", description: "Beware")
            #expect(stranger.hears("Beware"))
            publisher.disconnect(reason: "Another one took over")
            #expect(stranger.hears("Another one took over"))
            #expect(stranger.isClosed())
            #expect(bench.eventually { bench.lines.count("ingest.closed") == 1 })
            #expect(bench.lines.count("ingest.refused") == 0)
        }
    }
}

extension ListenerBench {
    var receivedBytes: Int {
        let line = registry.prometheusText().split(separator: "\n").first { $0.hasPrefix("headwater_ingest_received") }
        return line.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
    }
}
