import Bytes
import Media
import Packaging
import SampleFeed
import Testing

/// Sources that are legal and unusual.
@Suite struct OddFeedTests {
    static let names = LatencyProfile.Name.allCases

    static func expectLegalParts(_ presentation: Presentation, _ comment: Comment) {
        guard presentation.profile.offersParts else { return }
        let target = presentation.profile.partTarget
        for rendition in presentation.snapshot.renditions {
            for segment in rendition.segments.dropLast() {
                for part in segment.parts { #expect(part.duration <= target, comment) }
                for (part, next) in zip(segment.parts, segment.parts.dropFirst()) where !part.isGap && !next.isGap {
                    #expect(part.duration.seconds >= 0.85 * target.seconds - 1e-9, comment)
                }
            }
        }
    }

    /// Screens and telephones send frames when there is something new.
    @Test(arguments: names, [2, 3, 5, 7])
    func partsAreLegalWithoutACadence(name: LatencyProfile.Name, period: Int64) throws {
        let feed = Feed(frames: 30, gopFrames: 60)
        let lost = Set((0..<600).filter { $0 % 60 != 0 && ($0 % period == 1 || $0 % 11 == 3) })
        var presentation = Presentation.started(feed, name)
        presentation.play(feed.events(seconds: 20, without: lost))
        Self.expectLegalParts(presentation, "every \(period)th frame lacks")
        let average = Double(600 - lost.count) / 20
        let measured = try #require(presentation.frameRate)
        // 33 ms where it is a thirtieth of a second.
        #expect(measured > 0.99 * average && measured < 30.31)
    }

    /// A source whose clock is wrong, or whose rate is its own, is told as it comes, from the first second on.
    @Test(arguments: [30.03, 29.991, 7, 11.3])
    func aRateThatIsNotStandardIsToldAsItIs(rate: Double) throws {
        var presentation = Presentation.started(Feed(hasAudio: false), .ultra)
        for frame in 0..<Int(5 * rate) {
            let time = MediaTime.milliseconds(Int64((Double(frame) * 1000 / rate).rounded()))
            let sample = Sample(
                data: ByteChunk([0, 0, 0, 1, 0x65]), decodeTime: time, presentationTime: time,
                isSync: frame % Int(rate) == 0)
            let isTaken = presentation.appendVideo(sample)
            #expect(isTaken)
            if let told = presentation.frameRate { #expect(abs(told - rate) < 0.005 * rate, "frame \(frame)") }
        }
        #expect(presentation.frameRate != nil)
    }

    /// Frames are shown in another order than they come in, and key frames are too far apart: a cut must not separate a
    /// frame from one that is shown before it.
    @Test(arguments: names, [25, 30, 60] as [Int64])
    func aSegmentThatIsCutWithoutAKeyFrameBeginsWithTheFrameShownFirst(
        name: LatencyProfile.Name, rate: Int64
    ) throws {
        let feed = Feed(frames: rate, gopFrames: rate * 20, bFrames: true)
        var presentation = Presentation.started(feed, name)
        presentation.play(feed.events(seconds: 20))
        let segments = try PresentationTests.timings(presentation, "video").filter { !$0.isEmpty }
        #expect(segments.count >= 3)
        for chunks in segments {
            let earliest = chunks.flatMap(\.presentation).min() ?? 0
            #expect(abs(earliest - chunks[0].start) <= 90 * 2, "within the clock's rounding")
        }
        let target = Double(presentation.profile.targetDuration)
        let lengths = presentation.videoWindow?.segments.dropLast().map(\.duration.seconds) ?? []
        #expect(lengths.allSatisfy { $0.rounded() <= target })
        Self.expectLegalParts(presentation, "\(rate) frames per second")
    }
}
