import HLS
import Media
import SampleFeed
import Testing
import Time

@testable import Packaging

/// Breaks by the ids of their events, which splicers use in different ways. ANSI/SCTE 35 §9.7.3.
@Suite struct BreakEventTests {
    private static let start = WallTime(microseconds: 1_800_000_000_000_000)

    private var book = DateRangeBook(hasDVRWindow: false)

    /// What is told at `edge`, in seconds, of a splice at `time`, in milliseconds.
    private mutating func tell(
        _ kind: SpliceCue.Kind, _ event: UInt32, at time: Int64, for length: Int64? = nil, edge: Int64,
        section: [UInt8] = [0xFC, 0x30, 0x0A]
    ) {
        let cue = DateRangeBookTests.cue(kind, id: event, at: time, for: length, section: section)
        let isTaken = book.append(cue, wallStart: Self.start, edge: .milliseconds(edge * 1000))
        #expect(isTaken)
    }

    /// Each tag: the id, "out" or "in", and its length in seconds where it has one.
    private var tags: [String] {
        book.tags(skipUntil: .zero).listed.map { tag in
            let splice =
                switch tag.splice {
                case .out: " out"
                case .in: " in"
                case .command: " command"
                case nil: ""
                }
            return tag.id + splice + (tag.duration.map { " \($0.seconds)" } ?? "")
        }
    }

    private static func section(_ type: UInt8, _ rest: UInt8 = 0) -> [UInt8] {
        [0xFC, 0x30, 0x20] + [UInt8](repeating: 0, count: 10) + [type, rest]
    }

    // MARK: The same event again

    @Test mutating func theSameEventAtAnotherTimeIsAnotherBreak() {
        tell(.out, 1, at: 6000, edge: 2)
        tell(.out, 1, at: 30_000, edge: 26, section: [1])
        #expect(tags == ["splice-1-1 out", "splice-1-1 24.0", "splice-1-2 out"])
        // Its own end is that of the second.
        tell(.in, 1, at: 40_000, edge: 36)
        #expect(tags.last == "splice-1-2 in 10.0")
    }

    @Test mutating func aBreakThatIsCutShortByTheNextEndsThere() {
        tell(.out, 1, at: 6000, for: 30_000, edge: 2)
        tell(.out, 1, at: 20_000, for: 5000, edge: 16)
        #expect(tags == ["splice-1-1 out", "splice-1-1 14.0", "splice-1-2 out"])
        // One whose time is over has its length already.
        tell(.out, 1, at: 26_000, for: 5000, edge: 24)
        #expect(tags.count == 4 && tags.last == "splice-1-3 out")
    }

    @Test mutating func itIsToldOfUntilItHappens() {
        tell(.out, 1, at: 6000, edge: 2)
        // Until then its time may be set anew; clients keep the first.
        tell(.out, 1, at: 6500, edge: 5, section: [1])
        // Later, the same time is the same break: that of a frame is not exact.
        tell(.out, 1, at: 6033, edge: 20, section: [2])
        tell(.out, 1, at: 5967, edge: 120, section: [3])
        #expect(tags == ["splice-1-1 out"])
        tell(.out, 1, at: 6300, edge: 121, section: [4])
        #expect(tags.count == 3)
    }

    @Test mutating func oneThatHappensAtOnceMayBeRepeatedForAsLongAsItIs() {
        for second in Int64(2)...12 { tell(.out, 1, at: second * 1000, edge: second) }
        #expect(tags == ["splice-1-1 out"])
        tell(.out, 1, at: 15_000, edge: 15)
        #expect(tags == ["splice-1-1 out", "splice-1-1 13.0", "splice-1-2 out"])
    }

    // MARK: An end with an event of its own

    @Test mutating func theReturnMayHaveAnotherEvent() {
        tell(.out, 1, at: 6000, edge: 2)
        tell(.in, 2, at: 16_000, edge: 12)
        #expect(tags == ["splice-1-1 out", "splice-1-1 in 10.0"])
        // Told again, it has nothing to end; and the first event is free.
        tell(.in, 2, at: 16_000, edge: 15, section: [1])
        #expect(tags.last == "splice-2-2 in")
        tell(.out, 1, at: 30_000, edge: 26)
        #expect(tags.last == "splice-1-3 out" && tags.count == 4)
    }

    @Test mutating func ofTwoBreaksNobodyKnowsWhichEnds() {
        tell(.out, 1, at: 6000, edge: 2)
        tell(.out, 2, at: 8000, edge: 2)
        tell(.in, 3, at: 16_000, edge: 12)
        #expect(tags.last == "splice-3-3 in")
        tell(.in, 2, at: 17_000, edge: 13)
        #expect(tags.last == "splice-2-2 in 9.0")
    }

    @Test mutating func aBreakThatSaysHowLongItIsEndsWithItsOwnEventOnly() {
        tell(.out, 1, at: 6000, for: 30_000, edge: 2)
        tell(.in, 2, at: 16_000, edge: 12)
        #expect(tags == ["splice-1-1 out", "splice-2-2 in"])
    }

    @Test mutating func whatHasNotBegunDoesNotEnd() {
        tell(.out, 1, at: 26_000, edge: 2)
        tell(.in, 2, at: 16_000, edge: 12)
        #expect(tags == ["splice-1-1 out", "splice-2-2 in"])
    }

    /// The end of an advertisement is told again and again while the break around it goes on.
    @Test mutating func theEndOfAKnownEventEndsNoOther() {
        tell(.out, 1, at: 6000, edge: 2)
        tell(.out, 2, at: 7000, for: 5000, edge: 3)
        for second in [Int64(12), 15, 18] { tell(.in, 2, at: second * 1000, edge: second) }
        #expect(tags.count == 5 && !tags.contains { $0.hasPrefix("splice-1-1 in") })
    }

    @Test mutating func theEndOfASegmentIsNotThatOfASplice() {
        tell(.out, 1, at: 6000, edge: 2, section: Self.section(5))
        tell(.in, 2, at: 16_000, edge: 12, section: Self.section(6))
        #expect(tags.last == "splice-2-2 in")
        tell(.in, 3, at: 17_000, edge: 13, section: Self.section(5, 1))
        #expect(tags.last == "splice-1-1 in 11.0")
    }

    // MARK: Another process

    @Test mutating func allIsTheSameWhenItIsDoneAgain() {
        tell(.out, 1, at: 6000, edge: 2)
        tell(.out, 1, at: 16_000, edge: 12, section: [1])
        tell(.in, 2, at: 20_000, edge: 18)
        tell(.command, 3, at: 21_000, edge: 21)
        let splices = book.splices(after: 0)
        #expect(splices.map(\.number) == [1, 2, 3, 4] && book.splices(after: 2).map(\.number) == [3, 4])
        var again = DateRangeBook(hasDVRWindow: false)
        for splice in splices {
            again.replay(splice.splice, wallStart: Self.start, reach: .milliseconds(60_000))
        }
        #expect(again.tags(skipUntil: .zero).listed == book.tags(skipUntil: .zero).listed)
        #expect(again.splices(after: 0).isEmpty)
    }
}
