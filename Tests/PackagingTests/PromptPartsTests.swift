import Media
import Packaging
import SampleFeed
import Testing

/// A part is published with its last picture as long as it is known when the next one comes, else with that.
@Suite struct PromptPartsTests {
    /// When parts were published, in seconds from the first picture, and whether all pictures were published then; from when
    /// the cadence is known.
    private static func parts(_ pictures: [Sample]) throws -> [(time: Double, isPrompt: Bool)] {
        var presentation = Presentation.started(Feed(hasAudio: false), .ultra)
        var parts: [(time: Double, isPrompt: Bool)] = []
        var taken = 0
        for picture in pictures {
            let before = presentation.videoWindow?.nextPartNumber
            if presentation.appendVideo(picture) { taken += 1 }
            if presentation.videoWindow?.nextPartNumber == before { continue }
            let published = try PresentationTests.timings(presentation, "video").flatMap(\.self).map(\.decode.count)
            let time = (picture.decodeTime - pictures[0].decodeTime).seconds
            parts.append((time, published.reduce(0, +) == taken))
        }
        return parts.filter { $0.time > 0.5 }
    }

    /// 25 pictures a second with B-frames, a key frame every second, where a part ends.
    private static func pictures(seconds: Int64, frames: Int64 = 25, bFrames: Bool = true) -> [Sample] {
        let feed = Feed(frames: frames, gopFrames: frames == 24 ? 25 : frames, bFrames: bFrames, hasAudio: false)
        return feed.events(seconds: seconds).compactMap { if case .video(let sample) = $0 { sample } else { nil } }
    }

    @Test(arguments: [24, 25, 30, 50, 60] as [Int64], [false, true])
    func steadyPicturesAreNotWaitedFor(frames: Int64, bFrames: Bool) throws {
        let parts = try Self.parts(Self.pictures(seconds: 12, frames: frames, bFrames: bFrames))
        #expect(parts.count > 40 && parts.allSatisfy(\.isPrompt))
    }

    @Test func aDelayThatHasChangedIsTrustedAgainWhenItStays() throws {
        let pictures = Self.pictures(seconds: 18).enumerated().map { index, picture in
            Sample(
                data: picture.data, decodeTime: picture.decodeTime,
                presentationTime: picture.presentationTime + .milliseconds(index < 100 ? 0 : 40),
                access: picture.access)
        }
        let parts = try Self.parts(pictures)
        #expect(
            parts.allSatisfy { $0.isPrompt == ($0.time < 3.99 || $0.time > 9) || (7...9).contains($0.time) }, "\(parts)"
        )
    }

    /// Nobody who joins an open group knows the delay at once.
    @Test(arguments: [false, true]) func aPictureThatIsLostIsNoDoubtForLong(isOpen: Bool) throws {
        var pictures = isOpen ? OpenGroupTests.pictures(groups: 10, beginsClosed: false) : Self.pictures(seconds: 10)
        pictures.remove(at: 86)
        let parts = try Self.parts(pictures)
        let doubtful = parts.filter { !$0.isPrompt && $0.time > 1.5 }.map(\.time)
        #expect(doubtful.allSatisfy { $0 > 3.4 && $0 < 4.3 }, "\(doubtful)")
    }

    /// It cannot make a key frame come later than it is expected.
    @Test func aPictureThatIsLostIsNoDoubtWherePicturesKeepTheirOrder() throws {
        var pictures = Self.pictures(seconds: 10, bFrames: false)
        pictures.remove(at: 86)
        let parts = try Self.parts(pictures)
        #expect(parts.filter { !$0.isPrompt }.count <= 1, "\(parts)")
    }
}
