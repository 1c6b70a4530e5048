import Clips
import FFmpeg
import Foundation
import Media
import TestFolder
import TestTools
import Testing

/// Pictures go between threads, and nothing is left behind.
@Suite(.timeLimit(.minutes(30))) struct CodecSharingTests {
    private let folder = TemporaryFolder()

    private static func options(_ size: PictureSize) -> VideoEncoderOptions {
        var options = VideoEncoderOptions(
            encoder: "libx264", size: size, frameDuration: MediaTime(1, Timescale(25)), bitrate: 300_000)
        (options.preset, options.tune) = ("ultrafast", "zerolatency")
        return options
    }

    /// One decoder, and encoders on threads of their own that all read the same pictures.
    @Test func picturesAreSharedBetweenThreads() async throws {
        let clip = try Clip(
            folder, "clip.mp4", from: "testsrc2=s=160x90:r=25:d=2", "-pix_fmt yuv420p -c:v libx264 -preset ultrafast")
        let frames = try clip.frames()
        let results = try await withThrowingTaskGroup(of: [Sample].self) { group in
            for _ in 0..<3 {
                group.addTask {
                    let scaler = try VideoScaler(VideoScalerOptions(size: PictureSize(80, 44)))
                    let encoder = try VideoEncoder(Self.options(PictureSize(80, 44)))
                    var samples: [Sample] = []
                    for (index, frame) in frames.enumerated() {
                        samples += try encoder.encode(try scaler.scale(frame), asKey: index % 10 == 0)
                    }
                    return samples + (try encoder.finish())
                }
            }
            return try await group.reduce(into: [[Sample]]()) { $0.append($1) }
        }
        #expect(results.count == 3 && results[0].count == 50 && results[1] == results[0] && results[2] == results[0])
        // Nobody has written into what they share.
        let again = try clip.frames()
        #expect(zip(frames, again).allSatisfy { $0.packed == $1.packed })
    }

    private static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    /// In a process of its own: what other tests do does not count.
    @Test func nothingIsLeftBehind() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            let pictures = try Clip(
                folder, "v.mp4", from: "testsrc2=s=640x360:r=25:d=0.2",
                "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -bf 2")
            let sound = try Clip(folder, "a.mp4", from: "sine=r=44100:d=0.3", "-c:a aac")
            func cycle(_ index: Int) throws {
                var scaling = VideoScalerOptions(size: PictureSize(320, 180))
                if index.isMultiple(of: 2) { scaling.library = .zimg }
                let scaler = try VideoScaler(scaling)
                let encoder = try VideoEncoder(Self.options(PictureSize(320, 180)))
                // Some are given up in the middle.
                for frame in try pictures.frames() { _ = try encoder.encode(try scaler.scale(frame)) }
                let filter = try AudioFilter(AudioFilterOptions())
                let audio = try AudioEncoder(AudioEncoderOptions())
                for frame in try sound.sound() {
                    for frame in try filter.filter(frame) { _ = try audio.encode(frame) }
                }
                var wrong = Self.options(PictureSize(320, 180))
                wrong.options = [("nonsense", "1")]
                _ = try? VideoEncoder(wrong)
            }
            for index in 0..<40 { try cycle(index) }
            let before = Self.residentBytes
            for index in 0..<200 { try cycle(index) }
            let growth = Self.residentBytes - before
            try #require(before > 0 && growth < 6 << 20, "\(growth >> 10) KiB")
        }
    }
}
