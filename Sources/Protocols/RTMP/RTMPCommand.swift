internal import Bytes

/// A command or data message taken apart. RTMP 1.0 §7.1.1, §7.1.2.
struct RTMPCommand {
    let name: String
    /// What an answer refers to; zero where none is wanted, and in data messages.
    let transactionID: Double
    /// What follows, in a command the command object first.
    let arguments: [AMF0Value]

    /// Reads `name, transaction id, arguments…`, or nothing where it is not that.
    init?(command message: RTMPMessage, limits: AMF0Limits) {
        self.init(message, hasTransactionID: true, limits: limits)
    }

    /// Reads `name, arguments…`, or nothing where it is not that.
    init?(data message: RTMPMessage, limits: AMF0Limits) {
        self.init(message, hasTransactionID: false, limits: limits)
    }

    private init?(_ message: RTMPMessage, hasTransactionID: Bool, limits: AMF0Limits) {
        let payload = Self.amf0(in: message)
        var reader = AMF0Reader(payload.span, limits: limits)
        guard let name = try? reader.read().string else { return nil }
        self.name = name
        var transactionID = 0.0
        if hasTransactionID {
            guard let number = try? reader.read().number else { return nil }
            transactionID = number
        }
        self.transactionID = transactionID
        var arguments: [AMF0Value] = []
        reading: while !reader.isAtEnd {
            do {
                arguments.append(try reader.read())
            } catch {
                // AMF3 values cannot be skipped; what matters to a publisher comes before them.
                guard case .unknownMarker = error else { return nil }
                break reading
            }
        }
        self.arguments = arguments
    }

    /// The argument at `index`, or `undefined` where there are fewer.
    subscript(index: Int) -> AMF0Value {
        arguments.indices.contains(index) ? arguments[index] : .undefined
    }

    /// The AMF0 in the message. In the AMF3 forms a zero byte stands before it.
    private static func amf0(in message: RTMPMessage) -> ByteChunk {
        let payload = message.payload
        guard message.type == .commandAMF3 || message.type == .dataAMF3, !payload.isEmpty, payload.span[0] == 0 else {
            return payload
        }
        return payload[1..<payload.count]
    }
}
