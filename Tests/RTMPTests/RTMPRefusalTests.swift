import Bytes
import Testing

@testable import RTMP

@Suite struct RTMPRefusalTests {
    private static let refusals: [RTMPRefusal] = [
        .badName("No such key"), .denied("Not now"), .rejected("The key was withdrawn"), .unsupportedCodec("H.265"),
        RTMPRefusal(code: "NetStream.Failed", description: String(repeating: "long ", count: 20_000)),
    ]

    @Test(arguments: refusals)
    func aRefusedPublishNamesTheReasonOnItsStream(refusal: RTMPRefusal) throws {
        var session = try RTMPServerSession.afterHandshake()
        _ = try session.events(ClientBytes.publication().bytes)
        _ = session.takeOutput()
        session.rejectPublish(refusal)
        session.rejectPublish(refusal)
        let messages = try ServerMessages.read(session.takeOutput(), chunkSize: 60_000)
        #expect(messages.count == 1)
        #expect(messages.first?.streamID == 1)
        #expect(
            try messages.first?.values == [
                "onStatus", .number(0), .null,
                .object([
                    AMF0Property("level", "error"), AMF0Property("code", .string(refusal.code)),
                    AMF0Property("description", .string(refusal.description)),
                ]),
            ])
    }

    @Test func refusalsHaveTheCodesThatEncodersKnow() {
        #expect(
            Self.refusals.map(\.code) == [
                "NetStream.Publish.BadName", "NetStream.Publish.Denied", "NetStream.Publish.Rejected",
                "NetStream.Publish.Rejected", "NetStream.Failed",
            ])
        #expect(RTMPRefusal.unsupportedCodec("H.265").description.contains("H.265"))
    }

    @Test func aRefusalIsTheseBytes() throws {
        var session = try RTMPServerSession.afterHandshake()
        _ = try session.events(ClientBytes.publication().bytes)
        _ = session.takeOutput()
        session.rejectPublish(RTMPRefusal(code: "C", description: "D"))
        let payload: [UInt8] =
            [2, 0, 8] + Array("onStatus".utf8) + [0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 3]
            + [0, 5] + Array("level".utf8) + [2, 0, 5] + Array("error".utf8)
            + [0, 4] + Array("code".utf8) + [2, 0, 1, 0x43]
            + [0, 11] + Array("description".utf8) + [2, 0, 1, 0x44] + [0, 0, 9]
        #expect(session.takeOutput() == [3, 0, 0, 0, 0, 0, UInt8(payload.count), 20, 1, 0, 0, 0] + payload)
    }

    @Test func anUnknownApplicationIsRefusedAndTheConnectionEnds() throws {
        var session = try RTMPServerSession.afterHandshake(apps: ["live"])
        var client = ClientBytes()
        client.connect(app: "vod")
        let refusal = RTMPRefusal(
            code: "NetConnection.Connect.InvalidApp", description: "There is no application \"vod\" here")
        #expect(session.failure(client.bytes) == .connectRefused(refusal))
        let messages = try session.takeMessages()
        #expect(messages.count == 1)
        #expect(try messages.first?.values.prefix(3) == ["_error", .number(1), .null])
        #expect(try messages.first?.values.last?["code"]?.string == refusal.code)
        #expect(try messages.first?.values.last?["description"]?.string == refusal.description)
        #expect(session.failure([0]) == .connectRefused(refusal))
    }

    @Test func aConnectWithoutAnObjectIsRejected() throws {
        var session = try RTMPServerSession.afterHandshake()
        var client = ClientBytes()
        client.command("connect", .number(1))
        guard case .connectRefused(let refusal) = session.failure(client.bytes) else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.code == "NetConnection.Connect.Rejected")
        #expect(try session.takeMessages().first?.values.first == "_error")
    }

    @Test func playIsRefusedAndAnEmptyOrASecondPublishToo() throws {
        var client = ClientBytes()
        client.connect()
        client.command("play", .number(0), .null, "key", streamID: 1)
        client.publish("", streamID: 2)
        client.publish("?only=query", streamID: 3)
        client.publish("key", streamID: 4)
        client.publish("another", streamID: 5)
        var session = try RTMPServerSession.afterHandshake()
        #expect(try session.events(client.bytes).count == 2)
        let messages = try session.takeMessages().dropFirst(5)
        #expect(messages.map(\.streamID) == [1, 2, 3, 5])
        let codes = try messages.map { try $0.values.last?["code"]?.string }
        let badName = "NetStream.Publish.BadName"
        #expect(codes == ["NetStream.Play.Failed", badName, badName, badName])
        #expect(try messages.allSatisfy { try $0.values.last?["level"] == "error" })
    }

    @Test func aWarningGoesToThePublishedStream() throws {
        var session = try RTMPServerSession.publishing()
        session.sendStatus(level: .warning, code: "NetStream.Publish.Notice", description: "No keyframe for 10 s")
        let message = try ServerMessages.read(session.takeOutput(), chunkSize: 60_000).first
        #expect(message?.streamID == 1)
        #expect(try message?.values.last?["level"] == "warning")
        session.rejectPublish(.rejected("Over"))
        session.sendStatus(level: .status, code: "NetConnection.Connect.Closed", description: "Restart")
        #expect(try ServerMessages.read(session.takeOutput(), chunkSize: 60_000).map(\.streamID) == [1, 0])
    }
}
