import Bytes
import FFmpeg
import Locks
import Media
import Packaging
import Runtime
import Testing
import Transcoding

/// Still pictures in the coding of a track.
@Suite(.timeLimit(.minutes(30))) struct StillGroupTests {
    private static let picture = StillPicture(.card(title: "News", line: "We will be right back"))

    private static func track(
        _ coding: VideoCoding, _ width: Int = 320, _ height: Int = 180, colour: ColourDescription? = nil,
        shape: AspectRatio = AspectRatio(1, 1), as name: String = ""
    ) -> Track {
        Track(
            codec: coding.codec,
            format: .video(VideoFormat(width: width, height: height, sampleAspectRatio: shape, colour: colour)),
            decoderConfiguration: ByteChunk(), codecString: name)
    }

    private static func frames(_ group: StillGroup) throws -> [Frame] {
        let decoder = try VideoDecoder(group.track)
        let frames = group.samples.flatMap { decoder.decode($0) } + decoder.finish()
        #expect(decoder.faults == 0)
        return frames
    }

    @Test(arguments: VideoCoding.allCases) func itIsAKeyFrameAndPicturesLikeIt(coding: VideoCoding) throws {
        let group = try StillGroup(Self.picture, like: Self.track(coding), duration: .milliseconds(2000))
        #expect(group.track.codec == coding.codec && group.duration == .milliseconds(2000))
        #expect(group.samples.map(\.isSync) == [true] + [Bool](repeating: false, count: 19))
        #expect(group.samples.map(\.presentationTime) == (0..<20).map { .milliseconds(Int64($0) * 100) })
        #expect(group.samples.map(\.decodeTime) == group.samples.map(\.presentationTime))
        let frames = try Self.frames(group)
        #expect(frames.count == 20 && frames.allSatisfy { $0.width == 320 && $0.height == 180 })
        // What stands still takes next to nothing.
        #expect(group.samples.dropFirst().reduce(0) { $0 + $1.data.count } < 8000)
    }

    @Test func itIsShownAgainAndAgain() throws {
        let group = try StillGroup(Self.picture, like: Self.track(.h264), duration: .milliseconds(1000))
        let decoder = try VideoDecoder(group.track)
        var count = 0
        for round in 0..<3 {
            for sample in group.samples {
                let shift = group.duration * Int64(round)
                count +=
                    decoder.decode(
                        Sample(
                            data: sample.data, decodeTime: sample.decodeTime + shift,
                            presentationTime: sample.presentationTime + shift, access: sample.access)
                    ).count
            }
        }
        #expect(count + decoder.finish().count == 30 && decoder.faults == 0)
    }

    @Test func itHasTheFormOfTheTrack() throws {
        let hdr = ColourDescription(primaries: 9, transfer: 16, matrix: 9, isFullRange: false)
        let main10 = Self.track(.hevc, colour: hdr, as: "hvc1.2.4.L93.B0")
        let ten = try StillGroup(Self.picture, like: main10, duration: .milliseconds(500))
        #expect(ten.track.codecString.hasPrefix("hvc1.2."))
        #expect(try Self.frames(ten).allSatisfy { $0.pixelFormat.bitDepth == 10 && $0.colour == hdr })
        let wide = Self.track(.h264, 360, 288, shape: AspectRatio(16, 11))
        guard
            case .video(let format) = try StillGroup(Self.picture, like: wide, duration: .milliseconds(500)).track
                .format
        else {
            Issue.record("no pictures")
            return
        }
        #expect(format.sampleAspectRatio == AspectRatio(16, 11) && format.width == 360)
    }

    /// What clients were told of the track holds for it, too.
    @Test(
        arguments: [
            (.h264, "avc1.64001f"), (.h264, "avc1.4d401e"), (.h264, "avc1.42c00d"), (.h264, "avc1.640028"),
            (.hevc, "hvc1.1.6.L93.90"), (.hevc, "hvc1.1.6.L120.90"),
        ] as [(VideoCoding, String)])
    func itHasTheProfileAndTheLevelOfTheTrack(coding: VideoCoding, name: String) throws {
        let group = try StillGroup(Self.picture, like: Self.track(coding, as: name), duration: .milliseconds(500))
        #expect(group.track.codecString == name)
        #expect(try Self.frames(group).count == 5)
    }

    @Test func whatCannotBeEncodedIsRefused() {
        let vp9 = Track(
            codec: .vp9, format: .video(VideoFormat(width: 320, height: 180)), decoderConfiguration: ByteChunk(),
            codecString: "vp09.00.10.08")
        #expect(throws: CodecError.encoderMissing("vp9")) {
            try StillGroup(Self.picture, like: vp9, duration: .milliseconds(500))
        }
        #expect(throws: CodecError.self) {
            try StillGroup(Self.picture, like: Self.track(.h264, 0, 0), duration: .milliseconds(500))
        }
    }

    @Test func theStudioMakesOneForEachTrack() {
        let studio = SlateStudio()
        let found = Monitor<Result<[StillGroup], CodecError>?>(nil)
        studio.order(
            by: "news", Self.picture, like: [Self.track(.h264), Self.track(.h264, 160, 90)],
            duration: .milliseconds(500)
        ) { result in found.signal { $0 = result } }
        let isDone = found.wait(for: .seconds(60)) { $0 != nil }
        studio.close()
        let sizes = found.withLock { $0 }.map { result in
            (try? result.get())?.map { group -> Int in
                if case .video(let format) = group.track.format { format.width } else { 0 }
            }
        }
        #expect(isDone && sizes == [320, 160])
    }

    /// An encoder that changes all the time has one made for what it is like in the end, and no queue of them.
    @Test func onlyTheLastOrderOfACustomerWaits() {
        let studio = SlateStudio()
        let found = Monitor<[String]>([])
        for width in [320, 160, 96, 64, 48] {
            for customer in ["news", "sport"] {
                studio.order(
                    by: customer, Self.picture, like: [Self.track(.h264, width, 48)], duration: .milliseconds(500)
                ) { _ in found.signal { $0.append("\(customer) \(width)") } }
            }
        }
        let isDone = found.wait(for: .seconds(60)) { $0.contains("news 48") && $0.contains("sport 48") }
        studio.close()
        // Whatever had been begun by then is made.
        #expect(isDone && found.withLock { $0.count } <= 4)
    }

    @Test func whatIsExpectedHasTheSizesOfTheOutput() {
        func sizes(_ profile: OutputProfile) -> [String] {
            profile.expectedTracks.map { track in
                if case .video(let format) = track.format { "\(format.width)x\(format.height)" } else { "" }
            }
        }
        #expect(sizes(.passthrough) == ["1280x720"])
        #expect(sizes(OutputProfile(.fullhd)) == OutputPreset.fullhd.renditions.map(\.extent).map(Self.name))
        let small = [Rendition(.lines(180), bitRate: .kilobits(300)), Rendition(.lines(90), bitRate: .kilobits(100))]
        #expect(sizes(OutputProfile(.ladder(small))) == ["320x180", "160x90"])
        #expect(sizes(OutputProfile(.mixed(small))) == ["1920x1080", "320x180", "160x90"])
        #expect(sizes(OutputProfile(.passthrough, audio: AudioOutput())) == ["1280x720"])
    }

    private static func name(_ extent: Rendition.Extent) -> String {
        switch extent {
        case .frame(let size): "\(size)"
        case .lines(let lines): "\(lines)"
        }
    }
}
