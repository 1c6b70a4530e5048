import Configuration
import FFmpeg
import HeadwaterServer
import Media
import Schema
import TestFolder
import Testing
import Transcoding

@Suite struct OutputSettingsTests {
    static func load(_ output: String, _ rest: String = "") throws(ConfigurationError) -> ServerSettings {
        try ServerSettingsTests.load("{ channels: [{ id: 'a', streamKey: '12345678', output: \(output), \(rest) }] }")
    }

    static func profile(_ output: String, _ rest: String = "") throws(ConfigurationError) -> OutputProfile {
        try load(output, rest).channels[0].output.profile
    }

    /// The faults as path, below the channel, and message.
    static func faults(_ output: String, _ rest: String = "") -> [String] {
        do {
            _ = try load(output, rest)
            return []
        } catch {
            return error.faults.map { "\($0.path): \($0.message)".replacing("channels[0].", with: "") }
        }
    }

    @Test func nothingIsMadeOfAChannelThatDoesNotSaySo() throws {
        let channels = try ServerSettingsTests.load("{ channels: [{ id: 'a', streamKey: '12345678' }] }").channels
        #expect(channels[0].output.profile == .passthrough)
        #expect(try Self.profile("'passthrough'") == .passthrough)
    }

    @Test func aSlateIsAPictureThatIsThere() throws {
        let folder = TemporaryFolder()
        let path = try folder.write([0], to: "slate.png")
        let slate = try Self.load("'sd'", "slate: { image: '\(path)', after: '2s', start: true }").channels[0].slate
        #expect(slate.show && slate.image == path && slate.start && slate.after == .seconds(2))
        #expect(
            Self.faults("'sd'", "slate: { image: '/nowhere/slate.png' }")
                == ["slate.image: there is no file /nowhere/slate.png that can be read"])
    }

    @Test func aWordStandsForALadder() throws {
        #expect(try Self.profile("'sd'") == OutputProfile(.sd))
        #expect(try Self.profile("'hd'") == OutputProfile(.hd))
        #expect(try Self.profile("'fullhd'") == OutputProfile(.fullhd))
        #expect(try Self.profile("{ ladder: 'hd' }") == OutputProfile(.hd))
        #expect(try Self.profile("{ ladder: 'hd', mixed: true }").pictures == .mixed(OutputPreset.hd.renditions))
    }

    @Test func everythingThatIsWrittenCounts() throws {
        let profile = try Self.profile(
            """
            { gop: '1s', audio: { bitrate: '96k', channels: 1, sampleRate: 44100, copy: false, dolby: false, gain: -3 },
              renditions: [
                { size: '1280x720', frameRateDivisor: 2, bitrate: '2.5M', maxrate: '3M', buffer: '700ms', codec: 'hevc',
                  preset: 'fast', profile: 'main10' },
                { height: 360, bitrate: '600k' }] }
            """)
        var large = Rendition(.frame(PictureSize(1280, 720)), bitRate: .kilobits(2500))
        large.pace = .every(2)
        large.maximumBitRate = .kilobits(3000)
        large.buffer = .milliseconds(700)
        (large.coding, large.preset, large.profile) = (.hevc, "fast", "main10")
        var audio = AudioOutput()
        (audio.bitRate, audio.channelCount, audio.sampleRate) = (.kilobits(96), 1, 44_100)
        (audio.copiesWhatFits, audio.keepsDolby, audio.level) = (false, false, .gain(-3))
        let expected = OutputProfile(
            .ladder([large, Rendition(.lines(360), bitRate: .kilobits(600))]), keyFrameInterval: .milliseconds(1000),
            audio: audio)
        #expect(profile == expected)
        let loud = try Self.profile("{ ladder: 'sd', audio: { loudness: -23 } }")
        #expect(loud.audio?.level == .loudness(-23))
        // Pictures may go out as they come.
        let quiet = try Self.profile("{ audio: { gain: -3 } }")
        #expect(quiet.pictures == .passthrough && quiet.audio?.level == .gain(-3))
    }

    @Test(
        arguments: [
            ("'uhd'", "output", "one of passthrough, sd, hd, fullhd"), ("'fulhd'", "output", "did you mean fullhd"),
            ("5", "output", "or an object"), ("{}", "output.ladder", "one of ladder, renditions, audio"),
            ("{ ladder: '4k' }", "output.ladder", "one of sd, hd, fullhd"),
            ("{ ladder: 'hd', renditions: [{ height: 360, bitrate: '1M' }] }", "output.renditions", "leave one"),
            ("{ renditions: [] }", "output.renditions", "write one"),
            ("{ audio: { bitrate: '96k' }, mixed: true }", "output.mixed", "no pictures are encoded"),
            ("{ audio: { bitrate: '96k' }, gop: '1s' }", "output.gop", "no pictures are encoded"),
            ("{ audio: {} }", "output.renditions", "what audio is to be"),
            ("{ ladder: 'hd', gop: '100ms' }", "output.gop", "500ms to 30s"),
            ("{ ladder: 'hd', gop: 2 }", "output.gop", "a duration"),
            ("{ ladder: 'hd', gop: '5s' }", "output.gop", "longer than the target duration of 4s"),
            ("{ ladder: 'hd', mixed: true, gop: '2s' }", "output.gop", "leave gop out"),
            ("{ ladder: 'hd', audio: { loudness: -5 } }", "output.audio.loudness", "-36.0 to -10.0"),
            ("{ ladder: 'hd', audio: { loudness: -40 } }", "output.audio.loudness", "-36.0 to -10.0"),
            ("{ ladder: 'hd', audio: { gain: 40 } }", "output.audio.gain", "-40.0 to 20.0"),
            ("{ ladder: 'hd', audio: { gain: 1, loudness: -23 } }", "output.audio.gain", "leave one"),
            ("{ ladder: 'hd', audio: { channels: 5 } }", "output.audio.channels", "1, 2 or 6"),
            ("{ ladder: 'hd', audio: { sampleRate: 96000 } }", "output.audio.sampleRate", "32000, 44100 or 48000"),
            ("{ ladder: 'hd', audio: { bitrate: '16k' } }", "output.audio.bitrate", "48k to 512k"),
            ("{ ladder: 'hd', audio: { channels: 6 } }", "output.audio.bitrate", "128k for 6 channels: 144k to 1.536M"),
            ("{ ladder: 'hd', audio: { codec: 'aac' } }", "output.audio.codec", "unknown key"),
        ])
    func whatCannotBeIsRefusedByName(output: String, place: String, words: String) {
        let faults = Self.faults(output)
        #expect(faults.count == 1 && faults[0].hasPrefix(place + ": ") && faults[0].contains(words), "\(faults)")
    }

    @Test(
        arguments: [
            ("bitrate: '1M'", "height", "one of height, size"),
            ("height: 721, bitrate: '1M'", "height", "an even number from 64 to 8192, got 721"),
            ("height: 0, bitrate: '1M'", "height", "64 to 8192"),
            ("height: 9000, bitrate: '1M'", "height", "64 to 8192"),
            ("size: '1280x721', bitrate: '1M'", "size", "even sides of 64 to 8192"),
            ("size: '1280x32', bitrate: '1M'", "size", "even sides of 64 to 8192"),
            ("size: '720p', bitrate: '1M'", "size", "a size such as"),
            ("size: '1280x720', height: 720, bitrate: '1M'", "size", "leave one"),
            ("height: 720", "bitrate", "missing"),
            ("height: 720, bitrate: 3000", "bitrate", "a bit rate with its unit, such as"),
            ("height: 720, bitrate: '3'", "bitrate", "a bit rate with its unit, such as"),
            ("height: 720, bitrate: '10k'", "bitrate", "50k to 100M"),
            ("height: 720, bitrate: '3M', maxrate: '2M'", "maxrate", "2M is less than the bitrate of 3M"),
            ("height: 720, bitrate: '3M', buffer: '50ms'", "buffer", "200ms to 4s"),
            ("height: 720, bitrate: '3M', buffer: '3s'", "buffer", "200ms to 2s"),
            ("height: 720, bitrate: '3M', frameRateDivisor: 0", "frameRateDivisor", "1 to 4"),
            ("height: 720, bitrate: '3M', frameRateDivisor: 5", "frameRateDivisor", "1 to 4"),
            ("height: 720, bitrate: '3M', codec: 'vp9'", "codec", "one of h264, hevc, av1"),
            ("height: 720, bitrate: '3M', codec: 'h265'", "codec", "did you mean hevc"),
            ("height: 720, bitrate: '3M', preset: 'veryfas'", "preset", "did you mean veryfast"),
            (
                "height: 720, bitrate: '3M', codec: 'av1', preset: 'fast'", "preset",
                "av1 has no preset \"fast\": one of 8"
            ),
            ("height: 720, bitrate: '3M', profile: 'main10'", "profile", "h264 has no profile \"main10\""),
            ("height: 720, bitrate: '3M', codec: 'hevc', profile: 'high'", "profile", "one of main, main10"),
        ])
    func aRenditionThatCannotBeIsRefusedByName(rendition: String, field: String, words: String) {
        let faults = Self.faults("{ renditions: [{ height: 240, bitrate: '400k' }, { \(rendition) }] }")
        let place = "output.renditions[1].\(field): "
        #expect(faults.count == 1 && faults[0].hasPrefix(place) && faults[0].contains(words), "\(faults)")
    }

    @Test func tooManyRenditionsAreRefused() {
        let all = (1...9).map { "{ height: \($0 * 100), bitrate: '\($0)M' }" }
        #expect(Self.faults("{ renditions: [\(all.dropLast().joined(separator: ","))] }").isEmpty)
        #expect(Self.faults("{ renditions: [\(all.joined(separator: ","))] }").count == 1)
    }

    @Test func theChannelHasASay() {
        #expect(Self.faults("'hd'", "tracks: 'audio'").first?.hasPrefix("output: the channel has sound alone") == true)
        #expect(Self.faults("'passthrough'", "tracks: 'audio'").isEmpty)
        #expect(Self.faults("'hd'", "tracks: 'video'").isEmpty)
        let silent = Self.faults("{ ladder: 'hd', audio: { bitrate: '96k' } }", "tracks: 'video'")
        #expect(silent.count == 1 && silent[0].hasPrefix("output.audio: "))
        #expect(Self.faults("{ ladder: 'hd', gop: '5s' }", "targetDuration: 5").isEmpty)
        #expect(Self.faults("{ ladder: 'hd', gop: '2s' }", "latency: 'ultra'").isEmpty)
        #expect(Self.faults("{ ladder: 'hd', gop: '3s' }", "latency: 'ultra'").count == 1)
        #expect(Self.faults("'hd'", "latency: 'ultra', targetDuration: 1").isEmpty)
    }

    @Test func anEncoderThatIsNotThereIsNamedWhereItIsAskedFor() throws {
        let settings = try Self.load(
            "{ renditions: [{ height: 720, bitrate: '1M', codec: 'hevc' }, { height: 480, bitrate: '1M' }] }")
        #expect(settings.faults(encodingWith: .complete).isEmpty)
        let one = settings.faults(encodingWith: EncoderInventory(["libx264", "aac"]))
        #expect(one.map { "\($0.path)" } == ["channels[0].output.renditions[0].codec"])
        #expect(one[0].message.contains("libx265") && one[0].message.hasSuffix("or use h264"))
        let sound = settings.faults(encodingWith: EncoderInventory(["libx264", "libx265"]))
        #expect(sound.map { "\($0.path)" } == ["channels[0].output.audio"])
        // Nobody wrote the renditions of a ladder with a name.
        #expect(
            try Self.load("'hd'").faults(encodingWith: EncoderInventory(["aac"])).map { "\($0.path)" } == [
                "channels[0].output"
            ])
        let ladder = try Self.load("{ ladder: 'hd' }").faults(encodingWith: EncoderInventory(["aac"]))
        #expect(ladder.map { "\($0.path)" } == ["channels[0].output.ladder"])
        #expect(try Self.load("'passthrough'").faults(encodingWith: EncoderInventory([])).isEmpty)
    }

    @Test func encodersAreOnlyLookedForWhereSomethingIsToBeEncoded() throws {
        var lookUps = 0
        func faults(_ output: String, _ error: CodecError? = nil) throws -> [String] {
            try Self.load(output).encodingFaults { () throws(CodecError) in
                lookUps += 1
                if let error { throw error }
                return EncoderInventory(["libx264", "aac"])
            }.map(\.description)
        }
        #expect(try faults("'passthrough'", .libraryMissing("libavcodec59")).isEmpty && lookUps == 0)
        #expect(try faults("'hd'").isEmpty && lookUps == 1)
        let codec = try faults("{ renditions: [{ height: 720, bitrate: '1M', codec: 'hevc' }] }")
        #expect(codec.count == 1 && codec[0].hasPrefix("channels[0].output.renditions[0].codec: "))
        #expect(
            try faults("'hd'", .libraryMissing("libavcodec59")) == [
                "channels[0].output: libavcodec59, of FFmpeg 5.1, cannot be loaded: install it, or let output be "
                    + #""passthrough""#
            ])
    }

    /// Here they are all installed.
    @Test func thisMachineIsAsked() throws {
        let all = VideoCoding.allCases.enumerated().map { index, coding in
            "{ height: \(360 + 2 * index), bitrate: '1M', codec: '\(coding.rawValue)' }"
        }
        #expect(try Self.load("{ renditions: [\(all.joined(separator: ", "))] }").encodingFaults().isEmpty)
    }

    @Test func whatIsPrintedIsReadAgain() throws {
        for output in [
            "'hd'", "{ renditions: [{ size: '640x360', bitrate: '812.5k' }] }", "{ ladder: 'sd', gop: '1500ms' }",
        ] {
            let text =
                "{ channels: [{ id: 'a', streamKey: '12345678', output: \(output) }] }"
            let loader = ConfigurationLoader<ServerSettings>(
                readFile: { _ throws(ConfigurationFile.ReadError) in [UInt8](text.utf8) })
            let first = try loader.load(arguments: ["--config", "test.json5"], environment: [:])
            let printed = first.printed().replacing("***", with: "12345678")
            let second = try ServerSettingsTests.load(printed)
            #expect(second.channels[0].output.profile == first.settings.channels[0].output.profile)
        }
    }
}
