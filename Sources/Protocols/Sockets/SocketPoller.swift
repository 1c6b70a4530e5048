internal import CLinux
internal import Glibc

/// Waits for many sockets at once (epoll, level-triggered); for one thread.
public final class SocketPoller {
    /// What a socket is waited for.
    public enum Interest: Sendable {
        /// Bytes, or the end of the connection.
        case reading
        /// Room for bytes, or the end of connecting.
        case writing

        fileprivate var events: UInt32 {
            switch self {
            case .reading: EPOLLIN.rawValue
            case .writing: EPOLLOUT.rawValue
            }
        }
    }

    private let descriptor: Int32
    private var ready: [epoll_event]

    /// A poller that reports at most `capacity` sockets at a time; nothing when the system has no descriptor left.
    public init?(capacity: Int) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        ready = Array(repeating: epoll_event(), count: max(capacity, 1))
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Begins to wait for `socket`, which is known as `token` from now on. Closing a socket ends it.
    public func add(_ socket: Int32, token: UInt64, _ interest: Interest) {
        control(EPOLL_CTL_ADD, socket, token, interest)
    }

    /// Waits for something else from now on.
    public func change(_ socket: Int32, token: UInt64, _ interest: Interest) {
        control(EPOLL_CTL_MOD, socket, token, interest)
    }

    private func control(_ operation: Int32, _ socket: Int32, _ token: UInt64, _ interest: Interest) {
        var event = epoll_event(events: interest.events, data: epoll_data_t(u64: token))
        // Refused only for sockets that are closed, and those report nothing any more.
        _ = epoll_ctl(descriptor, operation, socket, &event)
    }

    /// Waits for at most `milliseconds`, and returns how many sockets are ready.
    public func wait(milliseconds: Int) -> Int {
        let count = epoll_wait(descriptor, &ready, Int32(ready.count), Int32(clamping: milliseconds))
        return max(Int(count), 0)
    }

    /// The token of one of those that are ready, counted from 0.
    public subscript(index: Int) -> UInt64 { ready[index].data.u64 }
}
