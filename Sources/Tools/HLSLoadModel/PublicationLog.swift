/// How publications reach the viewers of one thread.
public struct PublicationLog: Sendable {
    private struct Record {
        var first: Int64
        var last: Int64
        var viewers: Int
    }

    private let arrivals: FirstArrivals
    private var records: [Publication: Record] = [:]
    /// From the first of all viewers to each other one.
    public private(set) var wakeUps = LatencyHistogram()

    /// A log of one of the threads that share `arrivals`.
    public init(sharing arrivals: FirstArrivals) { self.arrivals = arrivals }

    /// Takes note that a viewer who asked for `publication` has got it, at `time` in nanoseconds.
    public mutating func arrived(_ publication: Publication, at time: Int64) {
        if var record = records[publication] {
            record.last = max(record.last, time)
            record.viewers += 1
            records[publication] = record
            wakeUps.record(nanoseconds: time - record.first)
        } else {
            let (first, isNew) = arrivals.first(publication, at: time)
            records[publication] = Record(first: first, last: time, viewers: 1)
            if !isNew { wakeUps.record(nanoseconds: time - first) }
        }
    }

    /// From the first viewer to the last, for each publication that exactly `viewers` of all threads asked for.
    public static func spreads(of logs: [PublicationLog], viewers: Int) -> LatencyHistogram {
        var joined: [Publication: Record] = [:]
        for log in logs {
            joined.merge(log.records) { left, right in
                Record(
                    first: min(left.first, right.first), last: max(left.last, right.last),
                    viewers: left.viewers + right.viewers)
            }
        }
        var spreads = LatencyHistogram()
        for record in joined.values where record.viewers == viewers {
            spreads.record(nanoseconds: record.last - record.first)
        }
        return spreads
    }
}
