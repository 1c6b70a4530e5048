/// A connection with blocking reads and writes, over TCP alone or with TLS.
public protocol ByteStream {
    /// True once bytes of the peer can come, which TLS shakes hands for.
    var isEstablished: Bool { get }
    /// Waits for bytes and puts them at the start of `buffer`.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> TCPConnection.ReadResult
    /// Sends all of `bytes`; false when the connection no longer takes them.
    func write(_ bytes: [UInt8]) -> Bool
    /// Ends the connection so that the peer gets what was sent.
    func closeGracefully()
}

extension TCPConnection {
    /// True.
    public var isEstablished: Bool { true }
}
