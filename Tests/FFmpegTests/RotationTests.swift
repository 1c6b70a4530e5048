import Bytes
import Clips
import FFmpeg
import Media
import TestFolder
import TestTools
import Testing

/// What is encoded anew is turned as the source is.
@Suite(.timeLimit(.minutes(30))) struct RotationTests {
    private let folder = TemporaryFolder()

    /// A clip that says that it is to be turned by so many degrees, anticlockwise.
    private func source(_ degrees: Double) throws -> Clip {
        try Clip(
            folder, "source.mp4", from: "testsrc2=s=160x90:r=25:d=0.8",
            "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency"
                + " -bsf:v h264_metadata=display_orientation=insert:rotate=\(degrees)")
    }

    private func encoded(
        _ frames: [Frame], _ encoder: String, rotation: Double?
    ) throws -> (track: Track, samples: [Sample]) {
        var options = VideoEncoderTests.options(encoder, preset: encoder == "libaom-av1" ? "8" : "ultrafast")
        options.rotation = rotation
        let made = try VideoEncoder(options)
        var samples: [Sample] = []
        for (index, frame) in frames.enumerated() { samples += try made.encode(frame, asKey: index == 13) }
        return (made.track, samples + (try made.finish()))
    }

    /// What ffprobe says of the first picture.
    private func rotation(_ path: String) throws -> Substring? {
        let said = try Tool.run("ffprobe", ["-v", "error", "-show_frames", "-read_intervals", "%+#1", path])
        return said.standardOutput.split(separator: "\n").first { $0.hasPrefix("rotation=") }
    }

    /// How many messages of display orientation there are.
    private func messages(_ sample: Sample, _ codec: Codec) -> Int {
        let bytes = sample.data.array
        var (place, count) = (0, 0)
        while place + 7 < bytes.count {
            let isMessage = codec == .h264 ? bytes[place + 4] == 6 : bytes[place + 4] == 39 << 1
            if isMessage, bytes[place + (codec == .h264 ? 5 : 6)] == 47 { count += 1 }
            place += 4 + bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        return count
    }

    @Test(arguments: ["libx264", "libx265"], [90, 180, 270, 33.75])
    func itIsThatOfTheSource(encoder: String, degrees: Double) throws {
        let clip = try source(degrees)
        let frames = try clip.frames()
        let (track, samples) = try encoded(frames, encoder, rotation: frames[0].rotation)
        let path = try Clip.write(track, samples, to: folder, "out.mp4")
        let said = try #require(try rotation(path))
        #expect(said == (try rotation(clip.path)))
        #expect(try Clip.frames(track, samples).first?.rotation == frames[0].rotation)
        // Each key frame says it, for all behind it.
        #expect(samples.map { messages($0, track.codec) } == samples.map { $0.isSync ? 1 : 0 })
        #expect(samples.filter(\.isSync).count == 2)
    }

    /// The syntax is that of the standards, as another reader of them has it.
    @Test(arguments: [
        ("libx264", ["display_orientation_repetition_period 010 = 1", "display_orientation_extension_flag 0 = 0"]),
        ("libx265", ["display_orientation_persistence_flag 1 = 1"]),
    ])
    func itIsWrittenAsTheStandardsHaveIt(encoder: String, further: [String]) throws {
        let frames = try source(90).frames()
        let (track, samples) = try encoded(frames, encoder, rotation: 270)
        let path = try Clip.write(track, samples, to: folder, "out.mp4")
        let read = try Tool.run(
            "ffmpeg", ["-i", path, "-c", "copy", "-frames:v", "1", "-bsf:v", "trace_headers", "-f", "null", "-"])
        // [trace_headers @ 0x…] POSITION NAME BITS = VALUE
        let lines = read.standardError.split(separator: "\n").map { line in
            (line.split(separator: "]").last ?? "").split(separator: " ").dropFirst().joined(separator: " ")
        }
        let expected = [
            "display_orientation_cancel_flag 0 = 0", "hor_flip 0 = 0", "ver_flip 0 = 0",
            "anticlockwise_rotation 0100000000000000 = 16384",
        ]
        for line in expected + further { #expect(lines.contains(line), "\(line)") }
    }

    @Test func whatStandsUprightSaysNothing() throws {
        let frames = try source(90).frames()
        for encoder in ["libx264", "libx265"] {
            for rotation in [nil, 0, 360, Double.nan] {
                let (track, samples) = try encoded(frames, encoder, rotation: rotation)
                #expect(samples.allSatisfy { messages($0, track.codec) == 0 })
            }
        }
        // AV1 has no word for it.
        let (track, samples) = try encoded(Array(frames.prefix(3)), "libaom-av1", rotation: 90)
        #expect(try Clip.frames(track, samples).count == 3)
    }

    @Test(arguments: ["libx264", "libx265"])
    func captionsAreThereAsWell(encoder: String) throws {
        let clip = try source(180)
        let frames = try Clip.frames(clip.track, clip.captioned)
        let (track, samples) = try encoded(frames, encoder, rotation: frames[0].rotation)
        let again = try Clip.frames(track, samples)
        #expect(again.map(\.captions) == frames.map(\.captions) && again.first?.rotation == 180)
    }
}
