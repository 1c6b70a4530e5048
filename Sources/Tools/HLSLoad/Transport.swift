internal import Crypto
internal import Glibc
internal import HLSLoadModel
internal import Sockets

/// The byte stream of a connection: a socket that never blocks, with TLS over it where the URL says https.
final class Transport {
    typealias Step = TLSClientConnection.Step

    let descriptor: Int32
    let server: ServerAddress
    private var tls: TLSClientConnection?

    /// Begins to connect to `server`, which is at `address`, from `source` where one is given.
    init(
        to address: SocketAddress, of server: ServerAddress, from source: String?, _ client: TLSClient
    ) throws(FailureKind) {
        self.server = server
        do {
            descriptor = try ConnectingSocket(to: address, from: source).descriptor
        } catch {
            throw FailureKind(systemError: error.code)
        }
        guard server.isSecure else { return }
        tls = TLSClientConnection(client, descriptor: descriptor, host: server.host)
        guard tls != nil else { throw .tls }
    }

    deinit {
        tls = nil
        close(descriptor)
    }

    /// Why connecting has failed; nothing when it has not.
    var failure: FailureKind? {
        let code = ConnectingSocket.failure(of: descriptor)
        return code == 0 ? nil : FailureKind(systemError: code)
    }

    /// Shakes hands, where there are hands to shake.
    func handshake() -> Step { tls?.handshake() ?? .done(0) }

    /// Sends the start of `bytes`.
    func write(_ bytes: UnsafeRawBufferPointer) -> Step {
        if let tls { return tls.write(bytes) }
        let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        if count >= 0 { return .done(count) }
        return errno == EAGAIN || errno == EINTR ? .wantsWriting : .failed
    }

    /// Reads at most `room` bytes. Those that are discarded never leave the kernel, but for those of TLS.
    func read(into buffer: UnsafeMutableRawBufferPointer, room: Int, discarding: Bool) -> Step {
        if let tls {
            return tls.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(room, buffer.count)]))
        }
        let count =
            discarding
            ? recv(descriptor, nil, min(room, 1 << 30), Int32(MSG_TRUNC))
            : recv(descriptor, buffer.baseAddress, min(room, buffer.count), 0)
        if count > 0 { return .done(count) }
        if count == 0 { return .closed }
        return errno == EAGAIN || errno == EINTR ? .wantsReading : .failed
    }
}
