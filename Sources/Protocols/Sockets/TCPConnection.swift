internal import CLinux
public import Crypto
internal import Glibc

/// A TCP connection with blocking reads and writes.
///
/// One thread reads; `shutDown` may be called from any thread and ends a read that is under way.
public final class TCPConnection: ByteStream, Sendable {
    private let descriptor: Int32
    /// The other end.
    public let peer: SocketAddress

    init(descriptor: Int32, peer: SocketAddress) {
        self.descriptor = descriptor
        self.peer = peer
        set(TCP_NODELAY, to: 1)
        // A peer that says nothing may be silent or dead: after 30 s it is asked, and after three times 10 s without
        // an answer reads end with `.closed`.
        set(TCP_KEEPIDLE, to: 30)
        set(TCP_KEEPINTVL, to: 10)
        set(TCP_KEEPCNT, to: 3)
        set(SO_KEEPALIVE, to: 1, at: SOL_SOCKET)
    }

    private func set(_ option: Int32, to value: Int32, at level: Int32 = Int32(IPPROTO_TCP)) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { Glibc.close(descriptor) }

    /// How a read ended.
    public enum ReadResult: Sendable, Equatable {
        /// So many bytes came.
        case bytes(Int)
        /// The peer has closed the connection, or it was shut down, or it broke.
        case closed
        /// Nothing came in time.
        case timedOut
        /// The peer does not keep to TLS; never over TCP alone.
        case failed(TLSFailure)
    }

    /// Ends reads that wait for longer than `duration` with `.timedOut`, and writes with failure.
    public func setTimeout(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    /// Waits for bytes and puts them at the start of `buffer`.
    public func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .closed }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .timedOut
            default: return .closed
            }
        }
    }

    /// True when the peer has ended its side of the connection, or the connection is broken, whatever came before that and was
    /// not read. Waits for nothing.
    public var isLeftByPeer: Bool {
        // The headers that Swift reads leave POLLRDHUP out; it is the same bit.
        var state = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: EPOLLRDHUP.rawValue), revents: 0)
        return Glibc.poll(&state, 1, 0) > 0
    }

    /// Sends all of `bytes`; false when the connection no longer takes them.
    public func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                let count = send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count >= 0 {
                    sent += count
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }

    /// Ends the writing side and waits, for a second at most, until the peer has taken what was sent. Closing at once
    /// would discard it where the peer is still sending.
    public func closeGracefully() {
        Glibc.shutdown(descriptor, Int32(SHUT_WR))
        setTimeout(.milliseconds(200))
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 16) { buffer in
            for _ in 0..<64 {
                guard case .bytes = read(into: buffer) else { break }
            }
        }
        shutDown()
    }

    /// Ends the connection both ways; a read that is under way returns.
    public func shutDown() { Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }
}
