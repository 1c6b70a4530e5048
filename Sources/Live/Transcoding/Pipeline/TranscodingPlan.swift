internal import Packaging

/// What is made of every run of a channel, and where it is told how that goes.
struct TranscodingPlan: Sendable {
    let profile: OutputProfile
    let latency: LatencyProfile
    /// What is shown between sources; where not set, a run ends with its source.
    var slate: SlateRules?
    let journal: TranscoderJournal
}
