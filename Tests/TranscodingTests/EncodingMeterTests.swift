import Media
import Telemetry
import Testing
import Time

@testable import Transcoding

@Suite struct EncodingMeterTests {
    private struct Quiet: LogSink {
        func write(_ line: [UInt8]) {}
    }

    private let clock = ManualClock()
    private let registry = MetricsRegistry()
    private let meter: EncodingMeter

    init() {
        meter = EncodingMeter(
            TranscoderJournal(
                logger: Logger(sink: Quiet()), metrics: TranscoderMetrics(registry, channel: "news"), clock: clock))
    }

    private func figure(_ name: String) -> Double? {
        registry.prometheusText().split(separator: "\n")
            .first { $0.hasPrefix("headwater_transcoder_\(name){channel=\"news\"} ") }
            .flatMap { Double($0.split(separator: " ")[1]) }
    }

    @Test func aFrameTakesUntilTheLastOfItsRenditions() {
        clock.advance(by: .milliseconds(1000))
        meter.begin(.zero, arrival: clock.now, renditions: 3)
        for milliseconds in [250, 125, 375] {
            #expect(figure("delay_seconds_count") ?? 0 == 0)
            clock.advance(by: .milliseconds(milliseconds))
            meter.note(.zero)
        }
        #expect(figure("delay_seconds_sum") == 0.75 && figure("spread_seconds_sum") == 0.5)
        meter.note(.zero)
        #expect(figure("delay_seconds_count") == 1 && figure("spread_seconds_count") == 1)
    }

    /// A rendition that has failed never comes, and its frames are not kept for ever.
    @Test func onlySoManyFramesAreWaitedFor() {
        for index in 0..<513 { meter.begin(.milliseconds(Int64(index)), arrival: clock.now, renditions: 1) }
        for index in 0..<513 { meter.note(.milliseconds(Int64(index))) }
        #expect(figure("delay_seconds_count") == 1)
    }
}
