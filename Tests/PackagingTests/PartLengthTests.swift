import Media
import Packaging
import SampleFeed
import Testing

/// Every part is legal: none over the part target, none under 85 % of it but the last of a segment.
@Suite struct PartLengthTests {
    struct Case: CustomStringConvertible, Sendable {
        let name: LatencyProfile.Name
        let frames: Int64, seconds: Int64, sampleRate: UInt32, gopSeconds: Int64, bFrames: Bool
        var description: String {
            "\(name) \(frames)/\(seconds) fps, AAC \(sampleRate), GOP \(gopSeconds) s\(bFrames ? ", B-frames" : "")"
        }
        var feed: Feed {
            Feed(
                frames: frames, perSeconds: seconds, gopFrames: (frames * gopSeconds + seconds - 1) / seconds,
                sampleRate: sampleRate, bFrames: bFrames)
        }
    }

    static let rates: [(Int64, Int64)] = [
        (24_000, 1001), (24, 1), (25, 1), (30_000, 1001), (30, 1), (48, 1), (50, 1), (60_000, 1001), (60, 1),
    ]
    static let cases: [Case] = [LatencyProfile.Name.low, .ultra].flatMap { name in
        rates.flatMap { rate in
            [44_100, 48_000].flatMap { sampleRate in
                [1, 2, 3].flatMap { gop in
                    [false, true].map { bFrames in
                        Case(
                            name: name, frames: rate.0, seconds: rate.1, sampleRate: sampleRate, gopSeconds: gop,
                            bFrames: bFrames)
                    }
                }
            }
        }
    }

    @Test(arguments: cases) func everyPartIsLegal(test: Case) {
        var presentation = Presentation.started(test.feed, test.name)
        presentation.play(test.feed.events(seconds: 20))
        for rendition in presentation.snapshot.renditions {
            #expect(rendition.segments.count >= 4, "\(rendition.name)")
            let target = presentation.profile.partTarget
            for segment in rendition.segments {
                #expect(segment.duration.seconds.rounded() <= Double(presentation.profile.targetDuration))
                for (position, part) in segment.parts.enumerated() {
                    #expect(part.duration <= target, "\(rendition.name) part \(part.number)")
                    let isLast = position == segment.parts.count - 1
                    guard !isLast else { continue }
                    #expect(
                        part.duration.seconds >= 0.85 * target.seconds,
                        "\(rendition.name) part \(part.number) of \(segment.parts.count)")
                }
            }
        }
    }

    @Test(arguments: [(24, 5), (25, 5), (30, 6), (50, 10), (60, 12)] as [(Int64, Int64)])
    func ultraTakesTheFramesThatFit(rate: Int64, frames: Int64) throws {
        let feed = Feed(frames: rate, gopFrames: rate * 2)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 5))
        let parts = try #require(presentation.snapshot.rendition("video")?.segments.first?.parts)
        let expected = Double(frames) / Double(rate)
        #expect(parts.dropLast().allSatisfy { abs($0.duration.seconds - expected) < 0.001 })
    }
}
