import Bytes
import Media
import RTMP
import Testing

@testable import Ingest

/// What becomes of sound in Enhanced RTMP.
@Suite struct EnhancedSoundTests {
    /// A frame of AC-3 of 64 kb/s, as ffmpeg encoded it: its beginning tells all.
    static let ac3 = ByteChunk([0x0B, 0x77, 0x6B, 0xF1, 0x08, 0x40, 0x2F, 0x84] + [UInt8](repeating: 0, count: 248))

    private static let opusHead: [UInt8] = Array("OpusHead".utf8) + [1, 2, 0x38, 1, 0x80, 0xBB, 0, 0, 0, 0, 0]
    // As ffmpeg 8 writes silence.
    private static let flacStart = ByteChunk([
        0x12, 0x00, 0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x24, 0x15, 0x0B, 0xB8, 0x00, 0xF0, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ])
    private static let flacFrame = ByteChunk([0xFF, 0xF8, 0x5A, 0x08, 0x00, 0x81, 0x00, 0x00, 0x00, 0x2B, 0x88])

    static func audio(
        _ body: ExAudioPacket.Body, _ codec: ExAudioCodec, track: UInt8 = 0, nanoseconds: UInt32 = 0,
        at time: UInt32 = 0
    ) -> RTMPEvent {
        .exAudio(
            timestamp: time, ExAudioPacket(codec: codec, track: track, nanoseconds: nanoseconds, body: body))
    }

    private static func tracks(_ events: [FeedEvent]) -> [Track] { EnhancedTranslatorTests.tracks(events) }

    private static func samples(_ events: [FeedEvent]) -> [Sample] { RTMPTranslatorTests.samples(events) }

    @Test(arguments: [true, false])
    func opusIsToldAtItsFirstPacket(hasHeader: Bool) throws {
        var translator = RTMPTranslator()
        let start = ExAudioPacket.Body.sequenceStart(ByteChunk(hasHeader ? Self.opusHead : []))
        #expect(try translator.translate(Self.audio(start, .opus)).isEmpty)
        // 20 ms
        let packet = ExAudioPacket.Body.frame(ByteChunk([0xF8, 1, 2]))
        let events = try translator.translate(Self.audio(packet, .opus, at: 40))
        let track = try #require(Self.tracks(events).first)
        #expect(track.codec == .opus)
        #expect(track.format == .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 960)))
        #expect(track.decoderConfiguration.array == [0, 2, 0, 0, 0, 0, 0xBB, 0x80, 0, 0, 0])
        #expect(Self.samples(events).map(\.presentationTime) == [.milliseconds(40)])
        // The same header again is no news; another one is.
        #expect(try translator.translate(Self.audio(start, .opus)).isEmpty)
        #expect(Self.tracks(try translator.translate(Self.audio(packet, .opus))).isEmpty)
        var mono = Self.opusHead
        mono[9] = 1
        _ = try translator.translate(Self.audio(.sequenceStart(ByteChunk(mono)), .opus))
        #expect(Self.tracks(try translator.translate(Self.audio(packet, .opus))).count == 1)
        // Packets without a time of their own cannot be placed.
        #expect(try translator.translate(Self.audio(.frame(ByteChunk([0xFB])), .opus, track: 1)).isEmpty)
        #expect(translator.droppedPackets == 1)
    }

    @Test func theChannelsOfOpusMayBeToldElsewhere() throws {
        var translator = RTMPTranslator()
        _ = try translator.translate(Self.audio(.sequenceStart(ByteChunk()), .opus))
        let channels = ExMultichannelConfiguration(channelCount: 6, order: .native(mask: 0x3F))
        _ = try translator.translate(Self.audio(.multichannelConfiguration(channels), .opus))
        let events = try translator.translate(Self.audio(.frame(ByteChunk([0xF8, 1])), .opus))
        guard case .audio(let format)? = Self.tracks(events).first?.format else {
            Issue.record("no track")
            return
        }
        #expect(format.channelCount == 6)
    }

    @Test func ac3NeedsNoConfiguration() throws {
        var translator = RTMPTranslator()
        #expect(try translator.translate(Self.audio(.sequenceStart(ByteChunk()), .ac3)).isEmpty)
        var events = try translator.translate(Self.audio(.frame(Self.ac3), .ac3, at: 10))
        let track = try #require(Self.tracks(events).first)
        #expect(track.codec == .ac3)
        #expect(track.format == .audio(AudioFormat(sampleRate: 48_000, channelCount: 1, samplesPerFrame: 1536)))
        #expect(Self.samples(events).map(\.data) == [Self.ac3])
        events = try translator.translate(Self.audio(.frame(Self.ac3), .ac3, at: 42))
        #expect(Self.tracks(events).isEmpty && Self.samples(events).count == 1)
        #expect(try translator.translate(Self.audio(.frame(ByteChunk([1, 2])), .ac3)).isEmpty)
        #expect(translator.droppedPackets == 1)
    }

    /// Frames of two blocks each: a sample has six.
    @Test func aSampleOfSeveralMessagesHasTheTimeOfTheFirst() throws {
        let frame = ByteChunk(
            [0x0B, 0x77, 0x00, 0x3F, 0x12, 0x87, 0xC0, 0x00] + [UInt8](repeating: 0, count: 120))
        var translator = RTMPTranslator()
        let events = try [0, 11, 21, 32, 43, 53].map { time in
            try translator.translate(Self.audio(.frame(frame), .eac3, nanoseconds: time == 32 ? 9 : 0, at: time))
        }
        #expect(events.map(\.count) == [0, 0, 2, 0, 0, 1])
        let samples = events.flatMap(Self.samples)
        #expect(samples.map(\.data.count) == [384, 384])
        #expect(
            samples.map(\.presentationTime) == [
                .milliseconds(0), MediaTime(32_000_009, Timescale(1_000_000_000)),
            ])
        #expect(translator.droppedPackets == 0)
    }

    /// OBS sends the first track in the classic form, and the others as tracks.
    @Test func soundsAreTracksByTheirNumbers() throws {
        var translator = RTMPTranslator()
        let asc = ByteChunk([0x11, 0x90])
        var events = try translator.translate(.audio(timestamp: 0, .sequenceHeader(asc)))
        events += try translator.translate(Self.audio(.sequenceStart(asc), .aac, track: 3))
        #expect(Self.tracks(events).map(\.index) == [0, 3])
        events = try translator.translate(Self.audio(.frame(ByteChunk([1])), .aac, track: 3, at: 5))
        events += try translator.translate(.audio(timestamp: 5, .frame(ByteChunk([2]))))
        let indices = events.compactMap { if case .audio(_, let track) = $0 { track } else { nil } }
        #expect(indices == [3, 0])
        // A track that was not configured.
        #expect(try translator.translate(Self.audio(.frame(ByteChunk([1])), .aac, track: 4)).isEmpty)
        #expect(translator.droppedPackets == 1)
    }

    @Test func namesAndLanguagesComeWithTheMetadata() throws {
        var translator = RTMPTranslator()
        let asc = ByteChunk([0x11, 0x90])
        _ = try translator.translate(.audio(timestamp: 0, .sequenceHeader(asc)))
        let german: AMF0Value = .object([AMF0Property("language", "deu"), AMF0Property("name", "Kommentar")])
        let map: AMF0Value = .ecmaArray([AMF0Property("1", german), AMF0Property("x", german)])
        let metadata = RTMPEvent.metadata(.object([AMF0Property("audioTrackIdInfoMap", map)]))
        guard case .announcement(let count)? = try translator.translate(metadata).first else {
            Issue.record("nothing was announced")
            return
        }
        #expect(count == 2)
        let track = try #require(
            Self.tracks(try translator.translate(Self.audio(.sequenceStart(asc), .aac, track: 1))).first)
        #expect(track.language == "de" && track.name == "Kommentar" && track.index == 1)
        // The same again is no news, and without a map there is none.
        #expect(Self.tracks(try translator.translate(metadata)).isEmpty)
        #expect(try translator.translate(.metadata(.object([]))).isEmpty)
        // A name that comes late is told of.
        let french: AMF0Value = .object([AMF0Property("1", .object([AMF0Property("lang", "fr")]))])
        let later = RTMPEvent.metadata(.object([AMF0Property("audioTrackIdInfoMap", french)]))
        #expect(Self.tracks(try translator.translate(later)).map(\.language) == ["fr"])
    }

    @Test(arguments: [(ExAudioCodec.mp3, "MP3")])
    func audioThatIsNeverTakenIsNamed(codec: ExAudioCodec, name: String) throws {
        var translator = RTMPTranslator()
        #expect(throws: RTMPTranslator.UnsupportedCodec(name: "\(name) in Enhanced RTMP")) {
            try translator.translate(Self.audio(.frame(ByteChunk([1])), codec))
        }
        // Beside the default track it ends nothing.
        let events = try translator.translate(Self.audio(.frame(ByteChunk([1])), codec, track: 1))
        guard case .unusable("\(name) in Enhanced RTMP")? = events.first, events.count == 1 else {
            Issue.record("\(events)")
            return
        }
    }

    @Test func flacIsReadWithAndWithoutItsSignature() throws {
        let block = Array("fLaC".utf8) + [0x80, 0, 0, 34] + Self.flacStart.array
        for start in [Self.flacStart, ByteChunk(block)] {
            var translator = RTMPTranslator()
            var events = try translator.translate(Self.audio(.sequenceStart(start), .flac))
            events += try translator.translate(Self.audio(.sequenceStart(start), .flac))
            events += try translator.translate(Self.audio(.frame(Self.flacFrame), .flac, at: 96))
            let tracks = Self.tracks(events)
            #expect(tracks.map(\.codec) == [.flac])
            let format = AudioFormat(sampleRate: 48_000, channelCount: 1, samplesPerFrame: 4608)
            #expect(tracks.first?.format == .audio(format))
            #expect(Self.samples(events).map(\.presentationTime) == [.milliseconds(96)])
        }
    }
}
