import Bytes
import Media
import SampleFeed
import Testing
import Time

@testable import Packaging

/// What viewers see while nothing comes in, where a slate was made of it.
@Suite struct SlateTests {
    private static let names = LatencyProfile.Name.allCases

    private static func instant(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// A group of two seconds with ten pictures in each, whose key frame is as large as a still picture's.
    private static func group(_ track: Track = Feed.video, seconds: Int64 = 2) -> StillGroup {
        let samples = (0..<seconds * 10).map { number in
            let time = MediaTime(number * 9000, .video)
            return Sample(
                data: number == 0 ? picture(0x65, count: 9000) : picture(0x41, count: 40), decodeTime: time,
                presentationTime: time, isSync: number == 0)
        }
        return StillGroup(track: track, samples: samples, duration: MediaTime(seconds * 90_000, .video))
    }

    /// One NAL unit of that kind.
    private static func picture(_ kind: UInt8, count: Int) -> ByteChunk {
        ByteChunk([0, 0, UInt8(count >> 8), UInt8(count & 0xFF), kind] + [UInt8](repeating: 0x51, count: count - 1))
    }

    /// So much sound may go beyond the last picture.
    private static let soundFrame = 1024.0 / 48_000

    private static func slate(_ count: Int = 1) -> Slate {
        Slate((0..<count).map { _ in group() }, after: .milliseconds(500))
    }

    /// Sound of which silence can be written.
    private static let audio = Track(
        codec: .aac, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1024)),
        decoderConfiguration: ByteChunk([0x11, 0x90]), codecString: "mp4a.40.2")

    /// A presentation whose source leaves after five seconds.
    private static func left(_ name: LatencyProfile.Name) -> Presentation {
        var presentation = Presentation(
            id: "p", profile: LatencyProfile(name), wallStart: WallTime(microseconds: 1_800_000_000_000_000),
            start: instant(0))
        let hasBegun = presentation.beginRun(tracks: [Feed.video, audio], sourceStart: .zero, now: instant(0))
        #expect(hasBegun)
        presentation.play(Feed().events(seconds: 5))
        presentation.interrupt()
        _ = presentation.takeEvents()
        return presentation
    }

    private static func hasGap(_ presentation: Presentation) -> Bool {
        presentation.snapshot.renditions.contains { $0.segments.contains { $0.parts.contains { $0.data == nil } } }
    }

    @Test(arguments: names) func itFollowsTheMediaWithoutAHoleAndTheSourceFollowsIt(name: LatencyProfile.Name) throws {
        var presentation = Self.left(name)
        presentation.slate = Self.slate()
        let left = presentation.snapshot.renditions.compactMap(\.edge).max() ?? .zero
        var judge = Judge()
        for time in stride(from: Int64(5000), through: 24_950, by: 50) {
            presentation.passSilence(until: Self.instant(time))
            judge.look(at: presentation, time)
            let edge = try #require(presentation.videoWindow?.edge)
            if time < 5450 { #expect(left.seconds - edge.seconds < Self.soundFrame) }
            // It is never more than a part behind the clock, and hardly ahead of it.
            if time > 5550 {
                let lag = Double(time) / 1000 - edge.seconds
                #expect(lag > -0.2 && lag < presentation.profile.partTarget.seconds + 0.05)
            }
        }
        #expect(presentation.takeEvents() == [.slateBegan])
        let isSame = presentation.beginRun(
            tracks: [Feed.video, Self.audio], sourceStart: .zero, now: Self.instant(25_000))
        #expect(isSame)
        presentation.play(Feed().events(seconds: 6)) { judge.look(at: $0, Int64(($0.edge.seconds) * 1000)) }
        #expect(!Self.hasGap(presentation))
        for rendition in presentation.snapshot.renditions {
            let breaks = rendition.segments.filter(\.isDiscontinuous)
            #expect(breaks.count == 2 && breaks.first?.start == left, "\(breaks.map(\.start))")
            let back = try #require(breaks.last?.start.seconds)
            #expect(back >= 25 && back < 25.8)
            for (segment, next) in zip(rendition.segments, rendition.segments.dropFirst()) {
                let hole = next.start.seconds - segment.end.seconds
                #expect(next.isDiscontinuous ? hole >= 0 && hole < Self.soundFrame : hole == 0)
            }
        }
        let starts = presentation.snapshot.renditions.map { $0.segments.map(\.start.seconds) }
        #expect(starts[0].count == starts[1].count)
        #expect(zip(starts[0], starts[1]).allSatisfy { abs($0 - $1) < Self.soundFrame })
        let events = presentation.takeEvents()
        guard case .slateEnded(let length)? = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(length.seconds > 19.4 && length.seconds < 20.8 && events.count == 1)
        // The feed's own samples are no pictures.
        let faults = judge.faults.filter { !$0.hasPrefix("media.") }
        #expect(faults == [])
    }

    /// Its pictures are those of the group, again and again.
    @Test func itsKeyFramesComeAtThePaceOfTheGroup() throws {
        var presentation = Self.left(.ultra)
        presentation.slate = Self.slate()
        for time in stride(from: Int64(5000), through: 15_000, by: 50) {
            presentation.passSilence(until: Self.instant(time))
        }
        let shown = try #require(presentation.videoWindow).segments.filter { $0.start.seconds >= 4.9 }
        let keys = shown.flatMap(\.keyFrames).map(\.start.seconds)
        #expect(keys.count >= 5)
        for (key, next) in zip(keys, keys.dropFirst()) { #expect(abs(next - key - 2) < 0.001) }
        #expect(shown.dropLast().allSatisfy { $0.keyFrames.count == 1 })
    }

    @Test func thatIsMadeTooLateComesBehindMissingMedia() throws {
        var presentation = Self.left(.low)
        presentation.passSilence(until: Self.instant(8000))
        presentation.slate = Self.slate()
        presentation.passSilence(until: Self.instant(8050))
        presentation.passSilence(until: Self.instant(12_000))
        let events = presentation.takeEvents()
        #expect(events.first == .silenceBegan && events.last == .slateBegan && events.count == 3)
        for rendition in presentation.snapshot.renditions {
            let late = rendition.segments.filter { $0.start.seconds >= 8 }
            #expect(late.first?.isDiscontinuous == true && late.allSatisfy { !$0.isGap })
            let hasGap = rendition.segments.contains { $0.isGap }
            #expect(hasGap)
        }
    }

    /// A process that stood still has slept through what nobody waits for any more.
    @Test func whatPassedLongAgoIsMissing() throws {
        var presentation = Self.left(.low)
        presentation.slate = Self.slate()
        presentation.passSilence(until: Self.instant(40_000))
        presentation.passSilence(until: Self.instant(41_000))
        let segments = try #require(presentation.videoWindow).segments
        #expect(segments.filter { !$0.isGap && $0.start.seconds > 5 }.allSatisfy { $0.start.seconds >= 39.5 })
        #expect(segments.last?.isGap == false)
    }

    @Test func itIsNotShownWhereTheRenditionsCannotShowIt() throws {
        var presentation = Self.left(.low)
        let hevc = Track(
            codec: .hevc, format: Feed.video.format, decoderConfiguration: ByteChunk([1]),
            codecString: "hvc1.1.6.L93.B0")
        for other in [Slate([Self.group(hevc)], after: .zero), Self.slate(2), Slate([], after: .zero)] {
            presentation.slate = other
            presentation.passSilence(until: Self.instant(9000))
            #expect(presentation.takeEvents().allSatisfy { $0 == .silenceBegan })
        }
        #expect(Self.hasGap(presentation))
    }

    /// A source that was given up is heard of again only where it begins.
    @Test func whatStillComesOfTheSourceIsLeftOut() throws {
        var presentation = Self.left(.low)
        presentation.slate = Self.slate()
        presentation.passSilence(until: Self.instant(7000))
        let before = presentation.version
        let sample = Sample(data: ByteChunk([1]), decodeTime: .zero, presentationTime: .zero, isSync: true)
        let isTaken = [
            presentation.take(.video(sample), arrival: Self.instant(7000)),
            presentation.take(.audio(sample, track: 0), arrival: Self.instant(7000)),
        ]
        #expect(isTaken == [false, false])
        _ = presentation.take(.interrupt, arrival: Self.instant(7000))
        #expect(presentation.version == before)
        presentation.passSilence(until: Self.instant(9000))
        #expect(presentation.takeEvents() == [.slateBegan] && !Self.hasGap(presentation))
    }

    @Test(arguments: names) func allSizesHaveIt(name: LatencyProfile.Name) throws {
        let feed = LadderFeed(rungs: [LadderFeed.Rung(), LadderFeed.Rung(), LadderFeed.Rung(divisor: 2)])
        var presentation = feed.started(name)
        presentation.slate = Self.slate(3)
        var judge = Judge()
        presentation.play(feed.arrivals(seconds: 5)) { presentation, time in judge.look(at: presentation, time) }
        presentation.interrupt()
        for time in stride(from: Int64(5000), through: 14_950, by: 50) {
            presentation.passSilence(until: Self.instant(time))
            judge.look(at: presentation, time)
        }
        let isSame = feed.begin(&presentation, from: 70_000, at: 15_000)
        #expect(isSame)
        presentation.play(feed.arrivals(seconds: 5, from: 70_000)) { presentation, time in
            judge.look(at: presentation, time + 15_000)
        }
        let windows = presentation.videoWindows
        LadderTests.expectAlike(presentation)
        for window in windows {
            #expect(window.segments.allSatisfy { !$0.isGap } && window.segments.filter(\.isDiscontinuous).count == 2)
        }
        let faults = Array(judge.faults.prefix(5))
        #expect(faults == [])
    }
}
