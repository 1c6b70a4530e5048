import Bytes
import Media
import SeededRandom
import Testing

@testable import Packaging

/// Each picture is decoded at its turn in the order in which pictures are shown.
@Suite struct DecodeTimelineTests {
    /// A picture as a source sends it: when it is decoded and shown, in ticks; whether it begins a group.
    private struct Picture {
        var decode: Int64
        var shown: Int64
        var begins: Bool

        var frame: TimedFrame {
            TimedFrame(
                data: ByteChunk([1]), sourceDecodeTime: decode, decodeTime: decode, presentationTime: shown,
                access: begins ? .sync : .dependent)
        }
    }

    /// Groups with `between` pictures that are shown before the one that they are decoded behind, at distances of `step`; the
    /// source's decode times are those at which pictures are shown, `between` pictures later where there are any (x264's).
    private static func pictures(
        _ count: Int, group: Int, between: Int, step: (Int) -> Int64 = { _ in 3600 }
    ) -> [Picture] {
        var shown: [Int64] = [90_000]
        for index in 1..<count { shown.append(shown[index - 1] + step(index)) }
        var order: [Int] = []
        for start in stride(from: 0, to: count, by: group) {
            let end = min(start + group, count)
            order.append(start)
            for first in stride(from: start + 1, to: end, by: between + 1) {
                let last = min(first + between, end - 1)
                order.append(last)
                order += Array(first..<last)
            }
        }
        let delay = between > 0 ? 1 : 0
        return order.enumerated().map { place, index in
            Picture(
                decode: place >= delay ? shown[place - delay] : shown[0] - 3600, shown: shown[index],
                begins: index % group == 0)
        }
    }

    /// The turns of the pictures in the order in which they were taken; and which were known when their picture came.
    private static func turns(of pictures: [Picture], tolerance: Int64 = 90) -> (times: [Int64], isPrompt: [Bool]) {
        var timeline = DecodeTimeline(tolerance: tolerance)
        var times: [Int64] = []
        var isPrompt: [Bool] = []
        for (place, picture) in pictures.enumerated() {
            times += timeline.take(picture.frame, begins: picture.begins).map(\.decodeTime)
            isPrompt.append(times.count == place + 1)
        }
        times += timeline.flush().map(\.decodeTime)
        return (times, isPrompt)
    }

    /// The turns that they should have: none is decoded more than 250 ms after it is shown.
    private static func expected(of pictures: [Picture]) -> [Int64] {
        zip(pictures, pictures.map(\.shown).sorted()).map { min($1, $0.shown + 22_500) }
    }

    @Test(arguments: 0...3) func aSteadySourceIsNotWaitedFor(between: Int) {
        let pictures = Self.pictures(400, group: 50, between: between)
        let (times, isPrompt) = Self.turns(of: pictures)
        #expect(times == pictures.map(\.shown).sorted())
        #expect(isPrompt.allSatisfy { $0 })
    }

    @Test(arguments: 0...3, 0..<10 as Range<UInt64>)
    func unevenPicturesHaveTheirTurns(between: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pictures = Self.pictures(600, group: [20, 33, 50][Int(seed % 3)], between: between) { _ in
            [1800, 3600, 3600, 9000, 40_000].randomElement(using: &random) ?? 0
        }
        let (times, isPrompt) = Self.turns(of: pictures)
        #expect(times.count == pictures.count && zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        // The first group may be taken for a steady one until its second picture.
        let wrong = zip(times, Self.expected(of: pictures)).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
        #expect(wrong.allSatisfy { $0 < 20 } && wrong.count < 8, "\(wrong)")
        // Pictures that keep their order have their turns as they come.
        if between == 0 { #expect(isPrompt.allSatisfy { $0 }) }
    }

    /// A source may stop for a moment: what comes behind that is shown behind it, and nothing before.
    @Test(arguments: 1...3) func whatIsShownBehindAPauseIsDecodedBehindIt(between: Int) {
        let pictures = Self.pictures(400, group: 50, between: between) { $0 % 90 == 0 ? 63_000 : 3600 }
        let times = Self.turns(of: pictures).times
        let wrong = zip(times, Self.expected(of: pictures)).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
        #expect(wrong.isEmpty, "\(wrong)")
    }

    @Test(arguments: 1...3, 101..<110) func aLostPictureIsDoubtUntilTheNextGroup(between: Int, lost: Int) {
        var pictures = Self.pictures(400, group: 50, between: between)
        pictures.remove(at: lost)
        let (times, isPrompt) = Self.turns(of: pictures)
        let wrong = zip(times, Self.expected(of: pictures)).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
        #expect(wrong.count <= between + 1 && wrong.allSatisfy { abs($0 - lost) <= between + 1 }, "\(wrong)")
        #expect(isPrompt[..<lost].allSatisfy { $0 } && isPrompt[149...].allSatisfy { $0 }, "from 149 on")
    }

    /// Behind the key frame that we began with pictures were left out: the next is shown at once, whatever was decoded between.
    @Test func whereLeadingPicturesWereLeftOutTimesAreFound() {
        var timeline = DecodeTimeline(tolerance: 90)
        let key = TimedFrame(
            data: ByteChunk([1]), sourceDecodeTime: 0, decodeTime: 0, presentationTime: 10_800, access: .openSync)
        #expect(timeline.take(key, begins: true).map(\.decodeTime) == [10_800])
        var times: [Int64] = []
        for (decode, shown) in [
            (10_800, 21_600), (14_400, 14_400), (18_000, 18_000), (21_600, 32_400), (25_200, 25_200),
        ]
            as [(Int64, Int64)]
        {
            let frame = TimedFrame(
                data: ByteChunk([1]), sourceDecodeTime: decode, decodeTime: decode, presentationTime: shown,
                access: .dependent)
            times += timeline.take(frame, begins: false).map(\.decodeTime)
        }
        times += timeline.flush().map(\.decodeTime)
        #expect(times == [14_400, 18_000, 21_600, 25_200, 32_400])
    }

    /// Whoever shows everything in an hour is not waited for.
    @Test func whatWaitsIsBounded() {
        var timeline = DecodeTimeline(tolerance: 90)
        var settled = 0
        for index in 0..<1000 {
            let frame = Picture(decode: Int64(index), shown: Int64(324_000_000 + index * 4000), begins: index == 0)
                .frame
            settled += timeline.take(frame, begins: index == 0).count
        }
        #expect(settled > 1000 - 40)
    }
}
