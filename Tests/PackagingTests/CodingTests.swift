import Bytes
import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// Pictures and sound of codings that only MP4 carries in HLS.
@Suite struct CodingTests {
    /// libaom-av1 3.6.0 and libvpx 1.12.0, 320×180, and FLAC of ffmpeg 5.1.9, in blocks of 4608
    static let pictures: [Track] = [
        Track(
            codec: .av1,
            format: .video(
                VideoFormat(
                    width: 320, height: 180,
                    colour: ColourDescription(primaries: 9, transfer: 16, matrix: 9, isFullRange: false))),
            decoderConfiguration: ByteChunk([
                0x81, 0x00, 0x4C, 0x00, 0x0A, 0x0E, 0, 0, 0, 0x04, 0x3C, 0xFE, 0xCC, 0xFB, 0xF9, 0x50, 0x91, 0, 0x90,
                0x40,
            ]), codecString: "av01.0.00M.10.0.110.09.16.09.0"),
        Track(
            codec: .vp9, format: .video(VideoFormat(width: 320, height: 180)),
            decoderConfiguration: ByteChunk([1, 0, 0, 0, 0, 0x0B, 0x82, 2, 2, 2, 0, 0]), codecString: "vp09.00.11.08"),
    ]

    static let sound = Track(
        codec: .flac, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 4608)),
        decoderConfiguration: ByteChunk(
            [0, 0, 0, 0, 0x80, 0, 0, 0x22, 0x12, 0, 0x12, 0, 0, 0x13, 0x70, 0, 0x2E, 0x9B, 0x0B, 0xB8, 0x03, 0x70]
                + [UInt8](repeating: 0, count: 20)), codecString: "fLaC")

    private static func presentation(_ pictures: Track, _ name: LatencyProfile.Name) -> Presentation {
        let feed = Feed(frames: 30_000, perSeconds: 1001, gopFrames: 60, samplesPerFrame: 4608)
        var presentation = Presentation(
            id: "test", profile: LatencyProfile(name), wallStart: .epoch, start: Instant(nanoseconds: 0))
        let hasBegun = presentation.beginRun(
            tracks: [pictures, sound], sourceStart: .zero, now: Instant(nanoseconds: 0))
        #expect(hasBegun)
        presentation.play(feed.events(seconds: 15))
        return presentation
    }

    @Test(arguments: pictures)
    func thePlaylistsNameThem(pictures: Track) throws {
        let playlist = Self.presentation(pictures, .low).snapshot.multivariantPlaylist
        #expect(playlist.variants.map(\.codecs) == [[pictures.codecString, "fLaC"]])
        #expect(playlist.iFrameVariants.map(\.codecs) == [[pictures.codecString]])
        #expect(playlist.variants.map(\.videoRange) == [pictures.codec == .av1 ? .pq : nil])
        let text = String(decoding: playlist.rendered(), as: UTF8.self)
        #expect(text.contains("CODECS=\"\(pictures.codecString),fLaC\"") && text.contains("RESOLUTION=320x180"))
    }

    /// AV1 Codec ISO Media File Format Binding §2.4: composition offsets are not used, not even for what a clock of
    /// milliseconds rounds.
    @Test(arguments: pictures, LatencyProfile.Name.allCases)
    func picturesAreShownWhenTheyAreDecoded(pictures: Track, name: LatencyProfile.Name) throws {
        let presentation = Self.presentation(pictures, name)
        let parts = try PresentationTests.timings(presentation, "video").flatMap(\.self)
        try #require(parts.count > 4)
        for part in parts { #expect(part.decode == part.presentation) }
        for (part, next) in zip(parts, parts.dropFirst()) { #expect(part.end == next.start) }
        // Each is still where the source put it, within its milliseconds.
        let feed = Feed(frames: 30_000, perSeconds: 1001)
        for (index, time) in parts.flatMap(\.presentation).enumerated() {
            #expect(abs(time - feed.milliseconds(ofFrame: Int64(index)) * 90) <= 90)
        }
    }
}
