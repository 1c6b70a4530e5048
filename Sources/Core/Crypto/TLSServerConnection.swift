internal import COpenSSL

/// One TLS connection of a server, without its socket: bytes of the peer in, bytes for the peer out; for one thread.
///
/// The handshake is a part of reading: until it is over, `read` wants bytes and `takeOutput` has some.
public final class TLSServerConnection {
    /// How a read ended.
    public enum Step: Equatable, Sendable {
        /// So many bytes came.
        case done(Int)
        /// It goes on once the peer has sent more.
        case wantsBytes
        /// The peer has closed the connection.
        case closed
        /// The peer does not keep to TLS, or wants what is not offered. There may be output that tells it.
        case failed(TLSFailure)
    }

    private let connection: OpaquePointer
    // Owned by `connection`.
    private let (input, output): (OpaquePointer, OpaquePointer)
    private var hasBegun = false
    private var failure: TLSFailure?

    /// A connection of `server`; nothing when there is no memory.
    public init?(_ server: TLSServer) {
        guard let connection = SSL_new(server.context) else { return nil }
        guard let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
            SSL_free(connection)
            return nil
        }
        self.connection = connection
        (self.input, self.output) = (input, output)
        SSL_set_bio(connection, input, output)
        SSL_set_accept_state(connection)
    }

    deinit { SSL_free(connection) }

    /// True once the handshake is over.
    public var isEstablished: Bool { SSL_is_init_finished(connection) == 1 }

    /// Takes what the peer has sent.
    public func receive(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first, failure == nil else { return }
        // A handshake record (RFC 8446 §5.1): what begins otherwise would only be told that its version is wrong.
        if !hasBegun, first != 22 { failure = .notTLS(firstByte: first) }
        hasBegun = true
        if failure == nil { BIO_write(input, bytes.baseAddress, Int32(clamping: bytes.count)) }
    }

    /// Puts what has come at the start of `buffer`: one record at most.
    public func read(into buffer: UnsafeMutableRawBufferPointer) -> Step {
        if let failure { return .failed(failure) }
        // The queue of errors belongs to the thread: what another connection left there is not this one's.
        ERR_clear_error()
        let result = SSL_read(connection, buffer.baseAddress, Int32(clamping: buffer.count))
        if result > 0 { return .done(Int(result)) }
        switch SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ: return .wantsBytes
        case SSL_ERROR_ZERO_RETURN: return .closed
        default:
            let failure = TLSFailure(error: ERR_peek_error())
            self.failure = failure
            ERR_clear_error()
            return .failed(failure)
        }
    }

    /// Makes output of `bytes`; false before the end of the handshake, and when the connection has failed.
    public func write(_ bytes: [UInt8]) -> Bool {
        guard failure == nil, isEstablished else { return false }
        guard !bytes.isEmpty else { return true }
        ERR_clear_error()
        // Memory takes all that there is.
        return bytes.withUnsafeBytes { SSL_write(connection, $0.baseAddress, Int32(clamping: $0.count)) == $0.count }
    }

    /// Tells the peer that nothing more comes (close_notify, RFC 8446 §6.1).
    public func close() {
        guard failure == nil, isEstablished else { return }
        ERR_clear_error()
        SSL_shutdown(connection)
    }

    /// What is to be sent to the peer since the last call.
    public func takeOutput() -> [UInt8] {
        let count = BIO_ctrl_pending(output)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = max(Int(BIO_read(output, buffer.baseAddress, Int32(clamping: count))), 0)
        }
    }
}
