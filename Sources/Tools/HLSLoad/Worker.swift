internal import Crypto
internal import Glibc
internal import HLSLoadModel
internal import Sockets
internal import Time

/// The viewers of one thread, in one epoll loop.
///
/// Of all sockets that are ready at a time the answers are read first, and only then the next requests are sent: so the
/// times at which viewers are served are those of the server, as little as possible those of the generator.
final class Worker {
    /// What all workers share.
    struct Plan: Sendable {
        var options: LoadOptions
        var addresses: AddressBook
        var client: TLSClient
        var arrivals: FirstArrivals
        var sources: Int
        var start: Instant
        var threads: Int
    }

    enum Action: Sendable {
        case join(Int)
        /// A connection's time has come, for a retry or a reload.
        case resume(Int)
        /// Shows how late timers are.
        case heartbeat
        case sweep
    }

    static let timeout: Int64 = 30_000_000_000
    static let second: Int64 = 1_000_000_000
    private static let beat: Int64 = 20_000_000
    private static let atOnce = 512

    let plan: Plan
    let poller: SocketPoller
    let presentation: PresentationSource
    private let clock = SystemClocks()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    private let end: Int64
    private var viewers: [Viewer] = []
    private var connections: [Connection] = []
    /// Connections whose answers were read and not acted upon yet.
    private var answered: [Connection] = []
    var timers = TimerQueue<Action>()
    var figures = LoadFigures()
    var log: PublicationLog

    /// The worker number `number`, counted from 0; nothing when the system has no descriptor left.
    init?(_ plan: Plan, number: Int) {
        let options = plan.options
        guard let poller = SocketPoller(capacity: Self.atOnce),
            let presentation = PresentationSource(url: options.url, variant: options.variant)
        else { return nil }
        self.plan = plan
        self.poller = poller
        self.presentation = presentation
        log = PublicationLog(sharing: plan.arrivals)
        let start = plan.start.nanoseconds
        end = start + Int64(options.seconds) * Self.second
        for viewer in stride(from: number, to: options.viewers, by: plan.threads) {
            let share = Double(viewer) / Double(options.viewers)
            timers.add(.join(viewers.count), due: start + Int64(share * options.rampSeconds * 1e9))
            viewers.append(Viewer(source: plan.sources > 1 ? "127.0.0.\(1 + viewer % plan.sources)" : nil))
        }
        timers.add(.heartbeat, due: start + Self.beat)
        timers.add(.sweep, due: start + Self.second)
    }

    deinit { buffer.deallocate() }

    var now: Int64 { clock.now.nanoseconds }

    /// Watches until the time is over.
    func run() -> (figures: LoadFigures, log: PublicationLog) {
        let processorTime = Self.processorTime
        let began = now
        // Since when what is ready now may have been ready.
        var readySince = began
        var returned = began
        while returned < end {
            let waits = min(timers.nextDue ?? end, end) - returned
            let asked = now
            let count = poller.wait(milliseconds: Int(max(waits + 999_999, 0) / 1_000_000))
            let before = returned
            returned = now
            // A wait that lasted ended with the first that was ready; one that took only some at a time left the rest.
            if returned - asked > 200_000 { readySince = returned } else if count < Self.atOnce { readySince = before }
            for index in 0..<count { handle(poller[index], readySince) }
            for connection in answered { act(on: connection) }
            answered.removeAll(keepingCapacity: true)
            while let timer = timers.removeDue(at: now) {
                figures.lateness.record(nanoseconds: now - timer.due)
                fire(timer.action, due: timer.due)
            }
        }
        let share = Double(Self.processorTime - processorTime) / Double(max(returned - began, 1))
        return finish(at: end, processorShare: share)
    }

    private func finish(at now: Int64, processorShare: Double) -> (figures: LoadFigures, log: PublicationLog) {
        figures.processorShare = processorShare
        figures.wakeUps = log.wakeUps
        var parsed: [ObjectIdentifier: Int] = [:]
        for viewer in viewers {
            for playlist in viewer.playlists { parsed[ObjectIdentifier(playlist)] = playlist.parsed }
            guard !plan.options.isPlaylistsOnly else { continue }
            // One who never got a playlist has not begun either.
            figures.add(viewer.finish(at: now) ?? PlayHead(needing: 1, tracks: 1))
        }
        figures.parsed = parsed.values.reduce(0, +)
        return (figures, log)
    }

    func makeConnection(for viewer: Viewer) -> Connection {
        let connection = Connection(index: connections.count, viewer: viewer)
        connections.append(connection)
        return connection
    }

    // MARK: What happens

    private func handle(_ token: UInt64, _ readySince: Int64) {
        let index = Int(token & 0xFFFF_FFFF)
        guard connections.indices.contains(index), connections[index].token == token else { return }
        drive(connections[index])
        figures.lateness.record(nanoseconds: now - readySince)
    }

    /// Has a connection go on, and deals with how far it came.
    func drive(_ connection: Connection) {
        let wasIdle = !connection.isBusy
        switch connection.proceed(buffer, counting: &figures.bytes) {
        case .waits(let interest): connection.wait(for: interest, poller)
        case .answered(let body):
            guard let head = connection.reader.head else { return }
            figures.responses += 1
            let bytes = Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(buffer))
            let fault =
                switch body {
                case .inInput(let range): receive(bytes.extracting(range), head, on: connection)
                case .collected: receive(connection.reader.collected.span, head, on: connection)
                }
            if head.closes { connection.close(byServer: true) }
            if let fault { fail(connection, fault, isUsable: true) } else { answered.append(connection) }
        // Whatever comes between two requests is the end of the connection.
        case .lost where wasIdle, .failed where wasIdle: connection.close(byServer: true)
        case .lost where connection.mayRepeat:
            figures.reconnects += 1
            connect(connection)
        case .lost(let kind), .failed(let kind): fail(connection, kind)
        }
    }

    private func fire(_ action: Action, due: Int64) {
        switch action {
        case .join(let index):
            let viewer = viewers[index]
            let connection = makeConnection(for: viewer)
            viewer.playlistConnections.append(connection)
            request(presentation.resource, .presentation, on: connection)
        case .resume(let index): resume(connections[index])
        case .heartbeat: timers.add(.heartbeat, due: max(due + Self.beat, now))
        case .sweep:
            for connection in connections where connection.isBusy && now - connection.requestedAt > Self.timeout {
                fail(connection, .timeout)
            }
            timers.add(.sweep, due: due + Self.second)
        }
    }

    private static var processorTime: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * second + Int64(time.tv_nsec)
    }
}
