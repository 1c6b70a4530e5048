import FFmpeg
import Locks
import Telemetry
import Testing
import Time

@testable import Transcoding

@Suite struct TranscoderJournalTests {
    private final class Log: LogSink {
        let lines = Mutex<[String]>([])

        func write(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
    }

    @Test func ofEachRenditionOneFaultIsToldInAWhileAndAllAreCounted() {
        let (log, clock, registry) = (Log(), ManualClock(), MetricsRegistry())
        let journal = TranscoderJournal(
            logger: Logger(sink: log), metrics: TranscoderMetrics(registry, channel: "news"), clock: clock)
        for rendition in ["640x360", "640x360", "320x180"] {
            journal.failed(.encode, rendition: rendition, .timesGoBack)
        }
        #expect(log.lines.withLock { $0.count } == 2)
        clock.advance(by: .seconds(11))
        journal.failed(.encode, rendition: "640x360", .timesGoBack)
        let last = log.lines.withLock { $0.last } ?? ""
        #expect(log.lines.withLock { $0.count } == 3 && last.contains("640x360") && last.contains("folded"))
        journal.undecodable(5, .decode)
        let text = registry.prometheusText()
        #expect(text.contains("headwater_transcoder_faults_total{channel=\"news\",step=\"encode\"} 4\n"))
        #expect(text.contains("headwater_transcoder_faults_total{channel=\"news\",step=\"decode\"} 5\n"))
    }
}
