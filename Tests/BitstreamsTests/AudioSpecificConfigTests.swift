import Bitstreams
import Bytes
import Media
import Testing

@Suite struct AudioSpecificConfigTests {
    typealias Audio = Fixtures.Audio

    static let tracks: [(bytes: [UInt8], codecString: String, rate: UInt32, channels: Int)] = [
        (Audio.stereo44100, "mp4a.40.2", 44_100, 2),
        (Audio.stereo48000, "mp4a.40.2", 48_000, 2),
        (Audio.mono48000, "mp4a.40.2", 48_000, 1),
        (Audio.stereo96000, "mp4a.40.2", 96_000, 2),
        (Audio.surround, "mp4a.40.2", 48_000, 6),
        (Audio.quad, "mp4a.40.2", 48_000, 4),
        (Audio.highEfficiency, "mp4a.40.5", 24_000, 2),
        (Audio.highEfficiencyV2, "mp4a.40.29", 24_000, 2),
        (Audio.highEfficiencyCompatible, "mp4a.40.2", 24_000, 2),
        (Audio.highEfficiencyV2Compatible, "mp4a.40.2", 24_000, 2),
    ]

    @Test(arguments: tracks.indices)
    func aTrackSaysWhatTheConfigurationSays(index: Int) throws {
        let expected = Self.tracks[index]
        let track = try Track(audioSpecificConfig: ByteChunk(expected.bytes))
        #expect(track.codec == .aac)
        #expect(track.codecString == expected.codecString)
        #expect(track.timescale == Timescale(expected.rate))
        #expect(track.decoderConfiguration.array == expected.bytes)
        #expect(
            track.format
                == .audio(
                    AudioFormat(sampleRate: expected.rate, channelCount: expected.channels, samplesPerFrame: 1024)))
    }

    static let extensions: [(bytes: [UInt8], isHierarchical: Bool, hasParametricStereo: Bool)] = [
        (Audio.highEfficiency, true, false), (Audio.highEfficiencyV2, true, true),
        (Audio.highEfficiencyCompatible, false, false), (Audio.highEfficiencyV2Compatible, false, true),
    ]

    @Test(arguments: extensions.indices)
    func bandReplicationIsFoundWhereverItIsSignalled(index: Int) throws {
        let expected = Self.extensions[index]
        let bandReplication = try #require(try configuration(expected.bytes).bandReplication)
        #expect(bandReplication.samplingFrequency == 48_000)
        #expect(bandReplication.isHierarchical == expected.isHierarchical)
        #expect(bandReplication.hasParametricStereo == expected.hasParametricStereo)
    }

    @Test func bandReplicationThatIsSwitchedOffIsNotThere() throws {
        #expect(try configuration(Audio.stereo48000).bandReplication == nil)
    }

    @Test func aFrequencyCanBeWrittenOut() throws {
        let config = try configuration(Self.config(frequency: 37_800))
        #expect(config.samplingFrequency == 37_800)
        #expect(config.channelCount == 2)
    }

    @Test func aFrameCanHave960Samples() throws {
        #expect(try configuration([0x11, 0x94]).samplesPerFrame == 960)
    }

    @Test(arguments: zip([1, 6, 7, 11, 12, 13, 14] as [UInt64], [1, 6, 8, 7, 8, 24, 8]))
    func aChannelConfigurationStandsForItsChannels(number: UInt64, channels: Int) throws {
        #expect(try configuration(Self.config(channels: number)).channelCount == channels)
    }

    static let refusals: [(bytes: [UInt8], error: BitstreamError)] = [
        ([], .unexpectedEnd(offset: 0)),
        ([0x12], .unexpectedEnd(offset: 0)),
        (config(objectType: 42), .unsupported("audio object type 42")),
        (config(objectType: 0), .unsupported("audio object type 0")),
        (config(objectType: 23), .unsupported("audio object type 23")),
        (config(index: 13), .invalid("samplingFrequencyIndex", offset: 0)),
        (config(frequency: 0), .invalid("samplingFrequency", offset: 0)),
        (config(frequency: 0xFFFFFF), .invalid("samplingFrequency", offset: 0)),
        (config(channels: 8), .invalid("channelConfiguration", offset: 1)),
        // A program config element without a channel, and one that is cut off.
        (config(channels: 0) + [0, 0, 0, 0, 0, 0, 0], .invalid("program_config_element", offset: 2)),
        (config(channels: 0), .unexpectedEnd(offset: 2)),
        (Array(Audio.quad.dropLast(16)), .unexpectedEnd(offset: 9)),
    ]

    @Test(arguments: refusals.indices)
    func aWrongConfigurationIsRefused(index: Int) {
        let (bytes, expected) = Self.refusals[index]
        #expect(throws: expected) { try configuration(bytes) }
    }

    @Test func aDamagedConfigurationIsAValueOrATypedError() {
        var refusals = 0
        for damaged in Audio.all.flatMap(damagedCopies) {
            do throws(BitstreamError) {
                let track = try Track(audioSpecificConfig: ByteChunk(damaged))
                guard case .audio(let format) = track.format else { continue }
                #expect((1...768_000).contains(format.sampleRate) && (1...99).contains(format.channelCount))
            } catch {
                refusals += 1
            }
        }
        #expect(refusals > 50)
    }

    /// A configuration whose other fields are those of 48 kHz stereo AAC-LC.
    static func config(
        objectType: UInt64 = 2, index: UInt64 = 3, frequency: UInt64? = nil, channels: UInt64 = 2
    ) -> [UInt8] {
        var writer = SyntaxWriter()
        writer.u(5, min(objectType, 31))
        if objectType > 31 { writer.u(6, objectType - 32) }
        writer.u(4, frequency == nil ? index : 15)
        if let frequency { writer.u(24, frequency) }
        writer.u(4, channels)
        writer.u(3, 0)
        return writer.bytes
    }
}

/// The configuration in `bytes`; a span cannot pass through an expectation.
private func configuration(_ bytes: [UInt8]) throws(BitstreamError) -> AudioSpecificConfig {
    try AudioSpecificConfig(bytes.span)
}
