package import Sockets
package import Time

/// Addresses that give one wrong key after another are held off for a time, which is twice as long each time. The same one
/// again is no further guess: an encoder that comes back with it for ever keeps nobody out who shares its address. A right
/// key clears nothing, or whoever has one could guess the others.
///
/// An address is an IPv4 address or an IPv6 network of 64 bits. Guesses count for ten minutes after the last new one, and are
/// known again for as long after they came last. So many addresses are remembered; where there are more, those that failed
/// longest ago are forgotten.
package struct PublishBackoff: Sendable {
    /// A time for which an address is held off.
    package struct Hold: Sendable, Equatable {
        /// How long it is.
        package let duration: Duration
        /// How many were refused during the one before.
        package let refused: Int
    }

    private struct Failures {
        /// How many there were before the first hold.
        var count = 0
        var holds = 0
        var heldUntil: Instant?
        var refused = 0
        /// When a guess came last that was not known.
        var last: Instant
        /// The guesses that are known again, and when each came last; the newest is the last one.
        var guesses: [(guess: Int, at: Instant)] = []

        func isOver(at now: Instant) -> Bool { now - max(last, heldUntil ?? last) >= memory }

        /// True when nothing has to be remembered any more.
        func isForgotten(at now: Instant) -> Bool {
            isOver(at: now) && guesses.last.map { now - $0.at >= memory } ?? true
        }
    }

    private static let shortest = Duration.seconds(10)
    private static let memory = Duration.seconds(600)

    private let limits: PublishBackoffLimits
    /// How many guesses of an address are known again: more than hold it off, or those who come back would go round in it.
    private var knownGuesses: Int { max(32, limits.failures * 4) }
    private var clients: [IPRange: Failures] = [:]

    /// Nobody has failed yet.
    package init(_ limits: PublishBackoffLimits = PublishBackoffLimits()) { self.limits = limits }

    /// How many addresses are remembered.
    package var count: Int { clients.count }

    /// For how long `client` is still held off; nothing when it may try. Who is told counts as refused.
    package mutating func refuse(_ client: IPRange, at now: Instant) -> Duration? {
        guard let until = clients[client]?.heldUntil, now < until else { return nil }
        clients[client]?.refused += 1
        return until - now
    }

    /// Takes note of a wrong key from `client`, of which `guess` is the hash, and says whether it is held off from here on.
    package mutating func noteFailure(of client: IPRange, guess: Int, at now: Instant) -> Hold? {
        guard limits.failures > 0 else { return nil }
        var failures = clients[client] ?? Failures(last: now)
        failures.guesses.removeAll { now - $0.at >= Self.memory }
        if let place = failures.guesses.firstIndex(where: { $0.guess == guess }) {
            failures.guesses.remove(at: place)
            failures.guesses.append((guess, now))
            clients[client] = failures
            return nil
        }
        if failures.isOver(at: now) { failures = Failures(last: now, guesses: failures.guesses) }
        failures.guesses = failures.guesses.suffix(knownGuesses - 1) + [(guess, now)]
        failures.count += 1
        failures.last = now
        var hold: Hold?
        if failures.count >= limits.failures {
            let duration = min(Self.shortest * (1 << min(failures.holds, 16)), limits.longest)
            hold = Hold(duration: duration, refused: failures.refused)
            failures.holds += 1
            failures.heldUntil = now + duration
            failures.refused = 0
        }
        if clients[client] == nil { makeRoom(at: now) }
        clients[client] = failures
        return hold
    }

    private mutating func makeRoom(at now: Instant) {
        guard clients.count >= limits.addresses else { return }
        clients = clients.filter { !$1.isForgotten(at: now) }
        guard clients.count >= limits.addresses, let oldest = clients.min(by: { $0.value.last < $1.value.last }) else {
            return
        }
        clients[oldest.key] = nil
    }
}
