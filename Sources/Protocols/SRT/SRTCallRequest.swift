public import Sockets
public import Telemetry

/// Somebody who calls a listener, during the handshake.
public struct SRTCallRequest: Sendable {
    /// The stream id as it came, for `SRTStreamID`; empty where there is none.
    public let streamID: [UInt8]
    /// Who calls.
    public let peer: SocketAddress
    /// 5, or 4 from libraries of before 2017, whose stream id is not known.
    public let handshakeVersion: Int

    init(streamID: [UInt8], peer: SocketAddress, handshakeVersion: Int) {
        (self.streamID, self.peer, self.handshakeVersion) = (streamID, peer, handshakeVersion)
    }
}

/// What becomes of a call.
public enum SRTDecision: Sendable {
    /// It is taken, if encryption allows.
    ///
    /// With a passphrase (10 to 80 bytes) those are taken who encrypt with the same one, with a key as long as they want.
    /// Others are refused: with `.badSecret` who has another one, with `.unsecure` who has none. Without a passphrase, who
    /// encrypts is refused with `.unsecure`. A latency takes the place of the listener's.
    case accept(passphrase: Secret<String>? = nil, latency: Duration? = nil)
    /// It is not taken, and the caller learns why.
    case refuse(SRTRejection)
}
