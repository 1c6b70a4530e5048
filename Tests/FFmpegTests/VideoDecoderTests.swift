import Bytes
import Clips
import FFmpeg
import Media
import TestFolder
import TestTools
import Testing

/// What comes out of a decoder is what ffmpeg makes of the same file.
@Suite(.timeLimit(.minutes(30))) struct VideoDecoderTests {
    private let folder = TemporaryFolder()
    private let source = "testsrc2=s=160x90:r=25:d=1"

    /// Adler-32 from zero on, as `framecrc` has it.
    private func checksum(_ bytes: [UInt8]) -> UInt32 {
        var (low, high): (UInt32, UInt32) = (0, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }

    @Test(arguments: [
        ("clip.mp4", "-c:v libx264 -preset medium -g 12 -bf 3"),
        ("clip.mp4", "-c:v libx264 -preset ultrafast -tune zerolatency"),
        ("clip.mp4", "-c:v libx265 -preset ultrafast -bf 2 -x265-params log-level=none -tag:v hvc1"),
        ("clip.mp4", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
        ("clip.mp4", "-c:v libaom-av1 -usage realtime -cpu-used 8"),
    ])
    func picturesAndTimesAreThoseOfFfmpeg(name: String, options: String) throws {
        let clip = try Clip(
            folder, name, from: "testsrc2=s=160x90:r=30000/1001:d=0.8341", "-pix_fmt yuv420p " + options)
        let output = try Tool.run(
            "ffmpeg", ["-v", "error", "-i", clip.path, "-fps_mode", "passthrough", "-f", "framecrc", "-"])
        let expected = output.standardOutput.split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
            $0.split(separator: ",").map { $0.filter { $0 != " " } }
        }
        let frames = try clip.frames()
        #expect(frames.count == 25 && expected.count == 25)
        for (frame, line) in zip(frames, expected) {
            #expect("0x" + hexadecimal(checksum(frame.packed)) == line[5])
            #expect(frame.presentationTime == MediaTime((Int64(line[2]) ?? -1) * 1001, Timescale(30_000)))
        }
    }

    private func hexadecimal(_ value: UInt32) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
    }

    /// Threads do not hold pictures back, and neither does a decoder of a stream that has them in order.
    @Test(arguments: [
        "-c:v libx264 -preset ultrafast -tune zerolatency -x264-params slices=4",
        "-c:v libx265 -preset ultrafast -tune zerolatency -x265-params log-level=none:bframes=0:slices=2 -tag:v hvc1",
        "-c:v libaom-av1 -usage realtime -cpu-used 8 -lag-in-frames 0",
        "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -lag-in-frames 0",
    ])
    func aPictureComesOutWithItsSample(options: String) throws {
        let clip = try Clip(folder, "clip.mp4", from: source, "-pix_fmt yuv420p " + options)
        let decoder = try VideoDecoder(clip.track, threads: 4)
        for sample in clip.samples {
            #expect(decoder.decode(sample).map(\.presentationTime) == [sample.presentationTime])
        }
        #expect(decoder.faults == 0 && decoder.finish().isEmpty)
    }

    @Test func damageIsToldAndDoesNotEndIt() throws {
        let clip = try Clip(
            folder, "clip.mp4", from: "testsrc2=s=160x90:r=25:d=2",
            "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency -g 10")
        let whole = try clip.frames()
        let decoder = try VideoDecoder(clip.track)
        var frames: [Frame] = []
        for (index, sample) in clip.samples.enumerated() {
            var bytes = sample.data.array
            // Lengths that lead nowhere, and slices that are noise.
            if index == 12 { bytes.replaceSubrange(0..<4, with: [0xFF, 0xFF, 0xFF, 0xFF]) }
            if index == 14 { for place in stride(from: 9, to: bytes.count, by: 3) { bytes[place] ^= 0x5A } }
            if index == 16 { bytes = [] }
            let damaged = Sample(
                data: ByteChunk(bytes), decodeTime: sample.decodeTime, presentationTime: sample.presentationTime,
                isSync: sample.isSync)
            frames += decoder.decode(damaged)
        }
        frames += decoder.finish()
        #expect((2...10).contains(decoder.faults))
        // From the next key frame on everything is as it should be.
        for expected in whole[20...] {
            let found = try #require(frames.first { $0.presentationTime == expected.presentationTime })
            #expect(found.packed == expected.packed && !found.isDamaged)
        }
        // And after forgetting everything, too.
        decoder.reset()
        #expect(decoder.decode(clip.samples[30]).first?.packed == whole[30].packed)
    }

    /// A decoder that begins between key frames shows nothing until the next.
    @Test func nothingIsShownThatNothingIsKnownOf() throws {
        let clip = try Clip(
            folder, "clip.mp4", from: source,
            "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency -g 10")
        let frames = try Clip.frames(clip.track, Array(clip.samples[5...]))
        #expect(frames.first?.presentationTime == clip.samples[10].presentationTime && frames.count == 15)
        #expect(frames.map(\.isKey) == (0..<15).map { $0 % 10 == 0 })
    }

    @Test func whatTheStreamSaysIsThere() throws {
        let clip = try Clip(
            folder, "clip.mp4", from: source,
            "-pix_fmt yuv420p10le -aspect 4:3 -c:v libx265 -preset ultrafast -color_primaries bt2020 -color_trc smpte2084"
                + " -colorspace bt2020nc -tag:v hvc1 -x265-params log-level=none:hdr10=1:"
                + "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
        )
        let frame = try #require(try clip.frames().first)
        #expect(frame.pixelFormat == .yuv420With10Bits && frame.pixelFormat.bitDepth == 10)
        #expect(frame.sampleAspectRatio == AspectRatio(3, 4))
        #expect(frame.colour == ColourDescription(primaries: 9, transfer: 16, matrix: 9, isFullRange: false))
        #expect(frame.mastering == Self.display && frame.light == ContentLight(maximum: 1000, maximumAverage: 400))
        #expect(frame.captions == nil && frame.rotation == nil && !frame.isInterlaced && frame.isKey)
    }

    static let display = MasteringDisplay(
        red: .init(x: 34_000, y: 16_000), green: .init(x: 13_250, y: 34_500), blue: .init(x: 7500, y: 3000),
        white: .init(x: 15_635, y: 16_450), maximumLuminance: 10_000_000, minimumLuminance: 50)

    /// Turned anticlockwise by 90 degrees.
    @Test func howToTurnItIsTold() throws {
        let clip = try Clip(
            folder, "clip.mp4", from: source,
            "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -bsf:v h264_metadata=display_orientation=insert:rotate=90")
        let frame = try #require(try clip.frames().first)
        #expect(frame.rotation == 270)
        let scaler = try VideoScaler(VideoScalerOptions(size: PictureSize(80, 44)))
        #expect(try scaler.scale(frame).rotation == 270)
    }

    /// What only the container knows is in the track.
    @Test func whatTheStreamDoesNotSayComesFromTheTrack() throws {
        let clip = try Clip(folder, "clip.mp4", from: source, "-pix_fmt yuv420p -c:v libx264 -preset ultrafast")
        let colour = ColourDescription(primaries: 1, transfer: 1, matrix: 1, isFullRange: false)
        let track = Track(
            codec: .h264,
            format: .video(VideoFormat(width: 160, height: 90, sampleAspectRatio: AspectRatio(4, 3), colour: colour)),
            decoderConfiguration: clip.track.decoderConfiguration, codecString: "")
        let frame = try #require(try Clip.frames(track, clip.samples).first)
        #expect(frame.colour == colour)
    }

    @Test func aTrackThatCannotBeDecodedGivesNothing() throws {
        let clip = try Clip(folder, "clip.mp4", from: source, "-pix_fmt yuv420p -c:v libx264 -preset ultrafast")
        let track = Track(
            codec: .h264, format: clip.track.format, decoderConfiguration: ByteChunk([1, 2, 3, 4, 5, 6, 7, 8]),
            codecString: "")
        let decoder = try VideoDecoder(track)
        #expect(clip.samples.allSatisfy { decoder.decode($0).isEmpty } && decoder.faults == clip.samples.count)
        #expect(throws: CodecError.decoderMissing(.h264)) { try AudioDecoder(clip.track) }
    }
}
