import Glibc
import Runtime
import Telemetry
import Testing

@testable import Ingest

@Suite(.timeLimit(.minutes(30))) struct PublisherThreadsTests {
    @Test func allWhoEndAcceptingWaitForIt() {
        let threads = PublisherThreads(scheme: "test", limit: 1, metrics: IngestMetrics(MetricsRegistry()))
        let (coming, served, seen) = (Monitor([3, 2, 1]), Monitor<[Int]>([]), Monitor<[[Int]]>([]))
        threads.accept {
            coming.withLock { $0.popLast() }
        } serve: { connection in
            usleep(100_000)
            served.withLock { $0.append(connection) }
        }
        let waiting = (0..<3).map { _ in
            NamedThread("wait") {
                threads.waitForAccepting()
                let served = served.withLock { $0 }
                seen.withLock { $0.append(served) }
            }
        }
        for thread in waiting { thread.join() }
        #expect(seen.withLock { $0 } == [[1, 2, 3], [1, 2, 3], [1, 2, 3]])
    }
}
