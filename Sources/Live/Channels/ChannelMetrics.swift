internal import Telemetry

/// What a channel does, in numbers.
struct ChannelMetrics: Sendable {
    let isOnAir: Gauge
    let isSilent: Gauge
    let showsSlate: Gauge
    let clockDrift: Gauge
    let publications: Counter
    let publishDelay: Histogram
    let droppedSamples: Counter
    let segmentsWithoutKeyFrame: Counter
    /// By channel and reason, and by channel and input.
    let inputSwitches: MetricFamily<Counter>
    let inputs: MetricFamily<Gauge>

    init(_ registry: MetricsRegistry, channel: String) {
        isOnAir = registry.gauges(
            "headwater_channel_on_air", help: "1 while somebody publishes to the channel.", labels: "channel"
        ).child(channel)
        isSilent = registry.gauges(
            "headwater_channel_silent", help: "1 while the channel is on the air without media.", labels: "channel"
        ).child(channel)
        showsSlate = registry.gauges(
            "headwater_channel_slate", help: "1 while viewers see the slate, because nothing comes.", labels: "channel"
        ).child(channel)
        clockDrift = registry.gauges(
            "headwater_channel_clock_drift_ppm",
            help: "How much faster than ours the clock of the source runs, in parts per million.",
            labels: "channel"
        ).child(channel)
        publications = registry.counters(
            "headwater_channel_publications_total", help: "Times that viewers got something new to see.",
            labels: "channel"
        ).child(channel)
        publishDelay = registry.histograms(
            "headwater_channel_publish_delay_seconds",
            help: "From the arrival of the frame that completes a part to the part being fetchable.",
            labels: "channel"
        ).child(channel)
        droppedSamples = registry.counters(
            "headwater_channel_dropped_samples_total", help: "Samples that nothing could be shown from.",
            labels: "channel"
        ).child(channel)
        segmentsWithoutKeyFrame = registry.counters(
            "headwater_channel_segments_without_key_frame_total",
            help: "Segments that were cut at the target duration because no key frame came.", labels: "channel"
        ).child(channel)
        inputSwitches = registry.counters(
            "headwater_channel_input_switches_total", help: "Changes between the primary input and its backup.",
            labels: "channel", "reason")
        inputs = registry.gauges(
            "headwater_channel_input_on_air", help: "1 for the input that viewers see, of a channel that has two.",
            labels: "channel", "input")
    }
}
