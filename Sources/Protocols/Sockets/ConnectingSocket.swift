internal import CLinux
internal import Glibc

/// A TCP socket on its way to a peer, which never blocks. Whoever takes `descriptor` owns it.
public struct ConnectingSocket {
    /// The file descriptor; it can be written once the connection stands or has failed.
    public let descriptor: Int32

    /// Begins to connect to `address`, from the numeric address `source` of this machine where one is given.
    public init(to address: SocketAddress, from source: String? = nil) throws(SocketError) {
        let (descriptor, _) = try address.openSocket()
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        if let source {
            // The port is chosen with the peer in view, so that each source address has all ports for each peer.
            setsockopt(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, &on, size)
            let bound = SocketAddress(host: source, port: 0).withSystemAddress { bind(descriptor, $0, $1) }
            guard bound == 0 else {
                let error = SocketError(call: "bind", code: errno, address: address)
                close(descriptor)
                throw error
            }
        }
        let result = address.withSystemAddress { connect(descriptor, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else {
            let error = SocketError(call: "connect", code: errno, address: address)
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    /// The system's error number of a connection that could not be made; 0 once it stands.
    public static func failure(of descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return errno }
        return code
    }
}
