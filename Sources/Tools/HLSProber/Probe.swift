internal import Bytes
internal import HLSRules
internal import Runtime
internal import Time

/// A run of the prober: what all its threads share.
final class Probe: Sendable {
    private struct State {
        var history = PresentationHistory()
        var violations: [Violation] = []
        var faults = 0
    }

    private let state = Monitor(State())
    private let clock = SystemClocks()
    let seconds: Int
    let end: Instant
    let isStopped = Monitor(false)
    /// The file with the certificates to trust, where it is not the system's.
    let authorities: String?

    init(seconds: Int, authorities: String?) {
        self.seconds = seconds
        end = SystemClocks().now + .seconds(seconds)
        self.authorities = authorities
    }

    var now: Double { Self.seconds(clock.now) }

    private static func seconds(_ time: Instant) -> Double { Double(time.nanoseconds) / 1e9 }

    /// How much of the run is left.
    var remaining: Duration { max(.zero, end - clock.now) }

    var isOver: Bool { clock.now >= end || isStopped.withLock { $0 } }

    /// Waits, but no longer than the run goes on.
    func pause(_ duration: Duration) { isStopped.wait(for: min(duration, remaining)) { $0 } }

    /// GETs `url`, or a range of it, with `client`, and judges the answer as a `kind`. `directives` go with the request
    /// only.
    func observe(
        _ kind: Observation.Kind, _ url: String, range: MediaPlaylist.ByteRange? = nil, _ directives: String = "",
        with client: borrowing HTTPClient
    ) -> Observation? {
        let sentAt = now
        let target = directives.isEmpty ? url : URIReference.adding(directives, to: url)
        // A part of a compressed body could not be decompressed.
        let acceptsGzip = range == nil && kind != .probe(.uncompressed)
        guard let answer = client.get(target, range: range, acceptsGzip: acceptsGzip) else {
            state.withLock { $0.faults += 1 }
            return nil
        }
        var observation = Observation(
            kind, url: url, range: range, sentAt: sentAt, arrivedAt: now, status: answer.status,
            headers: answer.headers, body: ByteChunk(answer.body), acceptsGzip: acceptsGzip)
        observation.firstByteAt = answer.firstByteAt.map(Self.seconds)
        state.withLock { $0.violations += $0.history.observe(observation) }
        return observation
    }

    /// What was found in the end.
    func finish() -> Report {
        state.withLock { state in
            state.violations += state.history.finish(at: now)
            return Report(
                tallies: state.history.tallies, violations: state.violations, unjudged: state.history.unjudged,
                faults: state.faults)
        }
    }
}
