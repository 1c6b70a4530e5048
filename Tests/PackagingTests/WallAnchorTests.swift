import Media
import SeededRandom
import Testing
import Time

@testable import Packaging

@Suite struct WallAnchorTests {
    private static func place(_ microseconds: Int64) -> MediaTime { MediaTime(microseconds, Timescale(1_000_000)) }
    private static func shift(_ anchor: WallAnchor, _ microseconds: Int64) -> Int64 {
        anchor.shift(at: place(microseconds)).wholeMicroseconds
    }

    @Test func aClockThatIsAsExactAsOursLeavesTheDatesAlone() {
        var anchor = WallAnchor()
        for second in Int64(1)..<1000 {
            anchor.steer(from: .milliseconds(second * 1000), error: .milliseconds(second % 41 - 20), rate: 3)
        }
        #expect(anchor.shift(at: .milliseconds(2_000_000)) == .zero)
        let odd = MediaTime(1001, Timescale(30_000))
        #expect(anchor.dated(odd).timescale == odd.timescale && anchor.dated(odd) == odd)
        #expect(anchor.place(at: .microseconds(12_345_678)) == Self.place(12_345_678))
    }

    @Test func anErrorIsGoneAfterAWhileAndTheDatesRunLikeThePlacesAgain() {
        var anchor = WallAnchor()
        var steps: [Int64] = []
        for second in Int64(0)..<600 {
            let edge = MediaTime.milliseconds(second * 1000)
            anchor.steer(from: edge, error: .milliseconds(100) - anchor.shift(at: edge), rate: Double(second % 7 - 3))
            steps.append(Self.shift(anchor, second * 1_000_000 + 1_000_000) - Self.shift(anchor, second * 1_000_000))
        }
        #expect(steps.first == 500 && steps.last == 0)
        #expect(steps.allSatisfy { (-3...500).contains($0) } && steps.suffix(100).allSatisfy { $0 == 0 })
        #expect(abs(Self.shift(anchor, 700_000_000) - 100_000) < 6000)
    }

    /// Not by an error that is always there.
    @Test func aClockThatDriftsIsKeptUpWith() {
        var anchor = WallAnchor()
        for second in Int64(0)..<600 {
            let edge = MediaTime.milliseconds(second * 1000)
            anchor.steer(from: edge, error: .microseconds(400 * second) - anchor.shift(at: edge), rate: 400)
        }
        #expect(abs(Self.shift(anchor, 600_000_000) - 400 * 600) < 1000)
    }

    /// Random knots: what has a date keeps it, dates never step and never go back, and the way back leads there.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func whatHasADateKeepsIt(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var anchor = WallAnchor(shift: .microseconds(.random(in: -5_000_000...5_000_000, using: &random)))
        var edge = Int64.random(in: 0...9_000_000, using: &random)
        var known: [(place: Int64, shift: Int64)] = []
        for _ in 0..<200 {
            if Int.random(in: 0..<8, using: &random) == 0 {
                anchor.hold(from: Self.place(edge))
            } else {
                anchor.steer(
                    from: Self.place(edge), error: .milliseconds(.random(in: -90...90, using: &random)),
                    rate: .random(in: -900...900, using: &random))
            }
            let oldest = known.suffix(20).first?.place ?? edge
            anchor.forget(before: Self.place(oldest))
            for (place, shift) in known.suffix(20) { #expect(Self.shift(anchor, place) == shift) }
            for _ in 0..<10 {
                let next = edge + .random(in: 1...400_000, using: &random)
                known.append((edge, Self.shift(anchor, edge)))
                let change = Self.shift(anchor, next) - Self.shift(anchor, edge)
                #expect(Double(abs(change)) <= Double(next - edge) * 500 / 1e6 + 1)
                #expect(next + Self.shift(anchor, next) >= edge + Self.shift(anchor, edge))
                let date = anchor.dated(Self.place(next)).duration
                #expect(abs((anchor.place(at: date) - Self.place(next)).seconds) < 2.5e-6)
                edge = next
            }
        }
    }

    @Test func noNumberIsTooLarge() {
        for far in [Int64.min, -1 << 60, 1 << 60, .max] {
            var anchor = WallAnchor(shift: .seconds(900_000))
            anchor.steer(from: .zero, error: .seconds(1e9), rate: 1e300)
            let there = anchor.shift(at: MediaTime(far, Timescale(1_000_000)))
            #expect(abs(there.fractionalSeconds) < 2_000_000)
            _ = anchor.place(at: .microseconds(far))
            anchor.hold(from: MediaTime(far, .video))
            _ = anchor.place(at: .seconds(far >> 8))
        }
    }
}
