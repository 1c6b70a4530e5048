internal import Locks

/// What was told of a source's troubles: each kind once, until it was well for a while. A source that comes and goes, or is
/// away for a week, does not fill the log.
final class PullJournal: Sendable {
    private struct State {
        var told: Set<String> = []
        var untold = 0
    }

    private let state = Mutex(State())

    /// True where trouble of that kind is to be told of; otherwise it is counted.
    func isNews(_ kind: String) -> Bool {
        state.withLock { state in
            if state.told.insert(kind).inserted { return true }
            state.untold += 1
            return false
        }
    }

    /// The source was well for a while. Answers how often there was trouble that was not told of; nothing where there was
    /// no trouble.
    func recover() -> Int? {
        state.withLock { state in
            defer { state = State() }
            return state.told.isEmpty ? nil : state.untold
        }
    }
}
