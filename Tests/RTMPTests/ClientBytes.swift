import Bytes

@testable import RTMP

/// Bytes as a client sends them, written chunk by chunk so that every form can be had.
struct ClientBytes {
    private(set) var bytes: [UInt8] = []
    var chunkSize = 128

    /// C0, C1 and C2, with C1 recognizable.
    static let c0c1: [UInt8] = [3, 0, 0, 0, 9, 0, 0, 0, 0] + (0..<1528).map { UInt8(truncatingIfNeeded: $0 &* 3) }
    static let handshake = c0c1 + [UInt8](repeating: 0xC2, count: 1536)

    mutating func append(_ more: [UInt8]) { bytes += more }

    /// A chunk. `time` is the timestamp of format 0 and the delta of formats 1 and 2; from 0xFFFFFF on it becomes an
    /// extended timestamp. Format 3 has one only where `extended` says so.
    mutating func chunk(
        _ format: UInt8, on id: UInt32, time: UInt32 = 0, length: Int = 0, type: UInt8 = 0, streamID: UInt32 = 0,
        extended: UInt32? = nil, _ payload: [UInt8]
    ) {
        var writer = ByteWriter()
        switch id {
        case 2..<64: writer.write(format << 6 | UInt8(id))
        case 64..<320:
            writer.write(format << 6)
            writer.write(UInt8(id - 64))
        default:
            writer.write(format << 6 | 1)
            writer.write(UInt8((id - 64) % 256))
            writer.write(UInt8((id - 64) / 256))
        }
        if format < 3 { writer.writeUInt24(min(time, 0xFF_FFFF)) }
        if format < 2 {
            writer.writeUInt24(UInt32(length))
            writer.write(type)
        }
        if format == 0 { writer.writeLittleEndian(streamID) }
        if let extended = extended ?? (format < 3 && time >= 0xFF_FFFF ? time : nil) { writer.write(extended) }
        bytes += writer.bytes + payload
    }

    /// A whole message in format 0 and 3, with repeated extended timestamps.
    mutating func message(
        _ type: RTMPMessageType, on id: UInt32 = 3, time: UInt32 = 0, streamID: UInt32 = 0, _ payload: [UInt8]
    ) {
        var offset = min(chunkSize, payload.count)
        chunk(
            0, on: id, time: time, length: payload.count, type: type.rawValue, streamID: streamID,
            Array(payload[..<offset]))
        while offset < payload.count {
            let end = min(offset + chunkSize, payload.count)
            chunk(3, on: id, extended: time >= 0xFF_FFFF ? time : nil, Array(payload[offset..<end]))
            offset = end
        }
    }

    mutating func command(_ values: AMF0Value..., streamID: UInt32 = 0) {
        message(.commandAMF0, streamID: streamID, AMF0Writer.bytes(of: values))
    }

    mutating func control(_ type: RTMPMessageType, _ value: UInt32) {
        var writer = ByteWriter()
        writer.write(value)
        message(type, on: 2, writer.bytes)
    }

    mutating func connect(app: String = "live") {
        command(
            "connect", .number(1),
            .object([
                AMF0Property("app", .string(app)), AMF0Property("type", "nonprivate"),
                AMF0Property("flashVer", "FMLE/3.0 (compatible; test)"),
                AMF0Property("tcUrl", .string("rtmp://localhost:1935/\(app)")),
            ]))
    }

    mutating func publish(_ name: String, streamID: UInt32 = 1) {
        command("publish", .number(5), .null, .string(name), "live", streamID: streamID)
    }

    /// What an encoder sends up to and including publish, as ffmpeg does it.
    static func publication(of name: String = "key") -> ClientBytes {
        var client = ClientBytes()
        client.connect()
        client.command("releaseStream", .number(2), .null, .string(name))
        client.command("FCPublish", .number(3), .null, .string(name))
        client.command("createStream", .number(4), .null)
        client.publish(name)
        return client
    }
}

extension RTMPServerSession {
    static let testRandom = (0..<1528).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) }

    /// A session whose handshake is done and taken from the output.
    static func afterHandshake(limits: RTMPLimits = RTMPLimits(), apps: Set<String>? = nil) throws -> RTMPServerSession
    {
        var session = RTMPServerSession(limits: limits, apps: apps, handshakeRandom: testRandom)
        _ = try session.events(ClientBytes.handshake)
        _ = session.takeOutput()
        return session
    }

    /// A session that has accepted a publish, with nothing left in the output.
    static func publishing(limits: RTMPLimits = RTMPLimits()) throws -> RTMPServerSession {
        var session = try afterHandshake(limits: limits)
        _ = try session.events(ClientBytes.publication().bytes)
        session.acceptPublish()
        _ = session.takeOutput()
        return session
    }

    mutating func events(_ bytes: [UInt8]) throws(RTMPError) -> [RTMPEvent] {
        var events: [RTMPEvent] = []
        try receive(bytes.span, into: &events)
        return events
    }

    /// The error that `bytes` end in, if they do.
    mutating func failure(_ bytes: [UInt8]) -> RTMPError? {
        do {
            _ = try events(bytes)
            return nil
        } catch { return error }
    }

    /// The messages in the output.
    mutating func takeMessages() throws -> [RTMPMessage] { try ServerMessages.read(takeOutput()) }
}

/// Reads what a session sent, following its chunk size.
enum ServerMessages {
    static func read(_ bytes: [UInt8], chunkSize: Int = 128) throws -> [RTMPMessage] {
        var reader = RTMPChunkReader(limits: RTMPLimits(), offset: 0)
        reader.chunkSize = chunkSize
        var messages: [RTMPMessage] = []
        var position = 0
        while let message = try reader.nextMessage(in: bytes.span, at: &position) {
            messages.append(message)
            if message.type == .setChunkSize {
                var payload = ByteReader(message.payload.span)
                reader.chunkSize = Int(try payload.readUInt32())
            }
        }
        return messages
    }
}

extension RTMPMessage {
    /// The values of a command message.
    var values: [AMF0Value] {
        get throws {
            var reader = AMF0Reader(payload.span)
            var values: [AMF0Value] = []
            while !reader.isAtEnd { values.append(try reader.read()) }
            return values
        }
    }
}
