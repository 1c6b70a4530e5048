import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// VIDEO-RANGE of the multivariant playlist, §4.4.6.2.
@Suite struct VideoRangeTests {
    private static func track(transfer: UInt8?) -> Track {
        Track(
            codec: .h264,
            format: .video(
                VideoFormat(
                    width: 1280, height: 720,
                    colour: transfer.map {
                        ColourDescription(primaries: 9, transfer: $0, matrix: 9, isFullRange: false)
                    })), decoderConfiguration: Feed.video.decoderConfiguration, codecString: Feed.video.codecString)
    }

    /// Three seconds of pictures of each transfer, one after the other.
    private static func presentation(_ transfers: [UInt8?]) -> Presentation {
        let feed = Feed(gopFrames: 30, hasAudio: false)
        var presentation = Presentation(
            id: "test", profile: LatencyProfile(.low), wallStart: .epoch, start: Instant(nanoseconds: 0))
        for (index, transfer) in transfers.enumerated() {
            _ = presentation.beginRun(
                tracks: [track(transfer: transfer)], sourceStart: .zero,
                now: Instant(nanoseconds: Int64(index) * 3_000_000_000))
            presentation.play(feed.events(seconds: 3))
        }
        return presentation
    }

    /// The widest of what is listed: SDR may be mixed into HLG, and both into PQ.
    @Test(
        arguments: zip(
            [[1], [18], [16], [nil], [2], [1, 18], [18, 1], [16, 18], [1, 16], [nil, 18], [nil, 1]] as [[UInt8?]],
            [.sdr, .hlg, .pq, nil, nil, .hlg, .hlg, .pq, .pq, .hlg, .sdr] as [MultivariantPlaylist.VideoRange?]))
    func variantsSayTheWidestRangeOfWhatIsListed(transfers: [UInt8?], expected: MultivariantPlaylist.VideoRange?) {
        let playlist = Self.presentation(transfers).snapshot.multivariantPlaylist
        #expect(playlist.variants.map(\.videoRange) == [expected])
        #expect(playlist.iFrameVariants.map(\.videoRange) == [expected])
    }

    @Test func whatHasLeftThePlaylistDoesNotCount() {
        var presentation = Self.presentation([16, 1])
        #expect(presentation.snapshot.multivariantPlaylist.variants.first?.videoRange == .pq)
        presentation.play(Feed(gopFrames: 30, hasAudio: false).events(seconds: 70, from: 3000))
        #expect(presentation.snapshot.multivariantPlaylist.variants.first?.videoRange == .sdr)
    }

    @Test func soundAloneHasNone() {
        let feed = Feed(hasVideo: false)
        var presentation = Presentation.started(feed, .low)
        presentation.play(feed.events(seconds: 5))
        #expect(presentation.snapshot.multivariantPlaylist.variants.map(\.videoRange) == [nil])
    }
}
