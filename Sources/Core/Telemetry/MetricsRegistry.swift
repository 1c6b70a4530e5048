internal import Locks

/// A family of metrics as the registry sees it, whatever their kind.
protocol MetricFamilyRendering: AnyObject, Sendable {
    var name: String { get }
    /// What two declarations of the same name must have in common.
    var signature: String { get }
    func render(into text: inout String)
}

/// The metrics of one server, each declared once where it belongs and all rendered together.
///
/// Declaring the same metric again gives the one that is there, so that a part of which there are several can declare
/// its own. Names follow Prometheus: a unit, and `_total` on counters.
public final class MetricsRegistry: Sendable {
    private let families = Mutex<[String: any MetricFamilyRendering]>([:])

    /// How many children a family has, unless it is declared otherwise.
    public static let defaultLimit = 1000

    /// A registry without metrics.
    public init() {}

    /// The counters called `name`, told apart by `labels`.
    public func counters(
        _ name: StaticString, help: StaticString, labels: StaticString..., limit: Int = defaultLimit
    ) -> MetricFamily<Counter> {
        family(name, help, labels, limit) { Counter() }
    }

    /// The counter called `name`.
    public func counter(_ name: StaticString, help: StaticString) -> Counter {
        family(name, help, [], 1) { Counter() }.child()
    }

    /// The gauges called `name`, told apart by `labels`.
    public func gauges(
        _ name: StaticString, help: StaticString, labels: StaticString..., limit: Int = defaultLimit
    ) -> MetricFamily<Gauge> {
        family(name, help, labels, limit) { Gauge() }
    }

    /// The gauge called `name`.
    public func gauge(_ name: StaticString, help: StaticString) -> Gauge {
        family(name, help, [], 1) { Gauge() }.child()
    }

    /// The histograms called `name`, told apart by `labels`, of ranges that end at `bounds`.
    public func histograms(
        _ name: StaticString, help: StaticString, labels: StaticString...,
        bounds: [Double] = Histogram.latencyBounds, limit: Int = defaultLimit
    ) -> MetricFamily<Histogram> {
        family(name, help, labels, limit) { Histogram(bounds: bounds) }
    }

    /// The histogram called `name`, of ranges that end at `bounds`.
    public func histogram(
        _ name: StaticString, help: StaticString, bounds: [Double] = Histogram.latencyBounds
    ) -> Histogram {
        family(name, help, [], 1) { Histogram(bounds: bounds) }.child()
    }

    /// Every metric in the Prometheus text format 0.0.4, the families in the order of their names.
    ///
    /// It is to be served as `text/plain; version=0.0.4; charset=utf-8`.
    public func prometheusText() -> String {
        let families = families.withLock { $0 }
        var text = ""
        for (_, family) in families.sorted(by: { $0.key < $1.key }) { family.render(into: &text) }
        return text
    }

    private func family<Child: Metric>(
        _ name: StaticString, _ help: StaticString, _ labels: [StaticString], _ limit: Int,
        _ makeChild: @escaping @Sendable () -> Child
    ) -> MetricFamily<Child> {
        let labels = labels.map(\.description)
        precondition(Self.isName(name.description, colons: true), "a metric is named as Prometheus wants it: \(name)")
        precondition(
            labels.allSatisfy { Self.isName($0, colons: false) && !$0.hasPrefix("__") && $0 != "le" },
            "the labels of \(name) are named as Prometheus wants them")
        let made = MetricFamily(
            name: name.description, help: help.description, labels: labels, limit: limit, makeChild: makeChild)
        let family = families.withLock { families in
            let family = families[made.name] ?? made
            families[made.name] = family
            return family
        }
        guard let family = family as? MetricFamily<Child>, family.signature == made.signature else {
            preconditionFailure("\(name) is declared twice, differently")
        }
        return family
    }

    private static func isName(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
            case UInt8(ascii: ":"): colons
            default: false
            }
        }
    }
}
