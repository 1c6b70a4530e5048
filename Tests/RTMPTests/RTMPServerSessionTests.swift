import Bytes
import Testing

@testable import RTMP

@Suite struct RTMPServerSessionTests {
    @Test func theHandshakeIsAnsweredOnceC1IsThere() throws {
        var session = RTMPServerSession(handshakeRandom: RTMPServerSession.testRandom)
        #expect(try session.events(Array(ClientBytes.c0c1.dropLast())).isEmpty)
        #expect(session.takeOutput().isEmpty)
        #expect(try session.events([ClientBytes.c0c1.last ?? 0]).isEmpty)
        let s0s1: [UInt8] = [3, 0, 0, 0, 0, 0, 0, 0, 0] + RTMPServerSession.testRandom
        #expect(session.takeOutput() == s0s1 + ClientBytes.c0c1.dropFirst())
        #expect(try session.events([UInt8](repeating: 7, count: 1536)).isEmpty)
        #expect(session.takeOutput().isEmpty)
    }

    @Test func anotherProtocolIsNamedAtItsFirstByte() {
        var session = RTMPServerSession(handshakeRandom: RTMPServerSession.testRandom)
        #expect(session.failure(Array("GET / HTTP/1.1\r\n".utf8)) == .unsupportedVersion(0x47))
        #expect(session.failure([3]) == .unsupportedVersion(0x47))
        #expect(session.takeOutput().isEmpty)
    }

    @Test func aPublisherIsAnsweredStepByStep() throws {
        var session = try RTMPServerSession.afterHandshake()
        let events = try session.events(ClientBytes.publication(of: "key?token=a?b").bytes)
        guard events.count == 2, case .connected(let connect) = events[0],
            case .publishRequested(let request) = events[1]
        else {
            Issue.record("\(events)")
            return
        }
        #expect(connect.app == "live")
        #expect(connect.query == nil)
        #expect(connect.tcURL == "rtmp://localhost:1935/live")
        #expect(connect.flashVersion == "FMLE/3.0 (compatible; test)")
        #expect(request.app == "live")
        #expect(request.streamName == "key")
        #expect(request.query == "token=a?b")
        #expect(request.type == "live")

        let output = session.takeOutput()
        let messages = try ServerMessages.read(output)
        #expect(messages.map(\.type.rawValue) == [5, 6, 1, 4, 20, 20, 20, 20])
        #expect(messages[0].payload.array == [0, 0x26, 0x25, 0xA0])
        #expect(messages[1].payload.array == [0, 0x26, 0x25, 0xA0, 2])
        #expect(messages[2].payload.array == [0, 0, 0xEA, 0x60])
        #expect(messages[3].payload.array == [0, 0, 0, 0, 0, 0])
        let connected = try messages[4].values
        #expect(connected.prefix(2) == ["_result", .number(1)])
        #expect(connected.last?["code"] == "NetConnection.Connect.Success")
        #expect(connected.last?["level"] == "status")
        #expect(try messages[5].values == ["_result", .number(2), .null, .undefined])
        #expect(try messages[6].values == ["_result", .number(3), .null, .undefined])
        #expect(try messages[7].values == ["_result", .number(4), .null, .number(1)])

        session.acceptPublish()
        session.acceptPublish()
        let started = try ServerMessages.read(session.takeOutput(), chunkSize: 60_000)
        #expect(started.map(\.type.rawValue) == [20, 4, 20])
        #expect(try started[0].values.first == "onFCPublish")
        #expect(started[1].payload.array == [0, 0, 0, 0, 0, 1])
        #expect(started[2].streamID == 1)
        #expect(try started[2].values.prefix(3) == ["onStatus", .number(0), .null])
        #expect(try started[2].values.last?["code"] == "NetStream.Publish.Start")
    }

    @Test func mediaComeOutInOrderWithTheirTimestamps() throws {
        var session = try RTMPServerSession.publishing()
        let events = try session.events(Self.media.bytes)
        #expect(
            events == [
                .metadata(.ecmaArray([AMF0Property("width", .number(1280))])),
                .metadata(.object([AMF0Property("a", .null)])),
                .video(timestamp: 0, .sequenceHeader(ByteChunk([1, 0x64]))),
                .audio(timestamp: 0, .sequenceHeader(ByteChunk([0x12, 0x10]))),
                .video(timestamp: 0xFFFF_FFF0, .frame(compositionTime: 80, isKeyframe: true, ByteChunk(Self.picture))),
                .audio(timestamp: 0xFFFF_FFFF, .frame(ByteChunk([0x21]))),
                .audio(timestamp: 3, .silence),
                .video(timestamp: 16, .endOfSequence),
            ])
        #expect(session.malformedMessages == 1)
        #expect(session.droppedMessages == 0)
    }

    @Test func mediaOutsideAPublicationAreDroppedAndCounted() throws {
        var session = try RTMPServerSession.afterHandshake()
        #expect(try session.events(Self.media.bytes).isEmpty)
        #expect(session.droppedMessages == 9)
        _ = try session.events(ClientBytes.publication().bytes)
        #expect(try session.events(Self.media.bytes).isEmpty)
        #expect(session.droppedMessages == 18)
        session.acceptPublish()
        #expect(try session.events(Self.media.bytes).count == 8)
        session.rejectPublish(.unsupportedCodec("H.265"))
        #expect(try session.events(Self.media.bytes).isEmpty)
        #expect(session.droppedMessages == 27)
    }

    @Test func aggregatesAreTakenApartAndRebased() throws {
        func part(_ type: UInt8, _ time: [UInt8], _ payload: [UInt8]) -> [UInt8] {
            [type, 0, 0, UInt8(payload.count)] + time + [0, 0, 0] + payload + [0, 0, 0, UInt8(11 + payload.count)]
        }
        var client = ClientBytes()
        let parts =
            part(9, [0, 0, 10, 1], [0x27, 1, 0, 0, 0, 5]) + part(1, [0, 0, 0, 0], [0, 0, 0, 0])
            + part(8, [0, 0, 30, 1], [0xAF, 1, 6])
        client.message(.aggregate, time: 1000, streamID: 1, parts)
        client.message(.aggregate, time: 2000, streamID: 1, Array(parts.dropLast(4)))
        client.message(.aggregate, time: 3000, streamID: 1, Array(parts.dropLast(5)))
        var session = try RTMPServerSession.publishing()
        let video = FLVVideoPacket.frame(compositionTime: 0, isKeyframe: false, ByteChunk([5]))
        #expect(
            try session.events(client.bytes) == [
                .video(timestamp: 1000, video), .audio(timestamp: 1020, .frame(ByteChunk([6]))),
                .video(timestamp: 2000, video), .audio(timestamp: 2020, .frame(ByteChunk([6]))),
                .video(timestamp: 3000, video),
            ])
        #expect(session.malformedMessages == 1)
    }

    @Test func theAMF3FormsAreAMF0BehindAZeroByte() throws {
        var client = ClientBytes()
        client.message(
            .commandAMF3,
            [0] + AMF0Writer.bytes(of: ["connect", .number(1), .object([AMF0Property("app", "/live/?a=b")])]))
        // An AMF3 value ends what can be read, and what can be read is enough.
        client.message(
            .commandAMF3, streamID: 1, [0] + AMF0Writer.bytes(of: ["publish", .number(0), .null, "k"]) + [0x11, 1])
        var session = try RTMPServerSession.afterHandshake()
        let events = try session.events(client.bytes)
        guard case .connected(let connect) = events.first, case .publishRequested(let request) = events.last else {
            Issue.record("\(events)")
            return
        }
        #expect(connect.app == "live")
        #expect(connect.query == "a=b")
        #expect(request.streamName == "k")
        session.acceptPublish()
        var data = ClientBytes()
        data.message(.dataAMF3, [0] + AMF0Writer.bytes(of: ["onMetaData", .object([])]))
        #expect(try session.events(data.bytes) == [.metadata(.object([]))])
    }

    @Test func everyWindowIsAcknowledged() throws {
        var session = try RTMPServerSession.publishing()
        var client = ClientBytes()
        client.control(.windowAcknowledgementSize, 10_000)
        client.control(.windowAcknowledgementSize, 0)
        _ = try session.events(client.bytes)
        _ = session.takeOutput()
        let before = session.receivedBytes
        let piece = ClientBytes.video(count: 1000)
        var totals: [UInt64] = []
        for _ in 0..<50 {
            _ = try session.events(piece)
            for message in try ServerMessages.read(session.takeOutput(), chunkSize: 60_000) {
                #expect(message.type == .acknowledgement)
                var payload = ByteReader(message.payload.span)
                totals.append(UInt64(try payload.readUInt32()))
            }
        }
        #expect(session.receivedBytes == before + 50 * UInt64(piece.count))
        #expect(totals.count == 5 || totals.count == 4)
        for (total, next) in zip(totals, totals.dropFirst()) {
            #expect((10_000..<10_000 + UInt64(piece.count)).contains(next - total))
        }
    }

    @Test func aPingIsAnsweredWithItsValue() throws {
        var client = ClientBytes()
        client.message(.userControl, on: 2, [0, 6, 1, 2, 3, 4])
        client.message(.userControl, on: 2, [0, 3, 0, 0, 0, 1, 0, 0, 0, 9])
        client.message(.userControl, on: 2, [0, 99])
        var session = try RTMPServerSession.afterHandshake()
        _ = try session.events(client.bytes)
        #expect(session.takeOutput() == [2, 0, 0, 0, 0, 0, 6, 4, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4])
    }

    @Test func unknownCommandsAreAnsweredWhereAnAnswerIsWanted() throws {
        var client = ClientBytes()
        client.connect()
        client.command("_checkbw", .number(8), .null)
        client.command("somethingElse", .number(9), .null, .object([]))
        client.command("quiet", .number(0), .null)
        var session = try RTMPServerSession.afterHandshake()
        _ = try session.events(client.bytes)
        let answers = try session.takeMessages().dropFirst(5)
        #expect(try answers.map { try $0.values[1] } == [.number(8), .number(9)])
    }

    @Test(arguments: ["FCUnpublish", "deleteStream", "closeStream"])
    func publishingEndsOnceAndCanBeginAgain(command: String) throws {
        var session = try RTMPServerSession.publishing()
        var client = ClientBytes()
        client.command("deleteStream", .number(0), .null, .number(77))
        client.command(.string(command), .number(0), .null, command == "FCUnpublish" ? "key" : .number(1), streamID: 1)
        client.command("deleteStream", .number(0), .null, .number(1))
        client.command("createStream", .number(6), .null)
        client.publish("other", streamID: 2)
        let events = try session.events(client.bytes)
        #expect(events.count == 2)
        #expect(events.first == .unpublished)
        guard case .publishRequested(let request) = events.last else {
            Issue.record("\(events)")
            return
        }
        #expect(request.streamName == "other")
        session.acceptPublish()
        let last = try ServerMessages.read(session.takeOutput(), chunkSize: 60_000).last
        #expect(last?.streamID == 2)
    }

    @Test func aChunkMayBeginWithAnyByteOfTheInput() throws {
        let whole = ClientBytes.handshake + ClientBytes.publication().bytes
        let media = Self.media.bytes
        var reference = RTMPServerSession(handshakeRandom: RTMPServerSession.testRandom)
        var expected = try reference.events(whole)
        reference.acceptPublish()
        expected += try reference.events(media)
        let output = reference.takeOutput()
        for split in 0..<(whole.count + media.count) {
            var session = RTMPServerSession(handshakeRandom: RTMPServerSession.testRandom)
            var events = try session.events(Array(whole[..<min(split, whole.count)]))
            events += try session.events(Array(whole[min(split, whole.count)...]))
            session.acceptPublish()
            events += try session.events(Array(media[..<max(0, split - whole.count)]))
            events += try session.events(Array(media[max(0, split - whole.count)...]))
            #expect(events == expected, "split at \(split)")
            #expect(session.takeOutput() == output, "split at \(split)")
        }
    }

    static let picture = (0..<500).map { UInt8(truncatingIfNeeded: $0) }

    /// Nine messages that say something, one of which is malformed, and one control message.
    static let media: ClientBytes = {
        var client = ClientBytes()
        client.message(
            .dataAMF0, on: 4, streamID: 1,
            AMF0Writer.bytes(of: ["@setDataFrame", "onMetaData", .ecmaArray([AMF0Property("width", .number(1280))])]))
        client.message(
            .dataAMF0, on: 4, streamID: 1, AMF0Writer.bytes(of: ["onMetaData", .object([AMF0Property("a", .null)])]))
        client.message(.video, on: 6, streamID: 1, [0x17, 0, 0, 0, 0, 1, 0x64])
        client.message(.audio, on: 4, streamID: 1, [0xAF, 0, 0x12, 0x10])
        client.message(.video, on: 6, time: 0xFFFF_FFF0, streamID: 1, [0x17, 1, 0, 0, 80] + picture)
        client.control(.acknowledgement, 3000)
        client.message(.audio, on: 4, time: 0xFFFF_FFFF, streamID: 1, [0xAF, 1, 0x21])
        client.message(.audio, on: 4, time: 3, streamID: 1, [])
        client.message(.video, on: 6, time: 16, streamID: 1, [0x17, 2, 0, 0, 0])
        client.message(.audio, on: 4, time: 20, streamID: 1, [0xAF])
        return client
    }()
}

extension ClientBytes {
    /// A video message of `count` bytes of payload.
    static func video(count: Int) -> [UInt8] {
        var client = ClientBytes()
        client.message(.video, on: 6, streamID: 1, [0x27, 1, 0, 0, 0] + [UInt8](repeating: 1, count: count - 5))
        return client.bytes
    }
}
