internal import Crypto
internal import Runtime
internal import Time

/// A thread that calls a source, serves what comes of it, and calls again when that has ended, until it is told to stop.
final class CallingThread: Sendable {
    fileprivate struct State {
        var publisher: (any ConnectedPublisher)?
        var isStopping = false
    }

    /// One call.
    struct Call: Sendable {
        fileprivate let state: Monitor<State>

        /// False once nobody wants anything to come of it.
        var isWanted: Bool { state.withLock { !$0.isStopping } }

        /// Serves `publisher` until it is done, or told to stop.
        func serve(_ publisher: any ConnectedPublisher) {
            let isWanted = state.withLock { state in
                if !state.isStopping { state.publisher = publisher }
                return !state.isStopping
            }
            if isWanted { publisher.run() } else { publisher.disconnect(reason: "stopping") }
            state.withLock { $0.publisher = nil }
        }
    }

    private let state: Monitor<State>
    private let thread: NamedThread

    /// Begins to call.
    init(_ name: String, clock: any MonotonicClock, _ body: @escaping @Sendable (Call) -> Void) {
        let state = Monitor(State())
        self.state = state
        thread = NamedThread(name) {
            var backoff = Backoff()
            while !state.withLock({ $0.isStopping }) {
                let begun = clock.now
                body(Call(state: state))
                let pause = backoff.pause(after: clock.now - begun, chance: Random.bytes(1)[0])
                if state.wait(for: pause, until: { $0.isStopping }) { break }
            }
        }
    }

    /// Ends what is under way, and waits for that.
    func stop() {
        beginStop()
        thread.join()
    }

    /// Ends what is under way, and calls no more.
    func beginStop() {
        let publisher = state.signal { state in
            state.isStopping = true
            return state.publisher
        }
        publisher?.disconnect(reason: "The server is shutting down")
    }
}
