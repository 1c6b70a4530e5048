import Bytes
import Media
import Testing
import Transcoding

@Suite struct AudioOutputTests {
    static func track(_ codec: Codec, channels: Int = 2, rate: UInt32 = 48_000, _ name: String = "mp4a.40.2") -> Track {
        Track(
            codec: codec,
            format: .audio(AudioFormat(sampleRate: rate, channelCount: channels, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk(), codecString: name)
    }

    /// What is made of it, in a few letters: `copy`, or channels, rate and kilobits.
    static func made(of track: Track, _ change: (inout AudioOutput) -> Void = { _ in }) -> [String] {
        var output = AudioOutput()
        change(&output)
        return output.renditions(of: track).map { rendition in
            switch rendition {
            case .copied: "copy"
            case .encoded(let encoding): "\(encoding.channelCount) \(encoding.sampleRate) \(encoding.bitRate)"
            }
        }
    }

    @Test func soundThatIsAsItShouldBeIsCopied() {
        #expect(Self.made(of: Self.track(.aac)) == ["copy"])
        #expect(Self.made(of: Self.track(.aac, channels: 1)) == ["copy"])
        #expect(Self.made(of: Self.track(.aac, rate: 44_100)) == ["copy"])
        #expect(Self.made(of: Self.track(.aac)) { $0.copiesWhatFits = false } == ["2 48000 128k"])
    }

    @Test func everythingElseBecomesStereo() {
        #expect(Self.made(of: Self.track(.aac, channels: 6)) == ["2 48000 128k"])
        #expect(Self.made(of: Self.track(.aac, "mp4a.40.5")) == ["2 48000 128k"], "HE-AAC")
        #expect(Self.made(of: Self.track(.aac, rate: 96_000)) == ["2 48000 128k"])
        #expect(Self.made(of: Self.track(.opus, "opus")) == ["2 48000 128k"])
        #expect(Self.made(of: Self.track(.mp2, rate: 44_100, "mp4a.40.33")) == ["2 44100 128k"])
        #expect(Self.made(of: Self.track(.aac)) { $0.sampleRate = 44_100 } == ["2 44100 128k"])
    }

    @Test func itIsNeverMixedUp() {
        #expect(Self.made(of: Self.track(.opus, channels: 1, "opus")) == ["1 48000 64k"])
        #expect(
            Self.made(of: Self.track(.opus, channels: 6, "opus")) {
                ($0.channelCount, $0.bitRate) = (6, .kilobits(384))
            } == ["6 48000 384k"])
        #expect(Self.made(of: Self.track(.opus, channels: 0, "opus")) == ["1 48000 64k"])
    }

    @Test(arguments: [Codec.ac3, .eac3])
    func dolbyGoesOutBesideTheAAC(codec: Codec) {
        #expect(Self.made(of: Self.track(codec, channels: 6, "ac-3")) == ["2 48000 128k", "copy"])
        #expect(Self.made(of: Self.track(codec, channels: 6, "ac-3")) { $0.keepsDolby = false } == ["2 48000 128k"])
    }

    @Test func whatIsMadeLouderIsEncoded() {
        for level in [AudioOutput.Level.loudness(-23), .gain(3)] {
            #expect(Self.made(of: Self.track(.aac)) { $0.level = level } == ["2 48000 128k"])
        }
    }

    @Test func picturesHaveNoSound() {
        let track = Track(
            codec: .h264, format: .video(VideoFormat(width: 16, height: 16)), decoderConfiguration: ByteChunk(),
            codecString: "avc1.64001f")
        #expect(AudioOutput().renditions(of: track).isEmpty)
    }

    @Test func inventoriesKnowWhatCanBeEncoded() {
        #expect(EncoderInventory.complete.codings == VideoCoding.allCases)
        #expect(EncoderInventory(["libx264", "aac", "libsvtav1"]).codings == [.h264])
        #expect(EncoderInventory.wanted.allSatisfy(EncoderInventory.complete.has))
    }
}
