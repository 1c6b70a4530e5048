internal import Locks

/// All metrics of one name, told apart by the values of their labels.
///
///     let received = registry.counters("headwater_ingest_bytes_total", help: "Bytes received.", labels: "channel")
///     let counter = received.child("news")    // once, when the channel starts
///     counter.increment(by: 1316)             // for every packet
///     received.remove("news")                 // when the channel goes
///
/// Finding a child takes a lock and compares strings; updating one does not. Keep the child.
public final class MetricFamily<Child: Metric>: Sendable {
    /// What Prometheus knows the metrics by.
    public let name: String
    let help: String
    let labels: [String]
    private let limit: Int
    private let makeChild: @Sendable () -> Child
    private let children = Mutex<[[String]: Child]>([:])
    private static var overflow: String { "_other" }

    init(name: String, help: String, labels: [String], limit: Int, makeChild: @escaping @Sendable () -> Child) {
        self.name = name
        self.help = help
        self.labels = labels
        self.limit = limit
        self.makeChild = makeChild
    }

    /// The metric with these values of the labels, in their order; made when it is not there yet.
    ///
    /// A family holds a limited number of children. Those past it share one whose labels are all `_other`, so that
    /// values from outside cannot fill the memory.
    public func child(_ values: String...) -> Child {
        precondition(values.count == labels.count, "every label of \(name) has a value")
        return children.withLock { children in
            if let child = children[values] { return child }
            let key = children.count < limit ? values : values.map { _ in Self.overflow }
            if let child = children[key] { return child }
            let child = makeChild()
            children[key] = child
            return child
        }
    }

    /// Takes the metric with these values of the labels out of the exposition. Whoever still holds it may update it.
    public func remove(_ values: String...) { children.withLock { _ = $0.removeValue(forKey: values) } }
}

extension MetricFamily: MetricFamilyRendering {
    var signature: String { "\(Child.kind) \(labels.joined(separator: ","))" }

    /// Exposition format 0.0.4: HELP, TYPE, then one line for each sample.
    func render(into text: inout String) {
        let children = children.withLock { $0 }
        text += "# HELP \(name) \(help.escapedForPrometheus(quotes: false))\n# TYPE \(name) \(Child.kind)\n"
        for (values, child) in children.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let own = zip(labels, values).map { ($0, $1) }
            for sample in child.samples {
                text += name + sample.suffix
                let labels = own + (sample.label.map { [($0.name, $0.value)] } ?? [])
                if !labels.isEmpty {
                    let pairs = labels.map { "\($0)=\"\($1.escapedForPrometheus(quotes: true))\"" }
                    text += "{\(pairs.joined(separator: ","))}"
                }
                text += " \(sample.value.prometheusText)\n"
            }
        }
    }
}

extension String {
    fileprivate func escapedForPrometheus(quotes: Bool) -> String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where quotes: text += "\\\""
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
