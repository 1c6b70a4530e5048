import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

@Suite struct SilenceTests {
    static let names = LatencyProfile.Name.allCases

    static func instant(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// A presentation whose source leaves after five seconds.
    static func left(_ feed: Feed, _ name: LatencyProfile.Name) -> Presentation {
        var presentation = Presentation.started(feed, name)
        presentation.play(feed.events(seconds: 5))
        presentation.interrupt()
        _ = presentation.takeEvents()
        return presentation
    }

    @Test(arguments: names) func timePassesInAllRenditionsAsPartsAndSegmentsWithoutMedia(
        name: LatencyProfile.Name
    ) throws {
        var presentation = Self.left(Feed(), name)
        let before = presentation.snapshot.renditions
        let left = before.compactMap(\.edge).max() ?? .zero
        for milliseconds in stride(from: Int64(5000), through: 60_000, by: 50) {
            presentation.passSilence(until: Self.instant(milliseconds))
            for rendition in presentation.snapshot.renditions {
                let edge = try #require(rendition.edge)
                #expect(edge <= max(MediaTime.milliseconds(milliseconds), left))
                #expect(edge > MediaTime.milliseconds(milliseconds - 600))
            }
        }
        let events = presentation.takeEvents()
        #expect(events == [.silenceBegan])
        let target = presentation.profile.targetDuration
        for (rendition, before) in zip(presentation.snapshot.renditions, before) {
            let silent = rendition.segments.filter { $0.sequenceNumber >= before.segments.count }
            #expect(silent.allSatisfy { $0.isGap && !$0.isDiscontinuous })
            #expect(silent.dropLast().allSatisfy { $0.duration.seconds.rounded() <= Double(target) })
            for segment in silent.dropLast() {
                let parts = segment.parts.dropLast()
                #expect(segment.parts.allSatisfy { $0.duration <= presentation.profile.partTarget })
                #expect(parts.allSatisfy { $0.duration.seconds >= 0.85 * presentation.profile.partTarget.seconds })
            }
            for (segment, next) in zip(rendition.segments, rendition.segments.dropFirst()) {
                #expect(next.sequenceNumber == segment.sequenceNumber + 1)
                #expect(next.start == segment.end)
            }
            let text = presentation.playlist(rendition.name)
            #expect(text.contains("#EXT-X-GAP\n"))
            #expect(text.contains("GAP=YES") == (name != .standard))
            #expect(!text.contains("ENDLIST"))
        }
        // The renditions stay in step: the same numbers end at the same time.
        let ends = presentation.snapshot.renditions.map { rendition in rendition.segments.suffix(5).map { $0.end } }
        #expect(ends[0] == ends[1])
        let numbers = presentation.snapshot.renditions.map { $0.segments.last?.sequenceNumber }
        #expect(numbers[0] == numbers[1])
    }

    @Test(arguments: names) func mediaThatComeAgainBeginWhereTheSilenceEndsBehindADiscontinuity(
        name: LatencyProfile.Name
    ) throws {
        let feed = Feed()
        var presentation = Self.left(feed, name)
        presentation.passSilence(until: Self.instant(12_340))
        _ = presentation.beginRun(tracks: feed.tracks, sourceStart: .zero, now: Self.instant(12_345))
        presentation.play(feed.events(seconds: 7))
        for rendition in presentation.snapshot.renditions {
            let returned = rendition.segments.filter(\.isDiscontinuous)
            #expect(returned.count == 1 && returned.first?.isGap == false)
            #expect(returned.first?.start == .milliseconds(12_345))
            for (segment, next) in zip(rendition.segments, rendition.segments.dropFirst()) {
                #expect(next.start == segment.end)
            }
        }
        guard case .silenceEnded(let length)? = presentation.takeEvents().last else {
            Issue.record("the end of the silence is told")
            return
        }
        #expect(abs(length.seconds - 7.3) < 0.2)
        presentation.passSilence(until: Self.instant(100_000))
        let later = presentation.takeEvents()
        #expect(later.isEmpty, "a run goes on")
    }

    @Test func anEncoderThatIsBackWithinAPartLeavesNoGap() throws {
        let feed = Feed()
        var presentation = Self.left(feed, .low)
        presentation.passSilence(until: Self.instant(5400))
        _ = presentation.beginRun(tracks: feed.tracks, sourceStart: .zero, now: Self.instant(5400))
        presentation.play(feed.events(seconds: 5))
        for rendition in presentation.snapshot.renditions { #expect(!rendition.segments.contains { $0.isGap }) }
    }

    @Test func silenceDoesNotLowerTheMeasuredBandwidth() throws {
        var presentation = Self.left(Feed(), .ultra)
        let before = presentation.videoWindow?.bandwidth.average
        #expect(before != nil)
        presentation.passSilence(until: Self.instant(120_000))
        #expect(presentation.videoWindow?.bandwidth.average == before)
    }

    @Test(arguments: names, [0, 40, 200, 300])
    func whereverTheSourceLeavesTheRenditionsStayInStep(name: LatencyProfile.Name, audioDelay: Int64) throws {
        let feed = Feed(frames: 60, gopFrames: 60, sampleRate: 16_000)
        // Sound that comes so much after its picture.
        let events = feed.events(seconds: 6).map { event -> (Int64, Feed.Event) in
            switch event {
            case .video(let sample): (sample.decodeTime.value, event)
            case .audio(let sample): (sample.decodeTime.value + audioDelay, event)
            }
        }.sorted { $0.0 < $1.0 }.map(\.1)
        for count in events.count - 150...events.count {
            var presentation = Presentation.started(feed, name)
            presentation.play(Array(events.prefix(count)))
            presentation.interrupt()
            let ends = presentation.snapshot.renditions.compactMap(\.edge?.seconds)
            #expect(ends.count == 2 && abs(ends[0] - ends[1]) <= 0.26, "left after \(count) samples")
            presentation.passSilence(until: Self.instant(9_990))
            _ = presentation.beginRun(tracks: feed.tracks, sourceStart: .zero, now: Self.instant(10_000))
            presentation.play(feed.events(seconds: 3))
            let numbers = presentation.snapshot.renditions.map { rendition in
                rendition.segments.first(where: \.isDiscontinuous)?.sequenceNumber
            }
            #expect(numbers[0] == numbers[1], "left after \(count) samples")
            for rendition in presentation.snapshot.renditions {
                let legal = rendition.segments.allSatisfy { $0.duration.seconds < Double($0.parts.count) * 0.536 }
                #expect(legal && rendition.segments.allSatisfy { $0.duration > .zero })
            }
        }
    }

    @Test func audioThatLeftLongBeforeThePictureIsFilledUpToItsEnd() throws {
        let feed = Feed()
        var presentation = Presentation.started(feed, .low)
        presentation.play(
            feed.events(seconds: 5).filter {
                if case .audio(let sample) = $0 { sample.presentationTime < .milliseconds(3800) } else { true }
            })
        presentation.interrupt()
        let ends = presentation.snapshot.renditions.compactMap(\.edge?.seconds)
        #expect(ends.count == 2 && abs(ends[0] - ends[1]) <= 0.25)
    }
}
