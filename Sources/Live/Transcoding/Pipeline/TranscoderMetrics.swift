public import Telemetry

/// What the transcoder of a channel does, in numbers.
public struct TranscoderMetrics: Sendable {
    let pictures: MetricFamily<Counter>
    let leftOut: MetricFamily<Counter>
    let shedding: Gauge
    let waiting: Gauge
    let dropped: Counter
    let faults: MetricFamily<Counter>
    let delay: Histogram
    let spread: Histogram
    private let channel: String

    /// The numbers of `channel`.
    public init(_ registry: MetricsRegistry, channel: String) {
        self.channel = channel
        pictures = registry.counters(
            "headwater_transcoder_pictures_total", help: "Pictures that were encoded.", labels: "channel", "rendition")
        leftOut = registry.counters(
            "headwater_transcoder_left_out_pictures_total",
            help: "Pictures that were not encoded because that would have been too late.", labels: "channel",
            "rendition")
        shedding = registry.gauges(
            "headwater_transcoder_shedding_level",
            help: "How many measures are taken because pictures come faster than they can be encoded.",
            labels: "channel"
        ).child(channel)
        waiting = registry.gauges(
            "headwater_transcoder_waiting_pictures", help: "Pictures that came in and are not decoded yet.",
            labels: "channel"
        ).child(channel)
        dropped = registry.counters(
            "headwater_transcoder_dropped_samples_total",
            help: "Samples that were left out because they came faster than they could be transcoded.",
            labels: "channel"
        ).child(channel)
        faults = registry.counters(
            "headwater_transcoder_faults_total",
            help: "What could not be done, by the step: decode, scale, encode or sound.", labels: "channel", "step")
        delay = registry.histograms(
            "headwater_transcoder_delay_seconds",
            help: "From the arrival of a frame to its being encoded in all renditions.", labels: "channel"
        ).child(channel)
        spread = registry.histograms(
            "headwater_transcoder_spread_seconds",
            help: "From the first rendition of a frame being encoded to the last.", labels: "channel"
        ).child(channel)
    }

    func pictures(_ rendition: String) -> Counter { pictures.child(channel, rendition) }

    func leftOut(_ rendition: String) -> Counter { leftOut.child(channel, rendition) }

    func faults(_ step: TranscodingStep) -> Counter { faults.child(channel, step.rawValue) }
}
