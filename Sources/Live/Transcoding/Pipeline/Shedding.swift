internal import Time

/// What is done without because pictures come faster than they can be encoded, the least missed first:
///
/// 1. Pictures that no others refer to are not decoded.
/// 2. The smallest rendition has every second of its pictures twice.
/// 3. It has none.
/// 4. The same with the next larger one, and so on; the largest is left.
///
/// Pictures that come too late are left out besides, so that viewers never wait for them. Where some did in a second, the next
/// measure is taken; where none did for a while, the last one is taken back. One that was needed again at once is taken back
/// later the next time.
struct Shedding {
    /// One more of them, or one less.
    struct Change: Equatable {
        let level: Int
        let isMore: Bool
    }

    /// Pictures are judged by the second.
    private static let window = Duration.seconds(1)
    /// How long none is left out before a measure is taken back, at first and at most.
    private static let patience = (least: Duration.seconds(2), most: Duration.seconds(32))
    /// Of a hundred pictures so many may be late: machines that others share stumble. Where so many are two measures are taken
    /// at once.
    private static let late = (some: 12, many: 30)

    /// How many measures are taken.
    private(set) var level = 0
    private let rungs: Int
    private var windowStart: Instant?
    private var pictures = (late: 0, all: 0)
    private var patience = Self.patience.least
    /// When the last measure was taken or taken back, or a picture was late.
    private var changed = Instant(nanoseconds: 0)
    /// When one was taken back last.
    private var eased: Instant?

    /// For a ladder of so many rungs.
    init(rungs: Int) { self.rungs = rungs }

    private var most: Int { 1 + 2 * max(rungs - 1, 0) }

    /// True where pictures that no others refer to are not decoded.
    var skipsUnreferenced: Bool { level > 0 }

    /// True where the rung has every second picture twice.
    func repeats(_ rung: Int) -> Bool { measures(of: rung) == 1 }

    /// True where the rung has no pictures.
    func suspends(_ rung: Int) -> Bool { measures(of: rung) > 1 }

    /// How many measures are for that rung; the largest is 0, and has none.
    private func measures(of rung: Int) -> Int {
        rung > 0 ? level - 1 - 2 * (rungs - 1 - rung) : 0
    }

    /// Takes note of the next picture at `now`, which came too late somewhere if it `isLate`. What changes from here on.
    mutating func note(isLate: Bool, at now: Instant) -> Change? {
        let start = windowStart ?? now
        windowStart = start
        pictures.all += 1
        if isLate {
            pictures.late += 1
            changed = now
        }
        guard now - start >= Self.window else { return nil }
        defer { (windowStart, pictures) = (now, (0, 0)) }
        if pictures.late * 100 > pictures.all * Self.late.some { return shed(at: now) }
        return level > 0 && now - changed >= patience ? ease(at: now) : nil
    }

    private mutating func shed(at now: Instant) -> Change? {
        guard level < most else { return nil }
        if let eased, now - eased < patience * 2 { patience = min(patience * 2, Self.patience.most) }
        level = min(level + (pictures.late * 100 > pictures.all * Self.late.many ? 2 : 1), most)
        (changed, eased) = (now, nil)
        return Change(level: level, isMore: true)
    }

    private mutating func ease(at now: Instant) -> Change {
        level -= 1
        (changed, eased) = (now, now)
        if level == 0 { patience = Self.patience.least }
        return Change(level: level, isMore: false)
    }
}
