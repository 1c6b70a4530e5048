import Clips
import FFmpeg
import Media
import TestFolder
import Testing

/// Pictures of another shape than what comes out: all of them is seen, with black beside them.
@Suite(.timeLimit(.minutes(5))) struct LetterboxTests {
    private static func scaled(
        _ size: String, to wanted: PictureSize, by library: VideoScalerOptions.Library, shape: String = "1"
    ) throws -> Frame {
        let clip = try Clip(
            TemporaryFolder(), "white.mp4", from: "color=white:size=\(size):rate=25:duration=0.2,setsar=\(shape)",
            "-c:v libx264 -preset ultrafast -pix_fmt yuv420p")
        var options = VideoScalerOptions(size: wanted)
        options.library = library
        return try VideoScaler(options).scale(try clip.frames()[0])
    }

    /// From where to where a picture is white, in the row and in the column that go through its middle.
    private static func extent(_ frame: Frame) -> (columns: ClosedRange<Int>, rows: ClosedRange<Int>) {
        let rows =
            frame.withPlane(0) { bytes, stride in
                (0..<frame.height).map { Array(bytes[($0 * stride)..<($0 * stride + frame.width)]) }
            } ?? []
        let across = rows[frame.height / 2].indices.filter { rows[frame.height / 2][$0] > 126 }
        let down = rows.indices.filter { rows[$0][frame.width / 2] > 126 }
        return ((across.first ?? 0)...(across.last ?? 0), (down.first ?? 0)...(down.last ?? 0))
    }

    @Test(arguments: [VideoScalerOptions.Library.zimg, .swscale]) func allOfItIsSeenInTheMiddle(
        library: VideoScalerOptions.Library
    ) throws {
        let wide = PictureSize(320, 180)
        // Upright, 4:3, wider than wide, and 4:3 by the shape of its samples.
        for (size, shape, columns, rows) in [
            ("90x160", "1", 109...210, 0...179), ("160x120", "1", 40...279, 0...179),
            ("480x180", "1", 0...319, 30...149),
            ("176x144", "12/11", 40...279, 0...179),
        ] {
            let frame = try Self.scaled(size, to: wide, by: library, shape: shape)
            let extent = Self.extent(frame)
            #expect(frame.width == 320 && frame.height == 180)
            #expect(abs(extent.columns.lowerBound - columns.lowerBound) <= 2, "\(size): \(extent)")
            #expect(abs(extent.columns.upperBound - columns.upperBound) <= 2, "\(size): \(extent)")
            #expect(abs(extent.rows.lowerBound - rows.lowerBound) <= 2, "\(size): \(extent)")
            #expect(abs(extent.rows.upperBound - rows.upperBound) <= 2, "\(size): \(extent)")
        }
    }

    /// Sizes are even numbers: a shape that differs by less is the same.
    @Test(arguments: [VideoScalerOptions.Library.zimg, .swscale]) func whatDiffersByRoundingFillsAll(
        library: VideoScalerOptions.Library
    ) throws {
        for (size, wanted) in [
            ("1366x768", PictureSize(640, 360)), ("854x480", PictureSize(426, 240)), ("320x172", PictureSize(64, 34)),
        ] {
            let extent = Self.extent(try Self.scaled(size, to: wanted, by: library))
            #expect(extent.columns == 0...(wanted.width - 1) && extent.rows == 0...(wanted.height - 1), "\(size)")
        }
    }
}
