internal import Bytes

/// What a message is. RTMP 1.0 §5.4, §7.1.
struct RTMPMessageType: Hashable, Sendable {
    let rawValue: UInt8

    static let setChunkSize = Self(rawValue: 1)
    static let abort = Self(rawValue: 2)
    static let acknowledgement = Self(rawValue: 3)
    static let userControl = Self(rawValue: 4)
    static let windowAcknowledgementSize = Self(rawValue: 5)
    static let setPeerBandwidth = Self(rawValue: 6)
    static let audio = Self(rawValue: 8)
    static let video = Self(rawValue: 9)
    static let dataAMF3 = Self(rawValue: 15)
    static let commandAMF3 = Self(rawValue: 17)
    static let dataAMF0 = Self(rawValue: 18)
    static let commandAMF0 = Self(rawValue: 20)
    static let aggregate = Self(rawValue: 22)
}

/// One whole message. RTMP 1.0 §6.1.
struct RTMPMessage: Hashable, Sendable {
    let type: RTMPMessageType
    /// Milliseconds on the sender's clock, modulo 2^32.
    let timestamp: UInt32
    /// The message stream.
    let streamID: UInt32
    let payload: ByteChunk
}
