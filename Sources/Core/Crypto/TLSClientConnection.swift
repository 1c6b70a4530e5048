internal import COpenSSL

/// One TLS connection of a client over a non-blocking socket; for one thread.
public final class TLSClientConnection {
    /// How far an operation came.
    public enum Step: Equatable, Sendable {
        /// It is done; for reads and writes with so many bytes.
        case done(Int)
        /// It goes on once the socket can be read.
        case wantsReading
        /// It goes on once the socket can be written.
        case wantsWriting
        /// The peer has closed the connection.
        case closed
        /// The connection broke, or the peer is not who it should be.
        case failed
    }

    private let connection: OpaquePointer

    /// A connection to `host` over the socket `descriptor`, which stays its owner's to close after this.
    public init?(_ client: TLSClient, descriptor: Int32, host: String) {
        guard let connection = SSL_new(client.context) else { return nil }
        self.connection = connection
        SSL_set_connect_state(connection)
        guard SSL_set_fd(connection, descriptor) == 1, SSL_set1_host(connection, host) == 1,
            copenssl_set_server_name(connection, host) == 1
        else { return nil }
    }

    deinit { SSL_free(connection) }

    /// Shakes hands, as far as the socket allows.
    public func handshake() -> Step { step { SSL_do_handshake(connection) } }

    /// Reads into `buffer`.
    public func read(into buffer: UnsafeMutableRawBufferPointer) -> Step {
        step { SSL_read(connection, buffer.baseAddress, Int32(clamping: buffer.count)) }
    }

    /// Sends the start of `bytes`, as much as the socket takes.
    public func write(_ bytes: UnsafeRawBufferPointer) -> Step {
        step { SSL_write(connection, bytes.baseAddress, Int32(clamping: bytes.count)) }
    }

    private func step(_ operation: () -> Int32) -> Step {
        // The queue of errors belongs to the thread: what another connection left there is not this one's.
        ERR_clear_error()
        let result = operation()
        if result > 0 { return .done(Int(result)) }
        switch SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ: return .wantsReading
        case SSL_ERROR_WANT_WRITE: return .wantsWriting
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: return .failed
        }
    }
}
