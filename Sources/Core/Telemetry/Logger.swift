internal import Locks
public import Time

/// Writes events as JSON lines: the time, the level, the event's name, then its fields.
///
///     logger.info("ingest.accepted", ["channel.id": .public(id), "peer.address": .personal(address)])
///
///     {"time":"2026-11-20T19:00:00.000Z","level":"info","event":"ingest.accepted","channel.id":"news",…}
///
/// Names of events and fields are constants; everything that varies is the value of a field. A logger can be used from
/// any thread. What is below its level costs one atomic load: the fields are not even made.
public struct Logger: Sendable {
    private final class Shared: Sendable {
        let level: Atomic<UInt8>
        let sink: any LogSink
        let clock: any WallClock
        let personal = PersonalHash()

        init(level: LogLevel, sink: any LogSink, clock: any WallClock) {
            self.level = Atomic(level.rawValue)
            self.sink = sink
            self.clock = clock
        }
    }

    private let shared: Shared
    private var context = LogFields()
    private static let reserved: Set<String> = ["time", "level", "event"]

    /// A logger that writes events of `level` and above to `sink`.
    public init(
        level: LogLevel = .info, sink: any LogSink = StandardErrorSink(), clock: any WallClock = SystemClocks()
    ) {
        shared = Shared(level: level, sink: sink, clock: clock)
    }

    /// A logger that adds `fields` to every event, and shares everything else with this one.
    public func with(_ fields: LogFields) -> Logger {
        var logger = self
        logger.context = context.merging(fields)
        return logger
    }

    /// The least level that is written, for this logger and all that were made from it or that it was made from.
    public var level: LogLevel {
        get { LogLevel(rawValue: shared.level.load(ordering: .relaxed)) ?? .debug }
        nonmutating set { shared.level.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Writes an event of `level`.
    public func log(_ level: LogLevel, _ event: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        guard level.rawValue >= shared.level.load(ordering: .relaxed) else { return }
        write(level, event, context.merging(fields()))
    }

    /// Writes an event that helps to find a fault in the server.
    public func debug(_ event: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        log(.debug, event, fields())
    }

    /// Writes an event of the ordinary course of things.
    public func info(_ event: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        log(.info, event, fields())
    }

    /// Writes an ordinary but rare event.
    public func notice(_ event: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        log(.notice, event, fields())
    }

    /// Writes an event that tells that something is not as it should be.
    public func warning(_ event: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        log(.warning, event, fields())
    }

    /// Writes an event that tells of a loss.
    public func error(_ event: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        log(.error, event, fields())
    }

    private func write(_ level: LogLevel, _ event: StaticString, _ fields: LogFields) {
        let time = shared.clock.wallTime
        var line = JSONLine()
        line.add("time", time.rfc3339)
        line.add("level", level.description)
        line.add("event", event.description)
        for (name, value) in fields.entries where !Self.reserved.contains(name) {
            switch value.content {
            case .string(let text): line.add(name, text)
            case .integer(let number): line.add(name, number)
            case .number(let number): line.add(name, number)
            case .bool(let flag): line.add(name, flag)
            case .personal(let text): line.add(name, shared.personal.hash(text, at: time))
            case .secret: line.add(name, "***")
            }
        }
        shared.sink.write(line.finished())
    }
}
