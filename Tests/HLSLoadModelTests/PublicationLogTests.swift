import HLSLoadModel
import Testing

@Suite struct PublicationLogTests {
    private static func publication(_ part: Int) -> Publication {
        Publication(rendition: 0, place: MediaView.Place(number: 1, part: part))
    }

    @Test func delaysAreThoseBehindTheFirstViewerOfAnyThread() {
        let arrivals = FirstArrivals()
        var logs = [PublicationLog(sharing: arrivals), PublicationLog(sharing: arrivals)]
        for (thread, milliseconds) in [(0, 10), (0, 12), (1, 13), (1, 30)] {
            logs[thread].arrived(Self.publication(0), at: Int64(milliseconds) * 1_000_000)
        }
        #expect(logs[0].wakeUps.count == 1)
        #expect(logs[0].wakeUps.maximum == .milliseconds(2))
        #expect(logs[1].wakeUps.count == 2)
        #expect(logs[1].wakeUps.maximum == .milliseconds(20))
        let spreads = PublicationLog.spreads(of: logs, viewers: 4)
        #expect(spreads.count == 1)
        #expect(spreads.maximum == .milliseconds(20))
    }

    @Test func onlyPublicationsThatAllViewersAskedForHaveALastOne() {
        var log = PublicationLog(sharing: FirstArrivals())
        for viewer in 0..<3 { log.arrived(Self.publication(0), at: Int64(viewer) * 1_000_000) }
        for viewer in 0..<2 { log.arrived(Self.publication(1), at: Int64(viewer) * 9_000_000) }
        log.arrived(Publication(rendition: 1, place: MediaView.Place(number: 1, part: 0)), at: 77_000_000)
        let spreads = PublicationLog.spreads(of: [log], viewers: 3)
        #expect(spreads.count == 1)
        #expect(spreads.maximum == .milliseconds(2))
    }
}
