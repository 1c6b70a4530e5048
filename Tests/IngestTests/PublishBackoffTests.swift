import Ingest
import Sockets
import Testing
import Time

/// Who is held off, and for how long.
@Suite struct PublishBackoffTests {
    let begin = Instant(nanoseconds: 1_000_000_000_000)

    private func client(_ text: String = "203.0.113.9") throws -> IPRange {
        IPRange(clientAt: try #require(IPAddress(text)))
    }

    /// The holds that begin when `client` fails, whenever it may, every two seconds for that time.
    private func holds(_ backoff: inout PublishBackoff, for time: Duration) throws -> [Duration] {
        var holds: [Duration] = []
        let client = try client()
        for second in stride(from: 0, to: time.components.seconds, by: 2) {
            let now = begin + .seconds(second)
            guard backoff.refuse(client, at: now) == nil else { continue }
            if let hold = backoff.noteFailure(of: client, guess: Int(second), at: now) { holds.append(hold.duration) }
        }
        return holds
    }

    @Test func theFirstTriesAreFreeAndThenEachHoldIsTwiceAsLong() throws {
        var backoff = PublishBackoff()
        #expect(try holds(&backoff, for: .seconds(18)) == [])
        backoff = PublishBackoff()
        #expect(try holds(&backoff, for: .seconds(20)) == [.seconds(10)])
        backoff = PublishBackoff()
        #expect(try holds(&backoff, for: .seconds(600)) == [10, 20, 40, 80, 120, 120, 120, 120].map { .seconds($0) })
    }

    @Test func aHoldLastsAsLongAsItSaysAndTellsHowManyWereRefused() throws {
        var limits = PublishBackoffLimits()
        limits.failures = 1
        var backoff = PublishBackoff(limits)
        let client = try client()
        #expect(backoff.refuse(client, at: begin) == nil)
        #expect(backoff.noteFailure(of: client, guess: 1, at: begin)?.refused == 0)
        #expect(backoff.refuse(client, at: begin) == .seconds(10))
        #expect(backoff.refuse(client, at: begin + .milliseconds(9999)) == .milliseconds(1))
        #expect(try backoff.refuse(self.client("203.0.113.10"), at: begin) == nil)
        #expect(backoff.refuse(client, at: begin + .seconds(10)) == nil)
        #expect(backoff.noteFailure(of: client, guess: 2, at: begin + .seconds(10))?.refused == 2)
    }

    @Test func theSameGuessAgainIsNone() throws {
        var backoff = PublishBackoff()
        let client = try client()
        for _ in 0..<100 {
            for guess in 0..<9 { #expect(backoff.noteFailure(of: client, guess: guess, at: begin) == nil) }
        }
        #expect(backoff.noteFailure(of: client, guess: 9, at: begin)?.duration == .seconds(10))
        for guess in 0..<10 { #expect(backoff.noteFailure(of: client, guess: guess, at: begin) == nil) }
        #expect(backoff.noteFailure(of: client, guess: 10, at: begin)?.duration == .seconds(20))
        // Only so many are known again.
        for guess in 11..<50 { _ = backoff.noteFailure(of: client, guess: guess, at: begin) }
        #expect(backoff.noteFailure(of: client, guess: 10, at: begin) == nil)
        for guess in 50..<89 { _ = backoff.noteFailure(of: client, guess: guess, at: begin) }
        #expect(backoff.noteFailure(of: client, guess: 10, at: begin) == nil, "it came again")
        #expect(backoff.noteFailure(of: client, guess: 11, at: begin) != nil)
    }

    /// Twelve encoders with keys of yesterday, who come every half a minute: once they are known they keep nobody out.
    @Test func thoseWhoComeBackWithTheSameForEverAreHeldOffAtMostOnce() throws {
        var backoff = PublishBackoff()
        let client = try client()
        var holds = 0
        for second in stride(from: 0, to: 7200, by: 30) {
            for guess in 0..<12 {
                if backoff.noteFailure(of: client, guess: guess, at: begin + .seconds(second)) != nil { holds += 1 }
            }
        }
        #expect(holds == 3, "those of the first round")
        #expect(
            backoff.noteFailure(of: client, guess: 12, at: begin + .seconds(7200)) == nil, "their guesses have aged")
        for guess in 0..<12 {
            #expect(backoff.noteFailure(of: client, guess: guess, at: begin + .seconds(7200)) == nil, "and are known")
        }
    }

    @Test func aGuessOfTenMinutesAgoIsANewOne() throws {
        var limits = PublishBackoffLimits()
        limits.failures = 1
        var backoff = PublishBackoff(limits)
        let client = try client()
        #expect(backoff.noteFailure(of: client, guess: 1, at: begin) != nil)
        #expect(backoff.noteFailure(of: client, guess: 1, at: begin + .seconds(599)) == nil)
        #expect(backoff.noteFailure(of: client, guess: 1, at: begin + .seconds(1198)) == nil)
        #expect(backoff.noteFailure(of: client, guess: 1, at: begin + .seconds(1798)) != nil)
    }

    @Test func tenQuietMinutesAreForgotten() throws {
        var backoff = PublishBackoff()
        let client = try client()
        for guess in 0..<9 { _ = backoff.noteFailure(of: client, guess: guess, at: begin) }
        #expect(backoff.noteFailure(of: client, guess: 9, at: begin + .seconds(599)) != nil)
        let quiet = begin + .seconds(599 + 10 + 600)
        #expect(backoff.noteFailure(of: client, guess: 10, at: quiet) == nil)
    }

    @Test func onlySoManyAreRememberedAndThoseOfLongAgoGoFirst() throws {
        var limits = PublishBackoffLimits()
        (limits.failures, limits.addresses) = (2, 3)
        var backoff = PublishBackoff(limits)
        for host in 1...4 {
            let now = begin + .seconds(host)
            #expect(backoff.noteFailure(of: try client("192.0.2.\(host)"), guess: 1, at: now) == nil)
            #expect(backoff.count == min(host, 3))
        }
        // The first was forgotten, and its place is taken from the second.
        #expect(backoff.noteFailure(of: try client("192.0.2.1"), guess: 1, at: begin + .seconds(5)) == nil)
        #expect(backoff.noteFailure(of: try client("192.0.2.4"), guess: 2, at: begin + .seconds(6)) != nil)
        // Those whose time is over make room for all.
        #expect(backoff.noteFailure(of: try client("192.0.2.9"), guess: 1, at: begin + .seconds(5000)) == nil)
        #expect(backoff.count == 1)
    }

    @Test func zeroIsNever() throws {
        var limits = PublishBackoffLimits()
        limits.failures = 0
        var backoff = PublishBackoff(limits)
        #expect(try holds(&backoff, for: .seconds(600)) == [] && backoff.count == 0)
    }
}
