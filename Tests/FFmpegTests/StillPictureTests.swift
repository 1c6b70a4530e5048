import FFmpeg
import Media
import TestFolder
import TestTools
import Testing

/// Pictures that stand still: cards with words, and images.
@Suite(.timeLimit(.minutes(30))) struct StillPictureTests {
    private static func luma(_ frame: Frame) -> [[UInt8]] {
        frame.withPlane(0) { bytes, stride in
            (0..<frame.height).map { Array(bytes[($0 * stride)..<($0 * stride + frame.width)]) }
        } ?? []
    }

    /// How many samples are brighter than that.
    private static func bright(_ frame: Frame, above level: UInt8 = 150) -> Int {
        luma(frame).joined().filter { $0 > level }.count
    }

    private static func card(_ title: String, _ line: String = "", _ format: VideoFormat? = nil) throws -> Frame {
        try StillPicture(.card(title: title, line: line))
            .frame(format ?? VideoFormat(width: 640, height: 360), pixelFormat: .yuv420)
    }

    @Test(arguments: [(640, 360), (360, 640), (64, 64), (1920, 1080), (322, 182)] as [(Int, Int)])
    func aCardHasTheSizeThatIsAskedFor(width: Int, height: Int) throws {
        let frame = try Self.card("News", "Soon", VideoFormat(width: width, height: height))
        #expect(frame.width == width && frame.height == height && frame.pixelFormat == .yuv420)
        #expect(frame.sampleAspectRatio == AspectRatio(1, 1) && frame.presentationTime == .zero)
        // It is dark, and has something written on it.
        #expect(Self.bright(frame) > 0 && Self.bright(frame) < width * height / 5)
    }

    @Test func whatIsWrittenIsSeen() throws {
        let (without, with) = (try Self.card(""), try Self.card("News"))
        #expect(Self.bright(with) > Self.bright(without) + 500)
        #expect(try Self.bright(Self.card("News", "We will be right back")) > Self.bright(with) + 200)
        // A long title is written small enough to fit in: none of it lies at the edge.
        let long = try Self.card(String(repeating: "WWWW ", count: 10))
        #expect(Self.luma(long).allSatisfy { row in row.suffix(8).allSatisfy { $0 < 100 } })
    }

    /// Letters that mean something to libavfilter are letters.
    @Test(arguments: [":", "'", "\\", ",", ";", "[in]", "%{pts}", "a:b'c\\d,e;f[g]h", "Ünïcödé ✓", "\\'\\\\''"])
    func anyWordsCanBeWritten(words: String) throws {
        let frame = try Self.card(words, words)
        #expect(Self.bright(frame) > Self.bright(try Self.card("")))
    }

    @Test func itsColourIsThatWhichIsAskedFor() throws {
        let hdr = ColourDescription(primaries: 9, transfer: 16, matrix: 9, isFullRange: false)
        let format = VideoFormat(width: 640, height: 360, colour: hdr)
        let frame = try StillPicture(.card(title: "News", line: "")).frame(format, pixelFormat: .yuv420With10Bits)
        #expect(frame.colour == hdr && frame.pixelFormat == .yuv420With10Bits)
        let full = ColourDescription(primaries: 1, transfer: 1, matrix: 1, isFullRange: true)
        #expect(try Self.card("News", "", VideoFormat(width: 640, height: 360, colour: full)).colour == full)
    }

    @Test func samplesThatAreNotSquareAreMeantSo() throws {
        let format = VideoFormat(width: 720, height: 576, sampleAspectRatio: AspectRatio(64, 45))
        let frame = try Self.card("News", "", format)
        #expect(frame.sampleAspectRatio == AspectRatio(64, 45) && frame.width == 720)
    }

    /// A white image of that size in a file whose name has all that could be taken for something else.
    private static func image(_ size: String, in folder: TemporaryFolder) throws -> String {
        let path = folder.path(of: "it's a [white]: one, \\ two;.png")
        let arguments = ["-loglevel", "error", "-f", "lavfi", "-i", "color=white:s=\(size):r=1", "-frames:v", "1"]
        try Tool.run("ffmpeg", arguments + ["-update", "1", "file:" + path])
        return path
    }

    @Test(arguments: [("320x180", 640, 360), ("100x100", 360, 360), ("40x160", 90, 360)] as [(String, Int, Int)])
    func anImageIsAsLargeAsFitsIn(size: String, width: Int, height: Int) throws {
        let folder = TemporaryFolder()
        let picture = StillPicture(.image(path: try Self.image(size, in: folder)))
        let frame = try picture.frame(VideoFormat(width: 640, height: 360), pixelFormat: .yuv420)
        let rows = Self.luma(frame)
        #expect(rows[180][320] > 230)
        #expect(abs(rows[180].filter { $0 > 128 }.count - width) <= 4)
        #expect(abs(rows.filter { $0[320] > 128 }.count - height) <= 4)
    }

    @Test func whatIsNoImageIsRefused() throws {
        let folder = TemporaryFolder()
        let words = try folder.write(Array("no image".utf8), to: "words.png")
        for name in [words, folder.path(of: "nothing.png")] {
            #expect(throws: CodecError.self) {
                try StillPicture(.image(path: name)).frame(VideoFormat(width: 64, height: 64), pixelFormat: .yuv420)
            }
        }
    }
}
