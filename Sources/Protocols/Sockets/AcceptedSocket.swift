public import Glibc

/// A connection that a listening socket has accepted, and whose reads and writes block. Whoever takes `descriptor` owns it.
public struct AcceptedSocket {
    /// The file descriptor.
    public let descriptor: Int32
    private let peer: sockaddr_storage
    private let length: socklen_t

    init(descriptor: Int32, peer: sockaddr_storage, length: socklen_t) {
        self.descriptor = descriptor
        self.peer = peer
        self.length = length
    }

    /// Calls `body` with the address of the other end.
    public func withPeer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
