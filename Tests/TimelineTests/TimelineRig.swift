import Media
import Testing
import Time
import Timeline

/// A source's timeline fed in milliseconds, and what became of the samples.
struct TimelineRig {
    enum Entry: Equatable, CustomStringConvertible {
        /// A sample of a track that was `time` by the source, and is now `shift` later.
        case place(_ track: Int, _ time: Int64, shift: Int64)
        case epoch
        case drop(_ track: Int, _ time: Int64, SourceTimelineDrop)

        var description: String {
            switch self {
            case .place(let track, let time, let shift): "[\(track)] \(time)+\(shift)"
            case .epoch: "epoch"
            case .drop(let track, let time, let reason): "[\(track)] \(time) \(reason)"
            }
        }

        var isEpoch: Bool { self == .epoch }

        func isPlace(of wanted: Int) -> Bool {
            if case .place(wanted, _, _) = self { true } else { false }
        }

        /// Where the sample was placed.
        var place: Int64? {
            if case .place(_, let time, let shift) = self { time + shift } else { nil }
        }
    }

    static let video = -1
    static let audio = 0

    private var timeline = SourceTimeline<Int64>()
    private var outputs: [SourceTimeline<Int64>.Output] = []
    private(set) var log: [Entry] = []
    /// True when samples of one time are the same, and not just as old.
    var repeats = false
    var deadline: Instant? { timeline.deadline }

    /// A sample of the time `time` that came in at `arrival`, and what came of it.
    @discardableResult
    mutating func take(
        _ track: Int, _ time: Int64, at arrival: Int64, duration: Int64? = nil, size: Int = 1000
    ) -> [Entry] {
        timeline.take(
            time, of: track, decodeTime: .milliseconds(time), duration: duration.map(MediaTime.milliseconds),
            size: size, fingerprint: UInt64(bitPattern: repeats ? time : Int64(log.count)),
            arrival: Instant(nanoseconds: arrival * 1_000_000), into: &outputs)
        return note()
    }

    @discardableResult
    mutating func settle(at now: Int64) -> [Entry] {
        timeline.settle(at: Instant(nanoseconds: now * 1_000_000), into: &outputs)
        return note()
    }

    /// Pictures of 40 ms and sound of 20 ms come in during `span`; a track's offset is what its times are ahead of our
    /// clock; nil when the track is silent.
    @discardableResult
    mutating func run(_ span: Range<Int64>, video: Int64? = 0, audio: Int64? = 0, delay: Int64 = 0) -> [Entry] {
        let start = log.count
        for now in stride(from: span.lowerBound, to: span.upperBound, by: 20) {
            if let video, now.isMultiple(of: 40) { take(Self.video, now + video, at: now + delay) }
            if let audio { take(Self.audio, now + audio, at: now + delay, duration: 20) }
        }
        return Array(log[start...])
    }

    /// The shifts of a track's samples in `entries`, each that differs from the one before.
    static func shifts(of track: Int, in entries: [Entry]) -> [Int64] {
        var shifts: [Int64] = []
        for case .place(track, _, let shift) in entries where shifts.last != shift { shifts.append(shift) }
        return shifts
    }

    private mutating func note() -> [Entry] {
        let entries = outputs.map { output -> Entry in
            switch output {
            case .place(let time, let track, let shift): .place(track, time, shift: shift.ticks(in: .milliseconds))
            case .newEpoch: .epoch
            case .drop(let time, let track, let reason): .drop(track, time, reason)
            }
        }
        outputs.removeAll(keepingCapacity: true)
        log += entries
        return entries
    }
}

/// All samples came out at once, at their own times.
func expectUntouched(_ entries: [TimelineRig.Entry], count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(entries.count == count, sourceLocation: sourceLocation)
    #expect(
        entries.allSatisfy { if case .place(_, _, shift: 0) = $0 { true } else { false } },
        sourceLocation: sourceLocation)
}
