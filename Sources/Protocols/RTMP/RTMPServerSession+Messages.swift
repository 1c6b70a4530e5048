internal import Bytes

extension RTMPServerSession {
    /// Does what a message asks for.
    mutating func handle(_ message: RTMPMessage, into events: inout [RTMPEvent]) throws(RTMPError) {
        switch message.type {
        case .audio, .video, .dataAMF0, .dataAMF3: handleMedia(message, into: &events)
        case .aggregate: handleAggregate(message, into: &events)
        case .commandAMF0, .commandAMF3: try handleCommand(message, into: &events)
        case .setChunkSize, .abort, .userControl, .windowAcknowledgementSize: try handleControl(message)
        default: break
        }
    }

    /// RTMP 1.0 §5.4, §6.2.
    private mutating func handleControl(_ message: RTMPMessage) throws(RTMPError) {
        var payload = ByteReader(message.payload.span)
        do {
            switch message.type {
            case .setChunkSize:
                let size = try payload.readUInt32()
                guard size > 0, size < 1 << 31 else { throw malformed(message) }
                // No message is longer than the limit, so larger chunks make no difference.
                reader.chunkSize = min(Int(size), max(limits.mediaMessageBytes, 1))
            case .abort:
                reader.abortMessage(onChunkStream: try payload.readUInt32())
            case .windowAcknowledgementSize:
                let window = try payload.readUInt32()
                if window > 0 { acknowledgementWindow = UInt64(window) }
            default:
                guard RTMPUserControlEvent(rawValue: try payload.readUInt16()) == .pingRequest else { return }
                writer.write(.pingResponse, value: try payload.readUInt32())
            }
        } catch { throw malformed(message) }
    }

    private func malformed(_ message: RTMPMessage) -> RTMPError {
        .malformedControlMessage(type: message.type.rawValue, offset: reader.offset)
    }

    /// RTMP 1.0 §7.1.6.
    private mutating func handleAggregate(_ message: RTMPMessage, into events: inout [RTMPEvent]) {
        guard isPublishing else {
            droppedMessages += 1
            return
        }
        let (inner, isWhole) = RTMPAggregate.messages(in: message, limit: limits.aggregatedMessages)
        if !isWhole { malformedMessages += 1 }
        for message in inner { handleMedia(message, into: &events) }
    }

    /// Audio, video and data. What cannot be read is dropped alone: the next packet may be good.
    private mutating func handleMedia(_ message: RTMPMessage, into events: inout [RTMPEvent]) {
        guard case .accepted = publication else {
            droppedMessages += 1
            return
        }
        do {
            switch message.type {
            case .video where ExVideoPacket.begins(message.payload):
                let (packets, isWhole) = ExVideoPacket.packets(in: message.payload, limits: limits)
                if !isWhole { malformedMessages += 1 }
                for packet in packets { events.append(.exVideo(timestamp: message.timestamp, packet)) }
            case .audio where ExAudioPacket.begins(message.payload):
                let (packets, isWhole) = ExAudioPacket.packets(in: message.payload, limits: limits)
                if !isWhole { malformedMessages += 1 }
                for packet in packets { events.append(.exAudio(timestamp: message.timestamp, packet)) }
            case .video:
                guard let packet = try FLVVideoPacket.parse(message.payload) else { return }
                events.append(.video(timestamp: message.timestamp, packet))
            case .audio:
                guard let packet = try FLVAudioPacket.parse(message.payload) else { return }
                events.append(.audio(timestamp: message.timestamp, packet))
            default: handleData(message, into: &events)
            }
        } catch { malformedMessages += 1 }
    }

    /// `@setDataFrame, onMetaData, values`, or the last two alone; `onTextData, values`. Other data messages mean nothing here.
    private mutating func handleData(_ message: RTMPMessage, into events: inout [RTMPEvent]) {
        guard let data = RTMPCommand(data: message, limits: limits.amf) else {
            malformedMessages += 1
            return
        }
        if data.name == "onMetaData", data[0].properties != nil {
            events.append(.metadata(data[0]))
        } else if data.name == "@setDataFrame", data[0].string == "onMetaData", data[1].properties != nil {
            events.append(.metadata(data[1]))
        } else if data.name == "onTextData", let properties = data[0].properties {
            events.append(.text(timestamp: message.timestamp, properties))
        }
    }
}
