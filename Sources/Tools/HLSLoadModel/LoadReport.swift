internal import Time

/// What a run found.
public struct LoadReport: Sendable {
    /// What was counted.
    public var figures: LoadFigures
    /// From the first viewer served to the last, for each publication that all viewers asked for.
    public var lastServed: LatencyHistogram
    /// How many viewers there were.
    public var viewers: Int
    /// How long they watched.
    public var seconds: Double
    /// True when no media were fetched, so that nobody could stall.
    public var isPlaylistsOnly: Bool

    /// A report.
    public init(
        figures: LoadFigures, lastServed: LatencyHistogram, viewers: Int, seconds: Double, isPlaylistsOnly: Bool
    ) {
        self.figures = figures
        self.lastServed = lastServed
        self.viewers = viewers
        self.seconds = max(seconds, 0.001)
        self.isPlaylistsOnly = isPlaylistsOnly
    }

    /// True when the server served all viewers: no errors, no stalls, and nobody was left waiting.
    public var isClean: Bool {
        figures.failures.isEmpty && figures.responses > 0
            && (isPlaylistsOnly || (figures.stalls == 0 && figures.neverStarted == 0))
    }

    /// Why the figures are not to be trusted; nothing when the generator kept up.
    public var warning: String? {
        let late = figures.lateness.quantile(0.99) ?? .zero
        guard figures.processorShare > 0.9 || late > .milliseconds(10) else { return nil }
        return "the generator was too busy for these figures to be trusted: "
            + "\(percent(figures.processorShare)) of a core, lateness p99 \(milliseconds(late)) ms"
    }

    /// The report for people.
    public var text: String {
        var lines = ["\(viewers) viewers, \(decimal(seconds, places: 1)) s"]
        func row(_ name: String, _ text: String) {
            lines.append(name + String(repeating: " ", count: max(1, 20 - name.count)) + text)
        }
        row("playlist wake-up", quantiles(figures.wakeUps, [0.5, 0.95, 0.99]) + ", behind the first viewer")
        row(
            "last viewer served",
            quantiles(lastServed, [0.5, 0.95]) + ", \(lastServed.count) publications that all asked for")
        if !isPlaylistsOnly {
            row("part delivery", quantiles(figures.delivery, [0.5, 0.95, 0.99]) + ", \(figures.delivery.count) parts")
        }
        let rate = Double(figures.responses) / seconds
        row("responses", "\(figures.responses), \(decimal(rate, places: 0)) a second, \(figures.playlists) playlists")
        row("bytes", "\(figures.bytes), \(decimal(Double(figures.bytes) * 8 / seconds / 1e6, places: 1)) Mb/s")
        row("reconnects", "\(figures.reconnects)")
        row("errors", "\(failures.reduce(0) { $0 + $1.count })")
        for (kind, count) in failures { row("", "\(count) × \(kind)") }
        if !isPlaylistsOnly {
            row(
                "stalls",
                "\(figures.stalls) of \(figures.stalledViewers) viewers, "
                    + "\(decimal(figures.stalledTime.fractionalSeconds, places: 3)) s in all, the longest "
                    + "\(decimal(figures.longestStall.fractionalSeconds, places: 3)) s")
            if figures.neverStarted > 0 { row("never started", "\(figures.neverStarted) viewers") }
        }
        row(
            "generator",
            "\(percent(figures.processorShare)) of a core, late by " + quantiles(figures.lateness, [0.99])
                + ", \(figures.parsed) playlists parsed")
        if let warning { lines.append("WARNING: \(warning)") }
        return lines.joined(separator: "\n")
    }

    var failures: [(kind: FailureKind, count: Int)] {
        figures.failures.map { (kind: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.kind.description) < ($0.count, $1.kind.description) }
    }

    private func quantiles(_ histogram: LatencyHistogram, _ shares: [Double]) -> String {
        guard histogram.count > 0 else { return "–" }
        let parts = shares.map { share in
            "p\(Int(share * 100)) \(milliseconds(histogram.quantile(share) ?? .zero))"
        }
        return (parts + ["max \(milliseconds(histogram.maximum)) ms"]).joined(separator: ", ")
    }

    private func percent(_ share: Double) -> String { "\(decimal(share * 100, places: 0)) %" }
}

func milliseconds(_ duration: Duration) -> String { decimal(duration.fractionalSeconds * 1000, places: 1) }

/// `value`, which is not negative, with that many digits behind the point.
func decimal(_ value: Double, places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = (value * Double(scale)).rounded()
    guard scaled.isFinite, scaled >= 0, scaled < 1e18 else { return "–" }
    let whole = Int(scaled)
    guard places > 0 else { return "\(whole)" }
    let digits = "\(whole % scale)"
    return "\(whole / scale)." + String(repeating: "0", count: places - digits.count) + digits
}
