internal import CMicroHTTPD
internal import Runtime
internal import Locks

/// The thread that looks at all connections once a second and ends those that wear the server out.
///
/// libmicrohttpd ends a connection on which nothing moves. It does not notice one that sends a byte now and then and
/// never a whole request, nor one that takes a byte of its answer now and then.
final class Patrol: Sendable {
    private let isStopping = Monitor(false)
    private let thread: NamedThread

    init(_ core: ServerCore) {
        thread = NamedThread("http-patrol") { [isStopping] in
            while !isStopping.wait(for: .seconds(1), until: { $0 }) {
                let second = core.second.add(1, ordering: .relaxed).newValue
                let reasons = core.sockets.drop { Self.reason(to: $0, $1, at: second, core) }
                for reason in reasons { core.observer?.connectionDropped(reason) }
            }
        }
    }

    /// Ends the thread, and waits for that; once.
    func stop() {
        let isFirst = isStopping.signal { isStopping in
            defer { isStopping = true }
            return !isStopping
        }
        if isFirst { thread.join() }
    }

    private static func reason(
        to descriptor: Int32, _ watch: ConnectionWatch, at second: Int, _ core: ServerCore
    ) -> DropReason? {
        var standing = tcp_standing()
        guard tcp_read_standing(descriptor, &standing) == 1 else { return nil }
        if standing.has_unsent != 0 {
            let isSlow = watch.reading.withLock { reading in
                guard let before = reading, second - before.since < core.slowReaderSeconds else {
                    defer { reading = .init(bytesTaken: standing.bytes_taken, since: second) }
                    return reading.map { standing.bytes_taken - $0.bytesTaken < core.slowReaderBytes } ?? false
                }
                return false
            }
            return isSlow ? .slowReader : nil
        }
        watch.reading.withLock { $0 = nil }
        guard core.idleMilliseconds > 0, let waited = watch.waited(at: second), waited * 1000 > core.idleMilliseconds
        else { return nil }
        return .slowRequest
    }
}
