import HLSLoadModel
import Testing
import Time

@Suite struct LoadReportTests {
    private static func report(_ figures: LoadFigures, isPlaylistsOnly: Bool = false) -> LoadReport {
        var figures = figures
        figures.responses = 1000
        var spread = LatencyHistogram()
        spread.record(nanoseconds: 20_000_000)
        return LoadReport(
            figures: figures, lastServed: spread, viewers: 10, seconds: 20, isPlaylistsOnly: isPlaylistsOnly)
    }

    @Test func aRunWithoutFaultsIsClean() {
        let report = Self.report(LoadFigures())
        #expect(report.isClean)
        #expect(report.warning == nil)
        #expect(report.text.contains("last viewer served  p50 20.0, p95 20.0, max 20.0 ms, 1 publications"))
        #expect(report.json.contains("\"lastServed\":{\"count\":1,\"p50\":20.0"))
        #expect(report.json.contains("\"wakeUp\":{\"count\":0,\"p50\":null"))
    }

    @Test func errorsAreCountedByKind() {
        var figures = LoadFigures()
        for kind in [.status(503), .refused, .status(503), .malformed(.chunk)] as [FailureKind] { figures.fail(kind) }
        var other = LoadFigures()
        other.fail(.refused)
        figures.add(other)
        let report = Self.report(figures, isPlaylistsOnly: true)
        #expect(!report.isClean)
        #expect(report.json.contains("\"errors\":5,"))
        #expect(
            report.json.contains("{\"connection refused\":2,\"status 503\":2,\"malformed chunk\":1}"))
        #expect(report.text.contains("2 × status 503"))
    }

    @Test func stallsAndViewersWhoNeverStartAreFaults() {
        var head = PlayHead(needing: 1, tracks: 1)
        var figures = LoadFigures()
        figures.add(head)
        #expect(figures.neverStarted == 1)
        #expect(!Self.report(figures).isClean)
        #expect(Self.report(figures).text.contains("never started       1 viewers"))
        head.deliver(1, of: 0, at: Instant(nanoseconds: 0))
        head.deliver(1, of: 0, at: Instant(nanoseconds: 1_250_000_000))
        figures = LoadFigures()
        figures.add(head)
        let report = Self.report(figures)
        #expect(!report.isClean)
        #expect(report.text.contains("1 of 1 viewers, 0.250 s in all, the longest 0.250 s"))
        #expect(Self.report(figures, isPlaylistsOnly: true).isClean)
    }

    @Test func aRunInWhichNothingCameIsNotClean() {
        let report = LoadReport(
            figures: LoadFigures(), lastServed: LatencyHistogram(), viewers: 1, seconds: 0, isPlaylistsOnly: true)
        #expect(!report.isClean)
        #expect(!report.text.isEmpty)
    }

    @Test func aBusyGeneratorSaysSo() {
        var busy = LoadFigures()
        busy.processorShare = 0.95
        #expect(Self.report(busy).text.contains("WARNING: the generator was too busy"))
        var late = LoadFigures()
        for value in 1...100 as ClosedRange<Int64> { late.lateness.record(nanoseconds: value > 98 ? 11_000_000 : 0) }
        #expect(Self.report(late).json.contains("\"isTrustworthy\":false"))
        late = LoadFigures()
        for value in 1...200 as ClosedRange<Int64> { late.lateness.record(nanoseconds: value > 199 ? 11_000_000 : 0) }
        #expect(Self.report(late).json.contains("\"isTrustworthy\":true"))
    }
}
