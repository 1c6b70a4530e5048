import Bytes
import SeededRandom
import Testing

@testable import RTMP

@Suite struct RTMPMalformedInputTests {
    private static let conversation = ClientBytes.publication().bytes + RTMPServerSessionTests.media.bytes

    @Test func everyPrefixIsNoFault() throws {
        let start = try RTMPServerSession.afterHandshake()
        for count in 0...Self.conversation.count {
            var session = start
            let failure = session.failure(Array(Self.conversation[..<count]))
            #expect(failure == nil, "\(count) bytes")
        }
    }

    /// Media are looked at, too: the publish is accepted before the flipped bit comes.
    @Test func everyBitFlipEndsInEventsOrATypedError() throws {
        let start = try RTMPServerSession.afterHandshake()
        var publishing = start
        _ = try publishing.events(ClientBytes.publication().bytes)
        publishing.acceptPublish()
        let media = RTMPServerSessionTests.media.bytes
        var (faults, successes) = (0, 0)
        for (state, bytes) in [(start, Self.conversation), (publishing, media)] {
            for bit in 0..<(8 * bytes.count) {
                var session = state
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                let failure = session.failure(flipped)
                if let failure {
                    faults += 1
                    #expect(!failure.description.isEmpty)
                    #expect(session.failure([]) == failure)
                } else {
                    successes += 1
                }
            }
        }
        #expect(faults > 100)
        #expect(successes > 100)
    }

    @Test func randomBytesEndInAnErrorSooner() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let start = try RTMPServerSession.publishing()
        var faults = 0
        for _ in 0..<500 {
            var session = start
            if session.failure(generator.bytes(2000)) != nil { faults += 1 }
        }
        #expect(faults > 400, "seed \(seed)")
    }

    private static let controls: [(RTMPMessageType, [UInt8])] = [
        (.setChunkSize, [0, 0, 0, 0]), (.setChunkSize, [0x80, 0, 0, 1]), (.setChunkSize, [0, 0, 1]),
        (.abort, [0]), (.windowAcknowledgementSize, []), (.userControl, [0]), (.userControl, [0, 6, 0, 0]),
    ]

    @Test(arguments: zip(controls.map(\.0.rawValue), controls.map(\.1)))
    func malformedControlMessagesEndTheConnection(type: UInt8, payload: [UInt8]) throws {
        var session = try RTMPServerSession.publishing()
        var client = ClientBytes()
        client.message(RTMPMessageType(rawValue: type), on: 2, payload)
        let offset = session.receivedBytes + UInt64(client.bytes.count)
        #expect(session.failure(client.bytes) == .malformedControlMessage(type: type, offset: offset))
    }

    @Test func anEnormousChunkSizeIsTaken() throws {
        var session = try RTMPServerSession.publishing()
        var client = ClientBytes()
        client.control(.setChunkSize, 0x7FFF_FFFF)
        client.chunkSize = 0x7FFF_FFFF
        client.append(ClientBytes.video(count: 100))
        client.message(.video, on: 6, [0x27, 1, 0, 0, 0] + [UInt8](repeating: 1, count: 100_000))
        #expect(try session.events(client.bytes).count == 2)
    }

    @Test func commandsOutOfOrderOrWithoutSenseEndTheConnection() throws {
        let start = try RTMPServerSession.afterHandshake()
        let offset = start.receivedBytes
        var client = ClientBytes()
        client.publish("key")
        var session = start
        #expect(session.failure(client.bytes) == .unexpectedCommand(offset: offset + UInt64(client.bytes.count)))

        client = ClientBytes()
        client.connect()
        client.connect()
        session = start
        #expect(session.failure(client.bytes) == .unexpectedCommand(offset: offset + UInt64(client.bytes.count)))

        let nonsense: [[UInt8]] = [
            [], [5], [2, 0, 9, 0x61], AMF0Writer.bytes(of: ["connect"]), AMF0Writer.bytes(of: ["connect", "1"]),
            AMF0Writer.bytes(of: ["connect", .number(1)]) + [3, 0, 1],
            AMF0Writer.bytes(of: ["connect", .number(1)])
                + Array([[UInt8]](repeating: [3, 0, 1, 0x61], count: 99).joined()),
        ]
        for payload in nonsense {
            client = ClientBytes()
            client.message(.commandAMF0, payload)
            session = start
            #expect(session.failure(client.bytes) == .malformedCommand(offset: offset + UInt64(client.bytes.count)))
        }
    }

    @Test func eventsBeforeAFaultAreKept() throws {
        var session = try RTMPServerSession.publishing()
        var events: [RTMPEvent] = []
        let bytes = ClientBytes.video(count: 10) + [0xFF]
        #expect(throws: RTMPError.self) { try session.receive(bytes.span, into: &events) }
        #expect(events.count == 1)
        #expect(throws: RTMPError.self) { try session.receive(bytes.span, into: &events) }
        #expect(events.count == 1)
    }

    /// Each of its messages would cost more memory than the bytes that it comes in.
    @Test func anAggregateOfEmptyMessagesIsCutShort() throws {
        var limits = RTMPLimits()
        limits.aggregatedMessages = 3
        let empty: [UInt8] = [8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11]
        for (count, faults) in [(3, 0), (4, 1)] {
            var client = ClientBytes()
            client.message(.aggregate, streamID: 1, Array([[UInt8]](repeating: empty, count: count).joined()))
            var session = try RTMPServerSession.publishing(limits: limits)
            #expect(try session.events(client.bytes).count == 3)
            #expect(session.malformedMessages == faults)
            var stranger = try RTMPServerSession.afterHandshake(limits: limits)
            #expect(try stranger.events(client.bytes).isEmpty)
            #expect(stranger.droppedMessages == 1 && stranger.malformedMessages == 0)
        }
    }

    @Test func whoPublishesNothingMayHoldLittle() throws {
        var limits = RTMPLimits()
        (limits.unfinishedBytes, limits.unfinishedBytesBeforePublish) = (1000, 500)
        var client = ClientBytes()
        client.control(.setChunkSize, 4096)
        client.chunkSize = 4096
        client.chunk(0, on: 6, length: 4096, type: 9, [UInt8](repeating: 0, count: 501))
        var stranger = try RTMPServerSession.afterHandshake(limits: limits)
        guard case .tooManyUnfinishedBytes = stranger.failure(client.bytes) else {
            Issue.record("a stranger holds as much as a publisher")
            return
        }
        var session = try RTMPServerSession.publishing(limits: limits)
        #expect(session.failure(client.bytes) == nil)
        #expect(session.failure([UInt8](repeating: 0, count: 499)) == nil)
        #expect(session.failure([0]) != nil)
    }

    @Test func aSessionKnowsWhetherThePeerOwesTheRestOfSomething() throws {
        var session = RTMPServerSession(handshakeRandom: RTMPServerSession.testRandom)
        #expect(session.isInsideMessage)
        _ = try session.events(ClientBytes.handshake)
        #expect(!session.isInsideMessage)
        let bytes = ClientBytes.publication().bytes
        _ = try session.events(bytes)
        session.acceptPublish()
        #expect(!session.isInsideMessage)
        let media = ClientBytes.video(count: 300)
        for count in 1..<media.count {
            var other = session
            _ = try other.events(Array(media[..<count]))
            #expect(other.isInsideMessage, "after \(count) bytes")
        }
        _ = try session.events(media)
        #expect(!session.isInsideMessage)
    }
}
