internal import Runtime
public import Time

/// The thread that wakes viewers, so that no publisher ever does.
public final class Waker: Sendable {
    private struct State {
        var dirty: [LiveOutput] = []
        var deadlines: [ObjectIdentifier: (output: LiveOutput, instant: Instant)] = [:]
        var isStopping = false

        /// The outputs that have to be looked at: those that changed, and those where a wait has run out.
        mutating func takeDue(at now: Instant) -> [LiveOutput] {
            var due = dirty
            dirty = []
            for (key, deadline) in deadlines where deadline.instant <= now {
                deadlines[key] = nil
                if !due.contains(where: { $0 === deadline.output }) { due.append(deadline.output) }
            }
            return due
        }

        mutating func note(_ deadline: Instant, of output: LiveOutput) {
            let key = ObjectIdentifier(output)
            if let known = deadlines[key]?.instant, known <= deadline { return }
            deadlines[key] = (output, deadline)
        }
    }

    /// How often deadlines are looked at when nothing is published.
    private static let pace = Duration.milliseconds(100)

    private let clock: any MonotonicClock
    private let state = Monitor(State())
    private let thread: NamedThread

    /// Starts the thread; deadlines are read off `clock`.
    public init(clock: any MonotonicClock = SystemClocks()) {
        self.clock = clock
        thread = NamedThread("waker") { [state] in Self.run(state, clock: clock) }
    }

    /// Settles the waits of `output` soon, on the waker's thread.
    func wake(_ output: LiveOutput) {
        state.signal { state in
            if !state.dirty.contains(where: { $0 === output }) { state.dirty.append(output) }
        }
    }

    /// Sees to it that `output` is settled when `deadline` has passed.
    func note(_ deadline: Instant, of output: LiveOutput) {
        state.withLock { $0.note(deadline, of: output) }
    }

    /// Ends the thread when it has settled what it was asked to, and waits for that.
    public func stop() {
        state.signal { $0.isStopping = true }
        thread.join()
    }

    private static func run(_ state: Monitor<State>, clock: any MonotonicClock) {
        while true {
            state.wait(for: pace) { !$0.dirty.isEmpty || $0.isStopping }
            let (due, isStopping) = state.withLock { ($0.takeDue(at: clock.now), $0.isStopping) }
            for output in due {
                guard let deadline = output.settle(at: clock.now) else { continue }
                state.withLock { $0.note(deadline, of: output) }
            }
            if isStopping, due.isEmpty { return }
        }
    }
}
