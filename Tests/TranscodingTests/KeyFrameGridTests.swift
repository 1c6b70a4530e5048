import Media
import SeededRandom
import Testing
import Transcoding

@Suite struct KeyFrameGridTests {
    static let part = MediaTime.milliseconds(535)
    static let twoSeconds = KeyFrameGrid.Source.every(.milliseconds(2000))

    /// The frames of a source, and which of them are key frames.
    struct Run {
        var keys: [MediaTime] = []
        /// For each divisor the times that a rung with it takes.
        var taken: [Int: [MediaTime]] = [:]

        init(_ times: [MediaTime], _ grid: KeyFrameGrid, divisors: [Int] = [1], isSync: (Int) -> Bool = { _ in false })
        {
            var grid = grid
            for (index, time) in times.enumerated() { add(time, &grid, divisors, isSync: isSync(index)) }
        }

        mutating func add(_ time: MediaTime, _ grid: inout KeyFrameGrid, _ divisors: [Int], isSync: Bool = false) {
            let turn = grid.take(time, isSync: isSync)
            if turn.isKey { keys.append(time) }
            for divisor in divisors where turn.isTaken(byEvery: divisor) { taken[divisor, default: []].append(time) }
        }

        var gaps: [MediaTime] { zip(keys.dropFirst(), keys).map { $0 - $1 } }
    }

    /// `count` frames of `frames` in `seconds`, from `start` on, in ticks of 90 kHz.
    static func times(_ frames: Int64, per seconds: Int64, count: Int64, from start: MediaTime = .zero) -> [MediaTime] {
        (0..<count).map { start + MediaTime(($0 * 90_000 * seconds + frames / 2) / frames, .video) }
    }

    @Test func theFirstFrameOfARunIsOne() {
        let run = Run(
            Self.times(25, per: 1, count: 1, from: .milliseconds(12_345)),
            KeyFrameGrid(Self.twoSeconds, part: Self.part))
        #expect(run.keys == [.milliseconds(12_345)])
    }

    @Test func theyAreTheFirstFramesAtOrBehindMultiples() {
        let grid = KeyFrameGrid(Self.twoSeconds, part: Self.part)
        let regular = Run(Self.times(25, per: 1, count: 200), grid).keys
        #expect(regular == [0, 2000, 4000, 6000].map(MediaTime.milliseconds))
        // A run that begins between two of them comes to them too.
        let late = Run(Self.times(25, per: 1, count: 200, from: .milliseconds(10_530)), grid).keys
        #expect(late == [10_530, 12_010, 14_010, 16_010, 18_010].map(MediaTime.milliseconds))
        let ntsc = Run(Self.times(30_000, per: 1001, count: 200), grid).keys
        let ticks = ntsc.map { $0.ticks(in: .video) / 3003 }
        #expect(ticks == [0, 60, 120, 180])
    }

    @Test func multiplesAreCountedFromTheOrigin() {
        let grid = KeyFrameGrid(Self.twoSeconds, part: Self.part, origin: .milliseconds(700))
        let keys = Run(Self.times(25, per: 1, count: 150, from: .milliseconds(20)), grid).keys
        #expect(keys == [20, 700, 2700, 4700].map(MediaTime.milliseconds))
    }

    /// Rungs that take fewer frames take those that they would take without key frames, and all key frames are among them.
    @Test(
        arguments: [(25, 1), (30_000, 1001), (50, 1), (60_000, 1001), (24_000, 1001)] as [(Int64, Int64)],
        [[1, 2], [1, 2, 4], [1, 3]])
    func allRungsAgreeAndKeepTheirPace(rate: (frames: Int64, seconds: Int64), divisors: [Int]) {
        let grid = KeyFrameGrid(Self.twoSeconds, part: Self.part, divisors: divisors)
        let times = Self.times(rate.frames, per: rate.seconds, count: rate.frames / rate.seconds * 40)
        let run = Run(times, grid, divisors: divisors)
        #expect(run.keys.count >= 18)
        for divisor in divisors {
            let taken = run.taken[divisor] ?? []
            #expect(Set(taken).isSuperset(of: run.keys))
            let kept = times.enumerated().filter { $0.offset % divisor == 0 }.map(\.element)
            #expect(taken == kept)
        }
    }

    @Test func aLateFrameDoesNotBringTwoKeyFramesTogether() {
        // Nothing is shown between 1.9 and 3.9 seconds.
        let times = (0...19).map { $0 * 100 } + (0...60).map { 3900 + $0 * 100 }
        let keys = Run(times.map { .milliseconds(Int64($0)) }, KeyFrameGrid(Self.twoSeconds, part: Self.part)).keys
        #expect(keys == [0, 3900, 4500, 6000, 8000].map(MediaTime.milliseconds))
    }

    @Test func afterAnInterruptionTheNextFrameIsOne() {
        var grid = KeyFrameGrid(Self.twoSeconds, part: Self.part)
        var run = Run([], grid)
        for index in 0..<Int64(100) {
            if index == 30 { grid.interrupt() }
            run.add(.milliseconds(index * 40), &grid, [1])
        }
        #expect(run.keys == [0, 1200, 2000].map(MediaTime.milliseconds))
    }

    @Test func timeThatGoesBackBeginsAnew() {
        let times = Self.times(25, per: 1, count: 60, from: .milliseconds(100_000)) + Self.times(25, per: 1, count: 60)
        let keys = Run(times, KeyFrameGrid(Self.twoSeconds, part: Self.part)).keys
        #expect(keys == [100_000, 102_000, 0, 2000].map(MediaTime.milliseconds))
    }

    // MARK: Splices

    static func spliced(at splices: [Int64], toldAt told: Int64 = 0, _ divisors: [Int] = [1]) -> Run {
        var grid = KeyFrameGrid(twoSeconds, part: part, divisors: divisors)
        var run = Run([], grid)
        for index in 0..<Int64(250) {
            if index * 40 >= told { for splice in splices { grid.splice(at: .milliseconds(splice)) } }
            run.add(.milliseconds(index * 40), &grid, divisors)
        }
        return run
    }

    @Test func aSpliceHasOneAndTheGridGoesOnFromThere() {
        #expect(Self.spliced(at: [3210]).keys == [0, 2000, 3240, 5240, 7240, 9240].map(MediaTime.milliseconds))
    }

    @Test func aSpliceDoesNotWaitForTheFrameThatAllRungsHave() {
        let run = Self.spliced(at: [3240], [1, 2, 4])
        #expect(run.keys == [0, 2080, 3240, 5320, 7240, 9320].map(MediaTime.milliseconds))
        for taken in run.taken.values { #expect(Set(taken).isSuperset(of: run.keys)) }
    }

    /// What is between the two would be shorter than a part.
    @Test func noneComesShortlyBeforeASplice() {
        let keys = Self.spliced(at: [4200]).keys
        #expect(keys == [0, 2000, 3640, 4200, 6200, 8200].map(MediaTime.milliseconds))
        // Told when it is too late to come earlier: then not at all.
        let late = Self.spliced(at: [4200], toldAt: 3900).keys
        #expect(late == [0, 2000, 4200, 6200, 8200].map(MediaTime.milliseconds))
    }

    @Test func theEarlierOneIsNotTooCloseToTheLastEither() {
        var grid = KeyFrameGrid(.every(.milliseconds(1000)), part: Self.part)
        var run = Run([], grid)
        grid.splice(at: .milliseconds(1040))
        for index in 0..<Int64(60) { run.add(.milliseconds(index * 40), &grid, [1]) }
        #expect(run.keys == [0, 1040, 2040].map(MediaTime.milliseconds))
    }

    @Test func aSpliceThatIsToldTooLateIsTheNextFrame() {
        #expect(
            Self.spliced(at: [3000], toldAt: 3200).keys
                == [0, 2000, 3200, 5000, 7000, 9000].map(MediaTime.milliseconds))
    }

    @Test func whatIsToldAgainCountsOnce() {
        // It is told with every frame, before and long after it.
        #expect(Self.spliced(at: [2000]).keys == [0, 2000, 4000, 6000, 8000].map(MediaTime.milliseconds))
        #expect(Self.spliced(at: [1990], toldAt: 2040).keys == [0, 2000, 4000, 6000, 8000].map(MediaTime.milliseconds))
    }

    @Test func howeverOftenOneIsToldAnotherHasRoom() {
        var grid = KeyFrameGrid(Self.twoSeconds, part: Self.part)
        for _ in 0..<100 { grid.splice(at: .milliseconds(9000)) }
        grid.splice(at: .milliseconds(3000))
        #expect(Run(Self.times(25, per: 1, count: 100), grid).keys.contains(.milliseconds(3000)))
    }

    @Test func twoSplicesHaveOneEachHoweverCloseTheyAre() {
        #expect(
            Self.spliced(at: [3000, 3200]).keys == [0, 2000, 3000, 3200, 5200, 7200, 9200].map(MediaTime.milliseconds))
    }

    // MARK: The source's

    @Test func inAMixedProfileTheSourcesKeyFramesAreTheGrid() {
        var grid = KeyFrameGrid(.keyFrames, part: Self.part, divisors: [1, 2])
        grid.splice(at: .milliseconds(1000))
        let times = Self.times(25, per: 1, count: 200)
        // From the fifth frame on every 37th, and one beside another.
        let run = Run(times, grid, divisors: [1, 2]) { $0 % 37 == 5 || $0 == 43 }
        #expect(run.keys == [5, 42, 79, 116, 153, 190].map { times[$0] })
        #expect(run.taken[1]?.first == times[5], "nothing is taken before the first")
        #expect(Set(run.taken[2] ?? []).isSuperset(of: run.keys))
    }

    @Test func afterAnInterruptionTheSourcesNextKeyFrameCountsHoweverCloseItIs() {
        var grid = KeyFrameGrid(.keyFrames, part: Self.part)
        var run = Run([], grid)
        for index in 0..<Int64(20) {
            if index == 3 { grid.interrupt() }
            run.add(.milliseconds(index * 40), &grid, [1], isSync: index % 4 == 0 || index == 5)
        }
        #expect(run.keys == [0, 160, 480].map(MediaTime.milliseconds))
    }

    // MARK: Any

    /// Any cadence, any interval, with and without splices: all rungs have all key frames, none are further apart than the
    /// interval and a frame that all rungs have, and none closer than a part where no splice wants it.
    @Test func noGridBreaksARule() {
        let seed: UInt64 = 77
        var generator = SeededGenerator(seed: seed)
        for round in 0..<600 {
            let part = MediaTime.milliseconds([215, 535].randomElement(using: &generator) ?? 215)
            let interval = MediaTime.milliseconds(Int64.random(in: 535...6000, using: &generator))
            let divisors = [[1], [1, 2], [1, 2, 4], [3], [2]].randomElement(using: &generator) ?? [1]
            let beat = divisors.max() ?? 1
            let times = Self.anyTimes(&generator)
            let isSpliced = Bool.random(using: &generator)
            var grid = KeyFrameGrid(.every(interval), part: part, divisors: divisors)
            var run = Run([], grid)
            var splices: [Told] = []
            for (index, time) in times.enumerated() {
                if isSpliced, Int.random(in: 0...80, using: &generator) == 0 {
                    let splice = time + .milliseconds(Int64.random(in: -200...5000, using: &generator))
                    splices.append(Told(time: splice, index: index))
                    grid.splice(at: splice)
                }
                run.add(time, &grid, divisors)
            }
            check(run, times, splices, interval: interval, part: part, beat: beat, "seed \(seed), round \(round)")
        }
    }

    /// A splice, and the frame before which it was told.
    private struct Told {
        let time: MediaTime
        let index: Int
    }

    /// Thirty seconds, regular to the millisecond, or with holes and jitter.
    private static func anyTimes(_ generator: inout SeededGenerator) -> [MediaTime] {
        let start = Int64.random(in: 0...100_000, using: &generator)
        guard Bool.random(using: &generator) else {
            let rates: [(Int64, Int64)] = [(25, 1), (30_000, 1001), (50, 1), (60, 1), (24_000, 1001), (12, 1)]
            let rate = rates.randomElement(using: &generator) ?? (25, 1)
            return times(rate.0, per: rate.1, count: rate.0 * 30 / rate.1, from: .milliseconds(start))
        }
        var (times, time): ([MediaTime], Int64) = ([], start)
        while time < start + 30_000 {
            times.append(.milliseconds(time))
            time += Int64.random(in: 0...30, using: &generator) == 0 ? 700 : Int64.random(in: 5...90, using: &generator)
        }
        return times
    }

    private func check(
        _ run: Run, _ times: [MediaTime], _ splices: [Told], interval: MediaTime, part: MediaTime, beat: Int,
        _ place: Comment
    ) {
        for taken in run.taken.values { #expect(Set(taken).isSuperset(of: run.keys), place) }
        #expect(run.keys.first == times.first, place)
        let indices = Dictionary(uniqueKeysWithValues: times.enumerated().map { ($1, $0) })
        for (key, before) in zip(run.keys.dropFirst(), run.keys) {
            guard let index = indices[key], let from = indices[before] else { continue }
            // So late a frame that all rungs have can be. Before a splice one can be left out because it is.
            let late = splices.isEmpty ? index...index : from + 1...index
            let frame = late.map { times[$0] - times[max($0 - beat, 0)] }.max() ?? .zero
            let longest = splices.isEmpty ? max(interval, part) : interval + part
            #expect(key - before <= longest + frame, place)
            // Either it is the first frame behind a splice, or the one before which a late splice was told.
            let isSplice = splices.contains { $0.time <= key && ($0.time > times[index - 1] || $0.index == index) }
            #expect(isSplice || key - before >= part, place)
        }
        for splice in splices where splice.index > 0 && splice.time > times[splice.index - 1] {
            guard let first = times.first(where: { $0 >= splice.time }) else { continue }
            #expect(run.keys.contains(first), place)
        }
    }
}
