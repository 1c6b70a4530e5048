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
            var second = 0
            while !isStopping.wait(for: .seconds(1), until: { $0 }) {
                second += 1
                let reasons = core.sockets.drop { [second] in Self.reason(to: $0, $1, at: second, core) }
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
        // Viewers who wait are most of all connections. One that has not taken its last answer is seen before it waits again.
        if watch.isParked.load(ordering: .relaxed) { return nil }
        var standing = tcp_standing()
        guard tcp_read_standing(descriptor, &standing) == 1 else { return nil }
        return watch.sight.withLock { sight in
            if isSlowReader(standing, &sight, at: second, core) { return .slowReader }
            return isSlowRequest(standing, &sight, awaited: watch.awaitedRequest, at: second, core)
                ? .slowRequest : nil
        }
    }

    /// True when the client has taken too little, for the whole window, of what waits for it.
    private static func isSlowReader(
        _ standing: tcp_standing, _ sight: inout ConnectionWatch.Sight, at second: Int, _ core: ServerCore
    ) -> Bool {
        guard standing.has_unsent != 0 else {
            sight.reading = nil
            return false
        }
        if let reading = sight.reading, second - reading.since < core.slowReaderSeconds { return false }
        defer { sight.reading = (standing.bytes_taken, second) }
        return sight.reading.map { standing.bytes_taken - $0.bytesTaken < core.slowReaderBytes } ?? false
    }

    /// True when a request has begun to come and is not whole in time. The time runs from the first look that finds
    /// anything of it; a client that sends nothing is libmicrohttpd's to close.
    private static func isSlowRequest(
        _ standing: tcp_standing, _ sight: inout ConnectionWatch.Sight, awaited number: Int?, at second: Int,
        _ core: ServerCore
    ) -> Bool {
        guard core.requestSeconds > 0, let number else { return false }
        if sight.awaited.number != number {
            sight.awaited = (number, standing.bytes_received)
            sight.begun = nil
        }
        guard standing.bytes_received > sight.awaited.bytesReceived else { return false }
        let begun = sight.begun ?? second
        sight.begun = begun
        return second - begun >= core.requestSeconds
    }
}
