extension RTMPServerSession {
    /// Lets the peer publish what it asked to. Does nothing when no request is pending.
    public mutating func acceptPublish() {
        guard case .requested(let streamID) = publication else { return }
        publication = .accepted(streamID: streamID)
        let (code, description) = ("NetStream.Publish.Start", "Publishing has started")
        if wantsOnFCPublish {
            send("onFCPublish", .number(0), .null, statusObject(level: .status, code: code, description: description))
        }
        writer.write(.streamBegin, value: streamID)
        sendStatus(level: .status, code: code, description: description, streamID: streamID)
    }

    /// Refuses what the peer asked to publish, or stops it while it publishes. Does nothing when there is neither.
    ///
    /// No `unpublished` event follows. The peer may try again on the same connection; encoders do not, so close it
    /// once the output is sent.
    public mutating func rejectPublish(_ refusal: RTMPRefusal) {
        guard let streamID = publicationStreamID else { return }
        publication = .none
        wantsOnFCPublish = false
        refusePublish(refusal, streamID: streamID)
    }

    /// Tells the peer something about the stream it publishes, or about the connection when it publishes none: a
    /// warning, or that the server goes away.
    public mutating func sendStatus(level: RTMPStatusLevel, code: String, description: String) {
        sendStatus(level: level, code: code, description: description, streamID: publicationStreamID ?? 0)
    }

    /// Asks the peer to connect anew, and says whether it said that it can. It goes on here until it has done so. Enhanced
    /// RTMP v2, "Reconnect Request".
    public mutating func requestReconnect(description: String) -> Bool {
        guard connect?.capabilities?.functions.contains(.reconnect) == true else { return false }
        sendStatus(
            level: .status, code: "NetConnection.Connect.ReconnectRequest", description: description, streamID: 0)
        return true
    }

    /// The message stream of the publication that was asked for or is going on.
    var publicationStreamID: UInt32? {
        switch publication {
        case .none: nil
        case .requested(let streamID), .accepted(let streamID): streamID
        }
    }

    mutating func refusePublish(_ refusal: RTMPRefusal, streamID: UInt32) {
        sendStatus(level: .error, code: refusal.code, description: refusal.description, streamID: streamID)
    }

    mutating func sendStatus(level: RTMPStatusLevel, code: String, description: String, streamID: UInt32) {
        send(
            "onStatus", .number(0), .null, statusObject(level: level, code: code, description: description),
            streamID: streamID)
    }

    func statusObject(
        level: RTMPStatusLevel, code: String, description: String, _ more: [AMF0Property] = []
    ) -> AMF0Value {
        .object(
            [
                AMF0Property("level", .string(level.rawValue)), AMF0Property("code", .string(code)),
                AMF0Property("description", .string(description)),
            ] + more)
    }

    /// Sends a command of those values.
    mutating func send(_ values: AMF0Value..., streamID: UInt32 = 0) {
        writer.write(
            .commandAMF0, on: RTMPChunkWriter.commandChunkStream, streamID: streamID,
            payload: AMF0Writer.bytes(of: values))
    }
}
