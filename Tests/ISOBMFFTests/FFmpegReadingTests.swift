import Bitstreams
import Bytes
import Foundation
import ISOBMFF
import Media
import Testing

/// What ffmpeg encodes, written as CMAF and read back by ffmpeg.
@Suite(.enabled(if: Tool.areThere, "ffmpeg and ffprobe are not there to read the files"))
struct FFmpegReadingTests {
    static let framesOfReordering = [0, 1, 2, 3]

    @Test(.timeLimit(.minutes(2)), arguments: framesOfReordering)
    func pictures(bFrames: Int) throws {
        let folder = try TemporaryFolder()
        let source = try Self.encode(bFrames: bFrames, in: folder)
        let configuration = try AVCDecoderConfiguration(record: source.videoConfiguration)
        let samples = try Self.regularSamples(source.video, lengthSize: configuration.lengthSize)
        #expect(samples.contains { $0.compositionOffset < 0 } == (bFrames > 0))
        let base: UInt64 = 900_000
        let file = try folder.newFile(
            named: "video.mp4", Self.file(of: Track(configuration), base: base, samples, perChunk: 5))
        try Self.expectSilence(of: file)
        let packets = try Self.packets(of: file)
        print("bf", bFrames)
        for p in packets.prefix(8) { print(p) }
        for (s, i) in zip(samples.prefix(8), 0...) { print(i, Int(base) + 3600 * i, s.compositionOffset) }
        #expect(packets.count == samples.count)
    }

    /// Two seconds of pictures and sound, as FLV.
    private static func encode(bFrames: Int, in folder: TemporaryFolder) throws -> FLVReading {
        let file = folder.url.appendingPathComponent("source.flv")
        let output = try Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-f", "lavfi", "-i",
                "sine=r=48000,aformat=channel_layouts=stereo", "-t", "2", "-c:v", "libx264", "-pix_fmt", "yuv420p",
                "-preset", "veryfast", "-g", "25", "-bf", "\(bFrames)", "-c:a", "aac", "-f", "flv", file.path,
            ])
        try #require(output.status == 0, "\(output.standardError)")
        return try FLVReading(ByteChunk([UInt8](Data(contentsOf: file))))
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

    private static func file(of track: Track, base: UInt64, _ samples: [ChunkSample], perChunk: Int) -> [UInt8] {
        var bytes = CMAFHeader.bytes(for: track).array
        var (time, number): (UInt64, UInt32) = (base, 1)
        for start in stride(from: 0, to: samples.count, by: perChunk) {
            let group = Array(samples[start..<min(start + perChunk, samples.count)])
            bytes += CMAFChunk.bytes(sequenceNumber: number, baseMediaDecodeTime: time, samples: group).array
            time += group.reduce(0) { $0 + UInt64($1.duration) }
            number += 1
        }
        return bytes
    }

    /// ffmpeg reads and decodes `file` without a word.
    private static func expectSilence(of file: URL) throws {
        for arguments in [["-f", "null", "-"], ["-c", "copy", "-f", "null", "-"]] {
            let output = try Tool.run("ffmpeg", ["-v", "warning", "-i", file.path] + arguments)
            #expect(output.status == 0)
            #expect(output.standardError == "")
        }
    }

    private static func packets(of file: URL) throws -> [[String: String]] {
        let output = try Tool.run(
            "ffprobe",
            [
                "-v", "warning", "-show_packets", "-show_entries", "packet=pts,dts,duration,size,flags", "-of",
                "csv=p=0", file.path,
            ])
        #expect(output.status == 0 && output.standardError == "")
        return output.standardOutput.split(separator: "\n").map { ["line": String($0)] }
    }
}
