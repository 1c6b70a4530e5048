import Bitstreams
import Bytes
import ISOBMFF
import Media
import TestFolder
import TestTools
import Testing

/// What ffmpeg encodes, written as CMAF and read back by ffmpeg.
@Suite(.enabled(if: Tool.areThere, "ffmpeg and ffprobe are not there to read the files"))
struct FFmpegReadingTests {
    /// A packet as `ffprobe` shows it.
    struct Packet: Equatable {
        var presentationTime: Int64
        var decodeTime: Int64
        /// Nothing where ffprobe has none to show.
        var duration: Int64?
        var size: Int
        var isKey: Bool
    }

    static let base: UInt64 = 900_000

    @Test(.timeLimit(.minutes(30)), arguments: [0, 1, 2, 3])
    func picturesComeBackAsTheyWereEncoded(framesBetween: Int) throws {
        let folder = TemporaryFolder()
        let (file, source) = try Self.encode(framesBetween: framesBetween, in: folder)
        let configuration = try AVCDecoderConfiguration(record: source.videoConfiguration)
        let samples = try Self.regularSamples(source.video, lengthSize: configuration.lengthSize)
        #expect(samples.count == 50 && samples.count { $0.isSync } == 2)
        let lowest = samples.map(\.compositionOffset).min() ?? 0
        #expect(lowest < 0 || framesBetween == 0)
        for samplesInChunk in [1, 5, 12, 25] {
            let written = try folder.write(
                Self.file(of: Track(configuration), samples, perChunk: samplesInChunk), to: "video.mp4")
            try Self.expectSilence(of: written)
            // ffmpeg adds the lowest composition offset to all presentation times, so that none is before its decode
            // time; all other values are the ones that were written.
            #expect(try Self.packets(of: written) == Self.packets(of: samples, shiftedBy: -Int64(lowest)))
            #expect(try Self.digest(of: written, "v") == Self.digest(of: file, "v"))
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func soundComesBackAsItWasEncoded() throws {
        let folder = TemporaryFolder()
        let (file, source) = try Self.encode(framesBetween: 0, in: folder)
        let samples = source.audio.map {
            ChunkSample(data: $0.payload, duration: 1024, compositionOffset: 0, isSync: true)
        }
        #expect(samples.count > 90)
        let track = try Track(audioSpecificConfig: source.audioConfiguration)
        let written = try folder.write(Self.file(of: track, samples, perChunk: 20), to: "audio.mp4")
        try Self.expectSilence(of: written)
        var expected = Self.packets(of: samples, shiftedBy: 0)
        // ffprobe 5.1 shows no duration for the first packet of AAC in fragments, also of those that ffmpeg writes.
        let packets = try Self.packets(of: written)
        if packets.first?.duration == nil { expected[0].duration = nil }
        #expect(packets == expected)
        #expect(try Self.digest(of: written, "a") == Self.digest(of: file, "a"))
    }

    @Test(.timeLimit(.minutes(30)))
    func theHeaderSaysWhatTheTrackIs() throws {
        let folder = TemporaryFolder()
        for (track, expected) in [
            (try Samples.videoTrack(), "h264,1920,1080,1:1,tv,bt709,bt709,bt709"),
            (try Samples.videoTrack(Samples.anamorphic), "h264,720,576,16:11"),
        ] {
            let file = try folder.write(CMAFHeader.bytes(for: track).array, to: "header.mp4")
            let fields =
                "stream=codec_name,width,height,sample_aspect_ratio,color_range,color_space,"
                + "color_transfer,color_primaries"
            let output = try Tool.run(
                "ffprobe", ["-v", "fatal", "-show_entries", fields, "-of", "csv=p=0", file])
            #expect(output.standardOutput.hasPrefix(expected), "\(output.standardOutput)")
        }
    }

    /// Two seconds of pictures and sound as FLV, with up to `framesBetween` B-frames in a row.
    private static func encode(framesBetween: Int, in folder: TemporaryFolder) throws -> (file: String, FLVReading) {
        let file = folder.path(of: "source.flv")
        try Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-f", "lavfi", "-i",
                "sine=r=48000,aformat=channel_layouts=stereo", "-t", "2", "-c:v", "libx264", "-pix_fmt", "yuv420p",
                "-preset", "veryfast", "-g", "25", "-bf", "\(framesBetween)", "-c:a", "aac", "-f", "flv", file,
            ])
        return (file, try FLVReading(ByteChunk(folder.bytes(of: "source.flv"))))
    }

    /// Samples whose decode times follow each other in one beat from the first picture's presentation on.
    private static func regularSamples(_ messages: [FLVReading.Message], lengthSize: Int) throws -> [ChunkSample] {
        let first = try #require(messages.first)
        let start = Int64(first.decodeMilliseconds) + Int64(first.compositionMilliseconds)
        return try messages.enumerated().map { index, message in
            let unit = try AVCAccessUnit(message.payload, lengthSize: lengthSize)
            #expect(unit.containsPicture)
            let shown = Int64(message.decodeMilliseconds) + Int64(message.compositionMilliseconds) - start
            return ChunkSample(
                data: unit.data, duration: 3600, compositionOffset: Int32(shown * 90 - Int64(index) * 3600),
                isSync: unit.isIDR)
        }
    }

    private static func file(of track: Track, _ samples: [ChunkSample], perChunk: Int) -> [UInt8] {
        var bytes = CMAFHeader.bytes(for: track).array
        var (time, number) = (base, 1 as UInt32)
        for start in stride(from: 0, to: samples.count, by: perChunk) {
            let group = Array(samples[start..<min(start + perChunk, samples.count)])
            bytes += CMAFChunk.bytes(sequenceNumber: number, baseMediaDecodeTime: time, samples: group).array
            time += group.reduce(0) { $0 + UInt64($1.duration) }
            number += 1
        }
        return bytes
    }

    /// Expects that ffmpeg demuxes and decodes `file` without a word.
    private static func expectSilence(of file: String) throws {
        for arguments in [["-f", "null", "-"], ["-c", "copy", "-f", "null", "-"]] {
            let output = try Tool.run("ffmpeg", ["-v", "warning", "-i", file] + arguments)
            #expect(output.standardError == "")
        }
    }

    /// A digest of what `file` decodes to, pictures ("v") or sound ("a").
    private static func digest(of file: String, _ stream: String) throws -> String {
        let output = try Tool.run(
            "ffmpeg",
            ["-v", "error", "-i", file, "-map", "0:\(stream)", "-fps_mode", "passthrough", "-f", "md5", "-"])
        #expect(output.standardOutput.hasPrefix("MD5="))
        return output.standardOutput
    }

    private static func packets(of samples: [ChunkSample], shiftedBy shift: Int64) -> [Packet] {
        var time = Int64(base)
        return samples.map { sample in
            defer { time += Int64(sample.duration) }
            return Packet(
                presentationTime: time + Int64(sample.compositionOffset) + shift, decodeTime: time,
                duration: Int64(sample.duration), size: sample.data.count, isKey: sample.isSync)
        }
    }

    private static func packets(of file: String) throws -> [Packet] {
        try Tool.packets(of: file, showing: "pts,dts,duration,size,flags").map { fields in
            Packet(
                presentationTime: try #require(fields["pts"].flatMap(Int64.init)),
                decodeTime: try #require(fields["dts"].flatMap(Int64.init)),
                duration: fields["duration"].flatMap(Int64.init), size: try #require(fields["size"].flatMap(Int.init)),
                isKey: fields["flags"]?.hasPrefix("K") == true)
        }
    }
}
