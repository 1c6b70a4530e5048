import Bitstreams
import Bytes
import Media
import Testing

@Suite struct LATMStreamReaderTests {
    static let stereo: [UInt8] = [0x11, 0x90]

    @Test func theSameFramesAreReadWithAndWithoutTheirConfiguration() throws {
        let frames = Self.frame([[1, 2, 3]], configuration: Self.stereo) + Self.frame([[4, 5]], configuration: nil)
        let sound = ReadSound(LATMStreamReader(), frames)
        #expect(sound.samples.map(\.data.array) == [[1, 2, 3], [4, 5]] && sound.faults == 0)
        #expect(sound.tracks.map(\.decoderConfiguration.array) == [Self.stereo])
        #expect(sound.times == [0, 1920])
    }

    @Test(arguments: [1, 7, 8, 9, 16, 17, 100, 254, 255, 256, 600])
    func payloadsOfAllLengthsAreMovedToTheStartOfAByte(length: Int) {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 151 ^ $0 >> 3) }
        let frames = Self.frame([payload], configuration: Self.stereo) + Self.frame([payload], configuration: nil)
        let sound = ReadSound(LATMStreamReader(), frames)
        #expect(sound.samples.map(\.data.array) == [payload, payload] && sound.faults == 0)
    }

    @Test func aFrameCanHoldManyOfAAC() {
        let payloads: [[UInt8]] = [[1], [2, 3], Array(repeating: 7, count: 300)]
        let frames =
            Self.frame(payloads, configuration: Self.stereo) + Self.frame(payloads, subframes: 3, configuration: nil)
        let sound = ReadSound(LATMStreamReader(), frames)
        #expect(sound.samples.map(\.data.array) == payloads + payloads && sound.faults == 0)
        #expect(sound.times == (0..<6).map { $0 * 1920 })
    }

    @Test func version1TellsTheLengthOfTheConfiguration() throws {
        // Bits behind the core's configuration: HE-AAC that is signalled there.
        let config = Fixtures.Audio.highEfficiencyCompatible
        let sound = ReadSound(LATMStreamReader(), Self.frame([[1, 2]], version: 1, configuration: config))
        #expect(sound.samples.map(\.data.array) == [[1, 2]] && sound.faults == 0)
        #expect(sound.tracks.map(\.decoderConfiguration.array) == [config])
        #expect(try sound.audio().sampleRate == 24_000)
    }

    @Test func otherDataAndAChecksumAreReadOver() {
        for version in [0, 1] as [UInt64] {
            let frame = Self.frame([[1, 2]], version: version, otherBits: 300, checksum: 9, configuration: Self.stereo)
            let sound = ReadSound(LATMStreamReader(), frame)
            #expect(sound.samples.map(\.data.array) == [[1, 2]] && sound.faults == 0)
        }
    }

    @Test func framesOf960SamplesLastThatLong() throws {
        let frame = Self.frame([[1], [2]], configuration: [0x11, 0x94])
        let sound = ReadSound(LATMStreamReader(), frame)
        #expect(try sound.audio().samplesPerFrame == 960)
        #expect(sound.times == [0, 1800])
    }

    @Test func aListOfChannelsIsAlignedToItsConfiguration() throws {
        let sound = ReadSound(LATMStreamReader(), Self.frame([[1, 2]], configuration: Self.quad))
        #expect(sound.samples.map(\.data.array) == [[1, 2]] && sound.faults == 0)
        #expect(sound.tracks.map(\.decoderConfiguration.array) == [Self.quad])
        #expect(try sound.audio().channelCount == 4)
    }

    @Test func anotherConfigurationIsAnotherTrack() {
        let mono: [UInt8] = [0x11, 0x88]
        let frames = [Self.stereo, Self.stereo, mono, mono].map { Self.frame([[1]], configuration: $0) }
        let sound = ReadSound(LATMStreamReader(), frames.flatMap(\.self))
        #expect(sound.starts == [0, 2] && sound.samples.count == 4 && sound.faults == 0)
        #expect(sound.tracks.map(\.decoderConfiguration.array) == [Self.stereo, mono])
    }

    static let refused: [(name: String, frame: [UInt8])] = [
        ("audioMuxVersionA", frame([[1]], version: 1, versionA: 1, configuration: stereo)),
        ("allStreamsSameTimeFraming", frame([[1]], sameFraming: false, configuration: stereo)),
        ("numProgram", frame([[1]], programs: 1, configuration: stereo)),
        ("numLayer", frame([[1]], layers: 1, configuration: stereo)),
        ("frameLengthType", frame([[1]], lengthType: 1, configuration: stereo)),
        ("audioObjectType", frame([[1]], configuration: [0xB9, 0x90])),
        ("an empty payload", frame([[]], configuration: stereo)),
        ("no configuration", frame([[1]], configuration: nil)),
    ]

    @Test(arguments: refused.indices)
    func whatIsNotUnderstoodIsAFault(index: Int) {
        let refused = Self.refused[index]
        let sound = ReadSound(LATMStreamReader(), refused.frame + Self.frame([[5]], configuration: Self.stereo))
        #expect(sound.samples.last?.data.array ?? [5] == [5] && sound.faults >= 1, "\(refused.name)")
    }

    @Test func afterAConfigurationThatIsNotUnderstoodTheOldOneDoesNotHold() {
        let frames =
            Self.frame([[1]], configuration: Self.stereo) + Self.frame([[2]], programs: 1, configuration: Self.stereo)
            + Self.frame([[3]], configuration: nil) + Self.frame([[4]], configuration: Self.stereo)
        let sound = ReadSound(LATMStreamReader(), frames)
        #expect(sound.samples.map(\.data.array) == [[1], [4]] && sound.faults == 2)
        #expect(sound.times == [0, 3 * 1920])
    }

    @Test func damageIsAFaultOrAnotherSampleNeverATrap() {
        let stream =
            Self.frame([[1, 2, 3, 4], [5]], version: 1, otherBits: 300, checksum: 9, configuration: Self.quad)
            + Self.frame([[1, 2, 3, 4], [5]], otherBits: 300, configuration: Self.quad)
            + Self.frame([[6], [7]], subframes: 2, configuration: nil)
        #expect(ReadSound(LATMStreamReader(), stream).samples.count == 6)
        for damaged in damagedCopies(of: stream) {
            let sound = ReadSound(LATMStreamReader(), damaged)
            #expect(sound.samples.count <= 64 + 6 && sound.tracks.count <= 3)
        }
    }

    /// What ffmpeg makes of `quad`, without its comment and without what stands behind it.
    private static let quad: [UInt8] = Array(Fixtures.Audio.quad[..<8]) + [0]

    /// `AudioSyncStream` with one `AudioMuxElement`; without a configuration it is the one before.
    static func frame(
        _ payloads: [[UInt8]], version: UInt64 = 0, versionA: UInt64 = 0, subframes: Int? = nil,
        sameFraming: Bool = true, programs: UInt64 = 0, layers: UInt64 = 0, lengthType: UInt64 = 0,
        otherBits: UInt64? = nil, checksum: UInt64? = nil, configuration: [UInt8]?
    ) -> [UInt8] {
        var element = SyntaxWriter()
        element.flag(configuration == nil)
        if let configuration {
            element.u(1, version)
            // taraBufferFullness of one byte
            if version == 1 { element.u(1 + 2 + 8, versionA << 10 | 0xFF) }
            element.flag(sameFraming)
            element.u(6, UInt64(payloads.count - 1))
            element.u(4, programs)
            element.u(3, layers)
            // ascLen of two bytes
            if version == 1 { element.u(2 + 16, 1 << 16 | UInt64(configuration.count * 8)) }
            for byte in configuration { element.u(8, UInt64(byte)) }
            element.u(3, lengthType)
            element.u(8, 0xFF)
            element.flag(otherBits != nil)
            if let otherBits {
                // otherDataLenBits: two bytes, or with an escape between two
                element.u(version == 1 ? 2 : 1, 1)
                element.u(8, otherBits >> 8)
                if version == 0 { element.flag(false) }
                element.u(8, otherBits & 0xFF)
            }
            element.flag(checksum != nil)
            if let checksum { element.u(8, checksum) }
        }
        for payload in payloads {
            for _ in 0..<(payload.count / 255) { element.u(8, 255) }
            element.u(8, UInt64(payload.count % 255))
            for byte in payload { element.u(8, UInt64(byte)) }
        }
        let bytes = element.bytes
        return [0x56, 0xE0 | UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
    }
}
