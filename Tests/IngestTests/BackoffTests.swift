import Testing

@testable import Ingest

@Suite struct BackoffTests {
    @Test func pausesDoubleUpToHalfAMinute() {
        var backoff = Backoff()
        let pauses = (0..<9).map { _ in backoff.pause(after: .zero, chance: 128) }
        #expect(pauses.map { $0 / .seconds(1) } == [0.5, 1, 2, 4, 8, 16, 30, 30, 30])
    }

    @Test func aGoodConnectionBeginsAnew() {
        var backoff = Backoff()
        for _ in 0..<5 { _ = backoff.pause(after: .seconds(9), chance: 0) }
        let pause = backoff.pause(after: .seconds(10), chance: 128)
        #expect(pause == .milliseconds(500))
    }

    @Test func chanceSpreadsThemByAQuarter() {
        for (chance, factor) in [(UInt8(0), 0.75), (255, 1.248)] {
            var backoff = Backoff()
            let pause = backoff.pause(after: .zero, chance: chance)
            #expect(abs(pause / .milliseconds(500) - factor) < 0.001)
        }
    }
}

@Suite struct PullJournalTests {
    @Test func eachKindIsToldOnceUntilAllIsWell() {
        let journal = PullJournal()
        #expect(journal.isNews("unreachable") && journal.isNews("silent"))
        for _ in 0..<100 { #expect(!journal.isNews("unreachable")) }
        #expect(journal.recover() == 100)
        #expect(journal.recover() == nil)
        #expect(journal.isNews("unreachable"))
    }
}
