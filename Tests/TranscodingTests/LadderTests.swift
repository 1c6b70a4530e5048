import Media
import SeededRandom
import Testing
import Transcoding

@Suite struct LadderTests {
    static func sizes(_ preset: OutputPreset, _ source: SourcePicture) -> [String] {
        Ladder(OutputProfile(preset), for: source).rungs.map { "\($0.size)" }
    }

    static func source(_ width: Int, _ height: Int, _ shape: AspectRatio = AspectRatio(1, 1)) -> SourcePicture {
        SourcePicture(PictureSize(width, height), sampleAspectRatio: shape, frameRate: 25)
    }

    static func lines(_ lines: [Int]) -> OutputProfile {
        OutputProfile(.ladder(lines.map { Rendition(.lines($0), bitRate: .kilobits($0 * 3)) }))
    }

    @Test(arguments: OutputPreset.allCases)
    func aPresetHasThreeRungsOrMoreFromTheLargestDown(preset: OutputPreset) {
        let ladder = Ladder(OutputProfile(preset), for: Self.source(3840, 2160))
        #expect(ladder.rungs.count >= 3 && ladder.rungs.count == preset.renditions.count)
        for (upper, lower) in zip(ladder.rungs, ladder.rungs.dropFirst()) {
            #expect(upper.size.height > lower.size.height)
            // Players step from one to the next: neither too near nor too far (Apple's authoring rules: 1.5 to 2).
            let ratio =
                Double(upper.rendition.bitRate.bitsPerSecond) / Double(lower.rendition.bitRate.bitsPerSecond)
            #expect((1.5...2.2).contains(ratio))
        }
    }

    @Test func rungsAboveTheSourceAreLeftOut() {
        #expect(Self.sizes(.fullhd, Self.source(1920, 1080)) == ["1920x1080", "1280x720", "854x480", "640x360"])
        #expect(Self.sizes(.fullhd, Self.source(1280, 720)) == ["1280x720", "854x480", "640x360"])
        #expect(Self.sizes(.fullhd, Self.source(1024, 576)) == ["854x480", "640x360"])
    }

    @Test func aSourceSmallerThanAllHasOneRungOfItsSize() {
        let ladder = Ladder(OutputProfile(.hd), for: Self.source(321, 181))
        #expect(ladder.rungs.map(\.size) == [PictureSize(320, 180)])
        #expect(ladder.rungs[0].rendition == OutputPreset.hd.renditions.last)
    }

    @Test func whatIsHardlyLargerHasTheSourcesSize() {
        #expect(Self.sizes(.fullhd, Self.source(1920, 1072)).first == "1920x1072")
        #expect(Self.sizes(.fullhd, Self.source(1908, 1072)).first == "1908x1072")
        #expect(Self.sizes(.fullhd, Self.source(1800, 1012)).first == "1280x720")
    }

    @Test(
        arguments: [
            // Anamorphic HD, PAL 4:3 and 16:9, NTSC 4:3: lines stay, and the width is that of square samples.
            (1440, 1080, AspectRatio(4, 3), ["1920x1080", "1280x720", "854x480", "640x360"]),
            (720, 576, AspectRatio(64, 45), ["854x480", "640x360"]),
            (720, 576, AspectRatio(16, 15), ["640x480", "480x360"]),
            (720, 480, AspectRatio(8, 9), ["640x480", "480x360"]),
            // Cinema, upright and square pictures.
            (1920, 804, AspectRatio(1, 1), ["1920x804", "1280x536", "854x358", "640x268"]),
            (1080, 1920, AspectRatio(1, 1), ["1080x1920", "720x1280", "480x854", "360x640"]),
            (1080, 1080, AspectRatio(1, 1), ["1080x1080", "720x720", "480x480", "360x360"]),
        ])
    func theAspectRatioIsKeptAndSamplesAreSquare(width: Int, height: Int, shape: AspectRatio, sizes: [String]) {
        #expect(Self.sizes(.fullhd, Self.source(width, height, shape)) == sizes)
    }

    @Test func linesAreTheShorterSideWhateverFollows() {
        let profile = Self.lines([1080, 480])
        #expect(Ladder(profile, for: Self.source(3840, 1608)).rungs.map { "\($0.size)" } == ["2580x1080", "1146x480"])
        #expect(Ladder(profile, for: Self.source(1608, 3840)).rungs.map { "\($0.size)" } == ["1080x2580", "480x1146"])
    }

    @Test func picturesThatAreTurnedStayAsTheyAreCoded() {
        var source = Self.source(1920, 1080)
        source.rotation = .quarter
        let ladder = Ladder(OutputProfile(.hd), for: source)
        #expect(ladder.rotation == .quarter)
        #expect(ladder.rungs.map { "\($0.size)" } == ["1280x720", "854x480", "640x360"])
    }

    @Test func shapesOfSamplesThatCannotBeAreSquare() {
        for shape in [AspectRatio(0, 1), AspectRatio(1, 0), AspectRatio(-4, 3), AspectRatio(65_535, 1)] {
            #expect(Self.sizes(.sd, Self.source(1920, 1080, shape)) == ["854x480", "640x360", "426x240"])
        }
    }

    @Test func rungsThatBecomeAlikeAreOne() {
        var profile = Self.lines([1080, 720])
        profile.pictures = .ladder(
            [(1080, 4000), (1078, 4000), (1078, 3000)].map { Rendition(.lines($0), bitRate: .kilobits($1)) })
        let rungs = Ladder(profile, for: Self.source(1916, 1076)).rungs
        #expect(rungs.map(\.rendition.bitRate) == [.kilobits(4000), .kilobits(3000)])
        #expect(Set(rungs.map(\.size)) == [PictureSize(1916, 1076)])
    }

    @Test func rungsAreSortedHoweverTheyAreWritten() {
        let rungs = Ladder(Self.lines([360, 1080, 720]), for: Self.source(1920, 1080)).rungs
        #expect(rungs.map(\.size.height) == [1080, 720, 360])
    }

    @Test func inAMixedProfileTheSourceIsAboveAllThatAreEncoded() {
        let profile = OutputProfile(.mixed(OutputPreset.fullhd.renditions))
        let ladder = Ladder(profile, for: Self.source(1920, 1080))
        #expect(ladder.passesSource && ladder.rungs.map(\.size.height) == [720, 480, 360])
        #expect(Ladder(profile, for: Self.source(640, 360)).rungs.isEmpty)
        #expect(Ladder(profile, for: Self.source(320, 180)).rungs.isEmpty)
        #expect(!Ladder(OutputProfile(.fullhd), for: Self.source(1920, 1080)).passesSource)
    }

    @Test(
        arguments: [
            (25, [1, 1]), (29.97, [1, 1]), (30.4, [1, 1]), (50, [1, 2]), (59.94, [1, 2]), (120, [2, 4]),
        ] as [(Double, [Int])])
    func lowRungsOfPresetsHaveThirtyFramesASecondAtMost(frameRate: Double, divisors: [Int]) {
        var source = Self.source(1280, 720)
        source.frameRate = frameRate
        let ladder = Ladder(OutputProfile(.hd), for: source)
        #expect([ladder.rungs[0].divisor, ladder.rungs[1].divisor] == divisors)
        source.frameRate = nil
        #expect(Ladder(OutputProfile(.hd), for: source).divisors == [1, 1, 1])
    }

    @Test func aDivisorThatIsWrittenIsTakenAtItsWord() {
        #expect(Rendition.Pace.every(3).divisor(of: 25) == 3)
        #expect(Rendition.Pace.every(0).divisor(of: nil) == 1)
    }

    @Test(arguments: [(25, 4), (20, 4), (15, 2), (10, 2), (9.5, 1), (4, 1)] as [(Double, Int)])
    func fivePicturesASecondAreLeftAtLeast(frameRate: Double, divisor: Int) {
        #expect(Rendition.Pace.every(4).divisor(of: frameRate) == divisor)
    }

    @Test func eachRungIsScaledFromTheNextOneThatHasItsFrames() {
        var renditions = [1080, 720, 480, 480, 240].map { Rendition(.lines($0), bitRate: .kilobits($0 * 3)) }
        renditions[1].pace = .every(2)
        renditions[3].bitRate = .kilobits(500)
        renditions[4].pace = .every(4)
        let rungs = Ladder(OutputProfile(.ladder(renditions)), for: Self.source(1920, 1080)).rungs
        #expect(rungs.map(\.above) == [nil, 0, 0, 2, 3])
    }

    @Test func whatIsTooNarrowToEncodeIsLeftOut() {
        #expect(Self.sizes(.fullhd, Self.source(8000, 200)) == ["1920x48", "1280x32", "854x22", "640x16"])
        #expect(Self.sizes(.fullhd, Self.source(8000, 120)) == ["1920x28", "1280x20"])
    }

    /// Any size, any shape of samples, any ladder.
    @Test func noLadderBreaksARule() {
        let seed: UInt64 = 20_261
        var generator = SeededGenerator(seed: seed)
        for round in 0..<4000 {
            let shape =
                Bool.random(using: &generator)
                ? AspectRatio(1, 1)
                : AspectRatio(Int.random(in: 1...80, using: &generator), Int.random(in: 20...80, using: &generator))
            var source = Self.source(
                Int.random(in: 1...8200, using: &generator), Int.random(in: 1...8200, using: &generator), shape)
            source.frameRate = [nil, 15, 25, 29.97, 50, 60].randomElement(using: &generator) ?? nil
            let renditions = (0..<Int.random(in: 1...8, using: &generator)).map { _ in
                Self.rendition(&generator)
            }
            let isMixed = Int.random(in: 0...3, using: &generator) == 0
            let profile = OutputProfile(isMixed ? .mixed(renditions) : .ladder(renditions))
            check(Ladder(profile, for: source), of: source, isMixed: isMixed, "seed \(seed), round \(round)")
        }
    }

    private static func rendition(_ generator: inout SeededGenerator) -> Rendition {
        let sides = (2...4096)
        let extent: Rendition.Extent =
            Bool.random(using: &generator)
            ? .lines(2 * Int.random(in: 32...1080, using: &generator))
            : .frame(
                PictureSize(
                    Int.random(in: sides, using: &generator) & ~1, Int.random(in: sides, using: &generator) & ~1))
        var rendition = Rendition(extent, bitRate: .kilobits(500 * Int.random(in: 1...4, using: &generator)))
        rendition.pace = .every(Int.random(in: 1...4, using: &generator))
        return rendition
    }

    private func check(_ ladder: Ladder, of source: SourcePicture, isMixed: Bool, _ place: Comment) {
        let shape = source.sampleAspectRatio
        let isShape = shape.width <= shape.height * 8 && shape.height <= shape.width * 8
        let width = Double(source.size.width) * (isShape ? Double(shape.width) / Double(shape.height) : 1)
        let height = Double(source.size.height)
        let ratio = width / height
        #expect(isMixed || !ladder.rungs.isEmpty, place)
        for (index, rung) in ladder.rungs.enumerated() {
            #expect(rung.size.width % 2 == 0 && rung.size.height % 2 == 0, place)
            #expect(Double(rung.size.width) <= max(width, 2) && Double(rung.size.height) <= max(height, 2), place)
            // Each side is at most one sample beside its true length, but for that of the source's own size.
            let off = abs(Double(rung.size.width) - Double(rung.size.height) * ratio)
            #expect(off <= 2 + 2 * ratio, place)
            for other in ladder.rungs[..<index] {
                let isAlike =
                    other.size == rung.size && other.divisor == rung.divisor
                    && other.rendition.bitRate == rung.rendition.bitRate
                #expect(!isAlike, place)
                #expect(other.size.width * other.size.height >= rung.size.width * rung.size.height, place)
            }
            if let above = rung.above {
                let upper = ladder.rungs[above]
                #expect(above < index && rung.divisor % upper.divisor == 0, place)
                #expect(upper.size.width >= rung.size.width && upper.size.height >= rung.size.height, place)
            }
        }
    }
}
