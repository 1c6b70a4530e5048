extension LoadReport {
    /// The report for machines, as one JSON object. Lengths of time are in milliseconds.
    public var json: String {
        let failures = failures.map { "\"\($0.kind)\":\($0.count)" }.joined(separator: ",")
        let total = figures.failures.values.reduce(0, +)
        let fields = [
            "\"viewers\":\(viewers)", "\"seconds\":\(decimal(seconds, places: 3))",
            "\"wakeUp\":\(object(figures.wakeUps))", "\"lastServed\":\(object(lastServed))",
            "\"delivery\":\(object(figures.delivery))",
            "\"responses\":\(figures.responses)", "\"playlists\":\(figures.playlists)",
            "\"responsesPerSecond\":\(decimal(Double(figures.responses) / seconds, places: 1))",
            "\"bytes\":\(figures.bytes)", "\"reconnects\":\(figures.reconnects)",
            "\"errors\":\(total)", "\"errorsByKind\":{\(failures)}",
            "\"stalls\":\(figures.stalls)", "\"stalledViewers\":\(figures.stalledViewers)",
            "\"stalledTime\":\(milliseconds(figures.stalledTime))",
            "\"longestStall\":\(milliseconds(figures.longestStall))", "\"neverStarted\":\(figures.neverStarted)",
            "\"lateness\":\(object(figures.lateness))",
            "\"processorShare\":\(decimal(figures.processorShare, places: 3))", "\"parsed\":\(figures.parsed)",
            "\"isTrustworthy\":\(warning == nil)", "\"isClean\":\(isClean)",
        ]
        return "{\(fields.joined(separator: ","))}"
    }

    private func object(_ histogram: LatencyHistogram) -> String {
        let quantiles = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].map { name, share in
            "\"\(name)\":\(histogram.quantile(share).map(milliseconds) ?? "null")"
        }
        let maximum = histogram.count > 0 ? milliseconds(histogram.maximum) : "null"
        return "{\"count\":\(histogram.count),\(quantiles.joined(separator: ",")),\"max\":\(maximum)}"
    }
}
