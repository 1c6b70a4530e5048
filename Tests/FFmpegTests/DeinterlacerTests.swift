import Bytes
import Clips
import FFmpeg
import Media
import TestFolder
import TestTools
import Testing

/// Of fields become pictures.
@Suite(.timeLimit(.minutes(30))) struct DeinterlacerTests {
    private let folder = TemporaryFolder()

    /// Everything in it moves, so that the fields of a picture differ everywhere.
    private static let moving = "testsrc2=s=320x192:r=50:d=1,scroll=h=0.04"

    private func clip(_ options: String = "", _ first: String = "top") throws -> Clip {
        try Clip(
            folder, "clip.mp4", from: Self.moving,
            "-vf tinterlace=interleave_\(first) -c:v libx264 -preset ultrafast -qp 10 -flags +ilme+ildct -pix_fmt yuv420p "
                + options)
    }

    private func deinterlaced(_ frames: [Frame], _ filter: Deinterlacer) throws -> [Frame] {
        try frames.flatMap { try filter.deinterlace($0) } + filter.finish()
    }

    /// How far rows are from what lies between those above and below, on average: fields of two moments make combs.
    private func combing(_ frame: Frame) -> Double {
        frame.withPlane(0) { bytes, stride in
            var sum = 0
            for row in 1..<(frame.height - 1) {
                for place in (row * stride)..<(row * stride + frame.width) {
                    sum += abs(2 * Int(bytes[place]) - Int(bytes[place - stride]) - Int(bytes[place + stride]))
                }
            }
            return Double(sum) / Double((frame.height - 2) * frame.width)
        } ?? 0
    }

    @Test(arguments: Deinterlacer.known, ["top", "bottom"])
    func combsAreGone(filter: String, first: String) throws {
        let frames = try clip("", first).frames()
        let whole = try Clip(
            folder, "whole.mp4", from: Self.moving, "-c:v libx264 -preset ultrafast -qp 10 -pix_fmt yuv420p"
        ).frames()
        let made = try deinterlaced(frames, try Deinterlacer(among: [filter]))
        try #require(frames.count == 25 && made.count == 25)
        #expect(frames.allSatisfy { $0.isInterlaced })
        #expect(made.allSatisfy { !$0.isInterlaced } && made.map(\.presentationTime) == frames.map(\.presentationTime))
        for index in 2..<23 {
            let natural = combing(whole[2 * index])
            #expect(combing(frames[index]) > 2 * natural, "there are some")
            #expect(combing(made[index]) < 1.3 * natural)
            // They are the pictures of the first fields.
            #expect(Frame.likeness(made[index].packed, whole[2 * index].packed) > 22)
        }
    }

    /// Many a source says nothing of its fields, or only of some.
    @Test func picturesThatSayNothingAreNoExceptions() throws {
        let frames = try Clip(
            folder, "clip.mp4", from: Self.moving,
            "-vf tinterlace=interleave_top -c:v libx264 -preset ultrafast -qp 10 -pix_fmt yuv420p"
        ).frames()
        let made = try deinterlaced(frames, try Deinterlacer())
        try #require(frames.count == 25 && made.count == 25)
        #expect(frames.allSatisfy { !$0.isInterlaced })
        for index in 2..<23 { #expect(2 * combing(made[index]) < combing(frames[index])) }
    }

    /// One goes in, and the one before comes out.
    @Test func aPictureWaitsForTheNext() throws {
        let frames = try clip().frames()
        let deinterlacer = try Deinterlacer()
        var inside: [MediaTime] = []
        for frame in frames {
            let made = try deinterlacer.deinterlace(frame)
            #expect(made.map(\.presentationTime) == inside)
            inside = [frame.presentationTime]
        }
        #expect(try deinterlacer.finish().map(\.presentationTime) == inside)
        #expect(try deinterlacer.finish().isEmpty)
        // Also where there is but one.
        #expect(try deinterlaced([frames[7]], deinterlacer).map(\.presentationTime) == [frames[7].presentationTime])
    }

    @Test func timesAndWhatBelongsToThePicturesGoAlong() throws {
        let clip = try clip("-aspect 4:3 -color_trc arib-std-b67 -chroma_sample_location topleft")
        var frames = try Clip.frames(clip.track, clip.captioned)
        // At no rate, and with a hole.
        for (index, frame) in frames.enumerated() {
            frames[index].presentationTime = MediaTime(
                frame.presentationTime.ticks(in: .video) + Int64(index * index % 7) + (index > 9 ? 400_000 : 0), .video)
        }
        let made = try deinterlaced(frames, try Deinterlacer())
        #expect(made.map(\.presentationTime) == frames.map(\.presentationTime))
        #expect(made.map(\.captions) == frames.map(\.captions) && frames[3].captions != nil)
        for (left, right) in zip(made, frames) {
            #expect(left.sampleAspectRatio == right.sampleAspectRatio && left.colour == right.colour)
            #expect(left.chromaLocation == right.chromaLocation && left.isKey == right.isKey)
            #expect(left.pixelFormat == right.pixelFormat)
        }
        #expect(made[0].sampleAspectRatio != AspectRatio(1, 1) && made[0].colour?.transfer == 18)
    }

    /// What is inside comes out before what is of another form.
    @Test func theSourceMayChange() throws {
        let frames = try clip().frames()
        let scaler = try VideoScaler(VideoScalerOptions(size: PictureSize(160, 96)))
        let mixed = try frames[..<5] + frames[5..<9].map { try scaler.scale($0) } + frames[9...]
        let made = try deinterlaced(Array(mixed), try Deinterlacer())
        #expect(made.map(\.presentationTime) == mixed.map(\.presentationTime))
        #expect(made.map(\.width) == mixed.map(\.width))
    }

    @Test func withoutAFilterThereIsNone() throws {
        #expect(throws: CodecError.filterMissing("wonderful")) { try Deinterlacer(among: ["wonderful"]) }
        // The next best is taken.
        let frames = try clip().frames()
        let made = try deinterlaced(frames, try Deinterlacer(among: ["wonderful", "yadif"]))
        let expected = try deinterlaced(frames, try Deinterlacer(among: ["yadif"]))
        #expect(made.map(\.packed) == expected.map(\.packed))
        #expect(made.map(\.packed) != (try deinterlaced(frames, try Deinterlacer())).map(\.packed))
    }
}
