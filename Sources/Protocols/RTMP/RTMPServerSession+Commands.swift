extension RTMPServerSession {
    /// Does what a command asks for. RTMP 1.0 §7.2.
    mutating func handleCommand(_ message: RTMPMessage, into events: inout [RTMPEvent]) throws(RTMPError) {
        guard let command = RTMPCommand(command: message, limits: limits.amf) else {
            throw .malformedCommand(offset: reader.offset)
        }
        if command.name == "connect" {
            try handleConnect(command, into: &events)
            return
        }
        guard let connect else { throw .unexpectedCommand(offset: reader.offset) }
        switch command.name {
        case "createStream":
            lastStreamID &+= 1
            answer(command, with: .number(Double(lastStreamID)))
        case "publish":
            handlePublish(command, streamID: message.streamID, app: connect.app, into: &events)
        case "play", "play2":
            sendStatus(
                level: .error, code: "NetStream.Play.Failed",
                description: "This server takes streams over RTMP and plays them over HTTP", streamID: message.streamID)
        case "FCPublish":
            wantsOnFCPublish = true
            answer(command)
        case "FCUnpublish":
            sayUnpublished(command)
            endPublication(into: &events)
        case "closeStream":
            endPublication(into: &events)
        case "deleteStream":
            // The stream is the argument; some encoders leave it out.
            if let id = command[1].number, id != publicationStreamID.map(Double.init) { return }
            endPublication(into: &events)
        default:
            // releaseStream, _checkbw and what else encoders ask of other servers: they go on with any answer.
            answer(command)
        }
    }

    /// RTMP 1.0 §7.2.1.1.
    private mutating func handleConnect(_ command: RTMPCommand, into events: inout [RTMPEvent]) throws(RTMPError) {
        guard connect == nil else { throw .unexpectedCommand(offset: reader.offset) }
        let connect = RTMPConnect(command[0])
        if command[0].properties == nil {
            try refuse(command, .connectRejected("The connect command names no application"))
        }
        if let apps, !apps.contains(connect.app) { try refuse(command, .invalidApp(connect.app)) }
        self.connect = connect
        writer.write(.windowAcknowledgementSize, value: limits.acknowledgementWindow)
        writer.write(.setPeerBandwidth, value: limits.acknowledgementWindow, then: [2])
        writer.write(.setChunkSize, value: limits.outgoingChunkSize)
        writer.chunkSize = Int(limits.outgoingChunkSize)
        writer.write(.streamBegin, value: 0)
        let server: AMF0Value = .object(
            [
                AMF0Property("fmsVer", "FMS/3,5,7,7009"), AMF0Property("capabilities", .number(31)),
                AMF0Property("mode", .number(1)),
            ] + (connect.capabilities == nil ? [] : ExCapabilities.own.properties))
        let status = statusObject(
            level: .status, code: "NetConnection.Connect.Success", description: "Connected",
            [AMF0Property("objectEncoding", .number(0))])
        send("_result", .number(command.transactionID), server, status)
        events.append(.connected(connect))
    }

    private mutating func refuse(_ command: RTMPCommand, _ refusal: RTMPRefusal) throws(RTMPError) {
        send(
            "_error", .number(command.transactionID), .null,
            statusObject(level: .error, code: refusal.code, description: refusal.description))
        throw .connectRefused(refusal)
    }

    /// RTMP 1.0 §7.2.2.6.
    private mutating func handlePublish(
        _ command: RTMPCommand, streamID: UInt32, app: String, into events: inout [RTMPEvent]
    ) {
        guard case .none = publication else {
            return refusePublish(.badName("This connection publishes a stream already"), streamID: streamID)
        }
        let request = RTMPPublishRequest(app: app, name: command[1].string ?? "", type: command[2].string)
        guard !request.streamName.isEmpty else {
            return refusePublish(.badName("The publish command names no stream"), streamID: streamID)
        }
        publication = .requested(streamID: streamID)
        events.append(.publishRequested(request))
    }

    private mutating func sayUnpublished(_ command: RTMPCommand) {
        let (code, description) = ("NetStream.Unpublish.Success", "The stream is unpublished")
        if case .accepted(let streamID) = publication {
            send("onFCUnpublish", .number(0), .null, statusObject(level: .status, code: code, description: description))
            sendStatus(level: .status, code: code, description: description, streamID: streamID)
        }
        answer(command)
    }

    private mutating func endPublication(into events: inout [RTMPEvent]) {
        guard publicationStreamID != nil else { return }
        publication = .none
        wantsOnFCPublish = false
        events.append(.unpublished)
    }

    /// Answers a command that wants an answer.
    private mutating func answer(_ command: RTMPCommand, with result: AMF0Value = .undefined) {
        guard command.transactionID != 0 else { return }
        send("_result", .number(command.transactionID), .null, result)
    }
}
