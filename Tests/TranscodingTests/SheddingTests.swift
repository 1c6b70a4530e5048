import Testing
import Time

@testable import Transcoding

@Suite struct SheddingTests {
    /// A ladder, and the clock.
    private struct Course {
        var shedding: Shedding
        var now = Instant(nanoseconds: 0)

        init(rungs: Int) { shedding = Shedding(rungs: rungs) }

        /// So many seconds of pictures, of which so many in a hundred are late; the levels that were changed to.
        mutating func pass(_ seconds: Int, late: Int) -> [Int] {
            var levels: [Int] = []
            for picture in 0..<(seconds * 25) {
                now = now + .milliseconds(40)
                if let change = shedding.note(isLate: picture * 37 % 100 < late, at: now) {
                    levels.append(change.level)
                }
            }
            return levels
        }
    }

    @Test func measuresAreTakenInOrderAsLongAsPicturesAreLate() {
        var course = Course(rungs: 3)
        #expect(course.pass(10, late: 0) == [] && !course.shedding.skipsUnreferenced)
        #expect(course.pass(2, late: 20).first == 1 && course.shedding.skipsUnreferenced)
        let order = (1...5).map { level -> [Bool] in
            var other = Course(rungs: 3)
            while other.shedding.level < level { _ = other.pass(1, late: 20) }
            return (0..<3).flatMap { [other.shedding.repeats($0), other.shedding.suspends($0)] }
        }
        #expect(
            order == [
                [false, false, false, false, false, false],
                [false, false, false, false, true, false],
                [false, false, false, false, false, true],
                [false, false, true, false, false, true],
                [false, false, false, true, false, true],
            ])
        // The largest is left.
        #expect(course.pass(60, late: 90).last == 5)
    }

    @Test func whereManyAreLateTwoAreTakenAtOnce() {
        var course = Course(rungs: 4)
        #expect(course.pass(4, late: 60).prefix(3) == [2, 4, 6])
    }

    /// Machines stumble.
    @Test func aFewLatePicturesAreNothing() {
        var course = Course(rungs: 3)
        #expect(course.pass(60, late: 8) == [])
    }

    @Test func theyAreTakenBackOneAfterTheOther() {
        var course = Course(rungs: 3)
        _ = course.pass(6, late: 60)
        #expect(course.shedding.level == 5)
        #expect(course.pass(14, late: 0) == [4, 3, 2, 1, 0])
        #expect(course.pass(60, late: 0) == [])
    }

    /// A machine that can just not do it does not change its mind every few seconds.
    @Test func whatIsNeededAgainAtOnceIsTakenBackLater() {
        var course = Course(rungs: 2)
        var changes: [Int] = []
        for second in 0..<300 {
            let changed = course.pass(1, late: course.shedding.level < 2 ? 50 : 0)
            if !changed.isEmpty { changes.append(second) }
        }
        let distances = zip(changes.dropFirst(), changes).map { $0 - $1 }
        #expect(distances.max() ?? 0 >= 30 && changes.count < 30)
    }

    @Test func oneRungAloneHasOneMeasure() {
        var course = Course(rungs: 1)
        #expect(course.pass(10, late: 90) == [1] && !course.shedding.repeats(0) && !course.shedding.suspends(0))
    }
}
