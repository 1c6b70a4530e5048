public import Crypto

/// A TCP connection of which the server speaks TLS, with blocking reads and writes; for one thread.
///
/// The handshake is a part of reading. The timeout is the TCP connection's, and no read waits for more than one piece of
/// what the peer sends: so whoever reads can look at the clock between two pieces, however small the peer makes them.
public final class TLSConnection: ByteStream {
    private let connection: TCPConnection
    /// Nothing when there is no memory for it, and then the connection counts as closed.
    private let engine: TLSServerConnection?

    /// A TLS connection of `server` over `connection`, on which nothing was read or written before.
    public init(over connection: TCPConnection, of server: TLSServer) {
        self.connection = connection
        engine = TLSServerConnection(server)
    }

    /// True once the handshake is over.
    public var isEstablished: Bool { engine?.isEstablished ?? false }

    /// Waits for bytes and puts them at the start of `buffer`, which has room for 16 KiB. None come where the peer has
    /// sent a piece that is not yet whole.
    public func read(into buffer: UnsafeMutableRawBufferPointer) -> TCPConnection.ReadResult {
        guard let engine else { return .closed }
        if let result = taken(from: engine, into: buffer) { return result }
        let read = connection.read(into: buffer)
        guard case .bytes(let count) = read else { return read }
        engine.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        let result = taken(from: engine, into: buffer)
        let isFlushed = flush(engine)
        return result ?? (isFlushed ? .bytes(0) : .closed)
    }

    /// What the engine has; nothing where it wants bytes.
    private func taken(
        from engine: TLSServerConnection, into buffer: UnsafeMutableRawBufferPointer
    ) -> TCPConnection.ReadResult? {
        switch engine.read(into: buffer) {
        case .done(let count): .bytes(count)
        case .wantsBytes: nil
        case .closed: .closed
        case .failed(let failure): .failed(failure)
        }
    }

    private func flush(_ engine: TLSServerConnection) -> Bool {
        let output = engine.takeOutput()
        return output.isEmpty || connection.write(output)
    }

    /// Sends all of `bytes`; false before the end of the handshake, and when the connection no longer takes them.
    public func write(_ bytes: [UInt8]) -> Bool {
        guard let engine else { return false }
        return engine.write(bytes) && flush(engine)
    }

    /// Says that nothing more comes (close_notify), and closes the TCP connection in the same way.
    public func closeGracefully() {
        if let engine {
            engine.close()
            _ = flush(engine)
        }
        connection.closeGracefully()
    }
}
