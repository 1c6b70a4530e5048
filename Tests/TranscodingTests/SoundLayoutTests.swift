import Bitstreams
import Bytes
import Media
import Packaging
import Testing

@testable import Transcoding

@Suite struct SoundLayoutTests {
    private static func aac(_ language: String? = nil, bytes: [UInt8] = [0x11, 0x90]) throws -> Track {
        var track = try Track(audioSpecificConfig: ByteChunk(bytes))
        track.language = language
        return track
    }

    private static func encoding() -> AudioOutput {
        var output = AudioOutput()
        output.copiesWhatFits = false
        return output
    }

    @Test func goesOnWithTheSoundOfTheSameLanguage() throws {
        let layout = SoundLayout([try Self.aac("en"), try Self.aac("fr")], Self.encoding())
        #expect(layout.places(of: [try Self.aac("fr"), try Self.aac("en")], continues: false) == [1, 0])
        #expect(layout.places(of: [try Self.aac("fr")], continues: false) == [1])
        #expect(layout.places(of: [try Self.aac("de")], continues: false) == nil)
        #expect(layout.places(of: [], continues: false) == [])
        // Who tells none is taken in order.
        #expect(layout.places(of: [try Self.aac(), try Self.aac()], continues: false) == [0, 1])
        #expect(layout.places(of: [try Self.aac(), try Self.aac(), try Self.aac()], continues: false) == nil)
    }

    /// What goes out as it comes has to come as it did; what is encoded may come as it likes, unless a new source would be made
    /// something else of.
    @Test func goesOnWithWhatCanBeMadeTheSameOf() throws {
        let (stereo, mono) = (try Self.aac(), try Self.aac(bytes: [0x11, 0x88]))
        let copying = SoundLayout([stereo], AudioOutput())
        #expect(copying.places(of: [stereo], continues: true) == [0] && copying.canBeSilent && !copying.encodes)
        #expect(copying.places(of: [mono], continues: true) == nil)
        let encoding = SoundLayout([stereo], Self.encoding())
        #expect(encoding.places(of: [mono], continues: true) == [0] && encoding.canBeSilent && encoding.encodes)
        #expect(encoding.places(of: [mono], continues: false) == nil)
        #expect(SoundLayout([stereo], nil).places(of: [stereo], continues: false) == [0])
        let layered = Track(mpegAudioSampleRate: 48_000, channelCount: 2)
        #expect(!SoundLayout([layered], nil).canBeSilent)
    }
}
