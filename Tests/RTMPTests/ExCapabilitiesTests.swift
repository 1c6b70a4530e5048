import Testing

@testable import RTMP

/// What the two ends of a connection tell each other in `connect`, and what the server asks of those who can.
@Suite struct ExCapabilitiesTests {
    private static func connect(_ more: [AMF0Property]) -> ClientBytes {
        var client = ClientBytes()
        client.command("connect", .number(1), .object([AMF0Property("app", "live")] + more))
        return client
    }

    private static func answer(to more: [AMF0Property]) throws -> (RTMPConnect, AMF0Value) {
        var session = try RTMPServerSession.afterHandshake()
        let events = try session.events(connect(more).bytes)
        guard case .connected(let connect)? = events.first else { throw RTMPError.unexpectedCommand(offset: 0) }
        let answer = try #require(session.takeMessages().first { $0.type == .commandAMF0 })
        return (connect, try answer.values[2])
    }

    @Test func whatIsToldIsRead() throws {
        let uses: AMF0Value = .ecmaArray([AMF0Property("vp09", .number(3)), AMF0Property("*", .number(4))])
        let (connect, _) = try Self.answer(to: [
            AMF0Property("fourCcList", .strictArray(["hvc1", .number(1), "Opus"])),
            AMF0Property("videoFourCcInfoMap", uses),
            AMF0Property("audioFourCcInfoMap", .object([AMF0Property("Opus", "x")])),
            AMF0Property("capsEx", .number(5)), AMF0Property("videoFunction", .number(6)),
        ])
        let told = try #require(connect.capabilities)
        #expect(told.fourCCList == ["hvc1", "Opus"])
        #expect(told.videoCodecs == ["vp09": [.canDecode, .canEncode], "*": .canForward])
        #expect(told.audioCodecs == ["Opus": []])
        #expect(told.functions == [.reconnect, .modEx])
        #expect(told.videoFunctions == 6)
    }

    @Test(arguments: [.number(-1), .number(0.5), .number(1e20), .number(.nan), "1", .null] as [AMF0Value])
    func nonsenseIsNoCapability(value: AMF0Value) throws {
        let (connect, _) = try Self.answer(to: [
            AMF0Property("capsEx", value), AMF0Property("fourCcList", value), AMF0Property("videoFourCcInfoMap", value),
        ])
        #expect(connect.capabilities == ExCapabilities())
    }

    /// ffmpeg tells a list alone.
    @Test func whoTellsIsToldWhatIsTaken() throws {
        let (_, answer) = try Self.answer(to: [AMF0Property("fourCcList", .strictArray(["hvc1"]))])
        guard case .strictArray(let list)? = answer["fourCcList"] else {
            Issue.record("no list in \(answer)")
            return
        }
        #expect(list.contains("hvc1") && list.contains("Opus") && !list.contains(".mp3") && !list.contains("vvc1"))
        #expect(answer["videoFourCcInfoMap"]?["hvc1"]?.number == 4)
        #expect(answer["videoFourCcInfoMap"]?["vp08"] == nil)
        #expect(answer["audioFourCcInfoMap"]?["ec-3"]?.number == 4)
        #expect(answer["capsEx"]?.number == 15)
        #expect(answer["videoFunction"]?.number == 6)
    }

    @Test func whoTellsNothingIsAnsweredAsEver() throws {
        let (connect, answer) = try Self.answer(to: [AMF0Property("videoFunction", .number(1))])
        #expect(connect.capabilities == nil)
        #expect(answer.properties?.map(\.name) == ["fmsVer", "capabilities", "mode"])
    }

    @Test(arguments: [(nil, false), (2, false), (1, true), (15, true)] as [(Double?, Bool)])
    func whoCanIsAskedToConnectAnew(flags: Double?, isAsked: Bool) throws {
        var session = try RTMPServerSession.afterHandshake()
        let caps = flags.map { [AMF0Property("capsEx", .number($0))] } ?? []
        var client = Self.connect(caps)
        client.command("createStream", .number(2), .null)
        client.publish("key")
        _ = try session.events(client.bytes)
        session.acceptPublish()
        _ = session.takeOutput()
        #expect(session.requestReconnect(description: "Bye") == isAsked)
        let messages = try ServerMessages.read(session.takeOutput(), chunkSize: 60_000)
        #expect(messages.count == (isAsked ? 1 : 0))
        guard let message = messages.first else { return }
        // It is the connection that is spoken of, not a stream.
        #expect(message.streamID == 0)
        let values = try message.values
        #expect(values.prefix(3) == ["onStatus", .number(0), .null])
        #expect(values.last?["code"] == "NetConnection.Connect.ReconnectRequest")
        #expect(values.last?["level"] == "status")
        #expect(values.last?["description"] == "Bye")
        // Publishing goes on.
        #expect(try session.events(ClientBytes.video(count: 10)).count == 1)
    }
}
