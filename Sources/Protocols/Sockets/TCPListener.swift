internal import CLinux
internal import Glibc
internal import Locks

/// A listening TCP socket, of which other processes may have descriptors, too: it is closed, and never shut down.
public final class TCPListener: Sendable {
    private let descriptor: Int32
    /// Readable once `accept` is to end.
    private let end: Int32
    private let isClosed = Atomic(false)
    /// Where the socket listens, with the port that the system chose where 0 was asked for.
    public let address: SocketAddress

    /// Listens at `address`. The unspecified IPv6 address takes IPv4 connections too.
    public convenience init(_ address: SocketAddress) throws(SocketError) {
        try self.init(ListeningSocket(address))
    }

    /// Takes `socket`, and closes it in the end.
    public init(_ socket: ListeningSocket) throws(SocketError) {
        end = eventfd(0, Int32(EFD_CLOEXEC))
        guard end >= 0 else {
            let error = SocketError(call: "eventfd", code: errno, address: socket.address)
            Glibc.close(socket.descriptor)
            throw error
        }
        descriptor = socket.descriptor
        address = socket.address
    }

    deinit {
        close()
        Glibc.close(end)
    }

    /// Waits for the next connection; nothing once the listener was shut down.
    public func accept() -> TCPConnection? {
        acceptSocket().map { socket in
            TCPConnection(descriptor: socket.descriptor, peer: socket.withPeer { peer, _ in SocketAddress(peer) })
        }
    }

    /// The same, as a mere descriptor.
    public func acceptSocket() -> AcceptedSocket? {
        while awaitConnection() {
            var peer = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let accepted = clinux_accept(descriptor, &peer, &length, Int32(SOCK_CLOEXEC.rawValue))
            if accepted >= 0 { return AcceptedSocket(descriptor: accepted, peer: peer, length: length) }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO, EAGAIN: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: usleep(50_000)  // the connection waits until a descriptor is free
            default: return nil
            }
        }
        return nil
    }

    /// False once the listener was shut down.
    private func awaitConnection() -> Bool {
        var waits = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: end, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&waits, 2, -1) < 0 && errno == EINTR {}
        return waits[1].revents == 0
    }

    /// Ends `accept`, now and from now on. Connections that wait stay in the queue until the socket is closed, and after
    /// that where another process has it.
    public func shutDown() {
        var one: UInt64 = 1
        _ = write(end, &one, 8)
    }

    /// Closes the socket. Only when no thread is in `accept` any more.
    public func close() {
        if !isClosed.exchange(true, ordering: .acquiringAndReleasing) { Glibc.close(descriptor) }
    }
}
