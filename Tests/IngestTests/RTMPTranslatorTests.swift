import Bytes
import Media
import RTMP
import Testing

@testable import Ingest

@Suite struct RTMPTranslatorTests {
    /// x264, 320x180 Baseline, as ffmpeg wrote it into FLV.
    static let avcC = ByteChunk([
        0x01, 0x42, 0xC0, 0x0D, 0xFF, 0xE1, 0x00, 0x19, 0x67, 0x42, 0xC0, 0x0D, 0xD9, 0x01, 0x41, 0x9F, 0x9F, 0x01,
        0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xC0, 0xF1, 0x42, 0xA4, 0x80, 0x01, 0x00, 0x05,
        0x68, 0xCB, 0x83, 0xCB, 0x20,
    ])
    static let picture = ByteChunk([0, 0, 0, 3, 0x65, 0x88, 0x84])

    static func samples(_ events: [FeedEvent]) -> [Sample] {
        events.compactMap {
            switch $0 {
            case .video(let sample), .audio(let sample): sample
            case .track: nil
            }
        }
    }

    @Test func nothingComesBeforeItsConfiguration() throws {
        var translator = RTMPTranslator()
        let frame = FLVVideoPacket.frame(compositionTime: 0, isKeyframe: true, Self.picture)
        #expect(try translator.translate(.video(timestamp: 0, frame)).isEmpty)
        #expect(try translator.translate(.audio(timestamp: 0, .frame(ByteChunk([1])))).isEmpty)
        #expect(translator.droppedPackets == 2)
    }

    @Test func aRepeatedConfigurationIsNoNews() throws {
        var translator = RTMPTranslator()
        let asc = FLVAudioPacket.sequenceHeader(ByteChunk([0x11, 0x90]))
        #expect(try translator.translate(.audio(timestamp: 0, asc)).count == 1)
        #expect(try translator.translate(.audio(timestamp: 5, asc)).isEmpty)
        let other = FLVAudioPacket.sequenceHeader(ByteChunk([0x12, 0x10]))
        #expect(try translator.translate(.audio(timestamp: 9, other)).count == 1)
    }

    @Test func timesAreTheSourcesAndSurviveTheWrap() throws {
        var translator = RTMPTranslator()
        _ = try translator.translate(.video(timestamp: 0xFFFF_FFF0, .sequenceHeader(Self.avcC)))
        var events = try translator.translate(
            .video(timestamp: 0xFFFF_FFF0, .frame(compositionTime: -7, isKeyframe: true, Self.picture)))
        let first = try #require(Self.samples(events).first)
        #expect(first.presentationTime - first.decodeTime == .milliseconds(-7))
        #expect(first.isSync)
        events = try translator.translate(
            .video(timestamp: 0x10, .frame(compositionTime: 0, isKeyframe: false, Self.picture)))
        #expect(try #require(Self.samples(events).first).decodeTime - first.decodeTime == .milliseconds(32))
    }

    @Test func anUnsupportedCodecIsNamed() {
        var translator = RTMPTranslator()
        #expect(throws: RTMPTranslator.UnsupportedCodec(name: "Opus")) {
            try translator.translate(.audio(timestamp: 0, .unsupported(codecName: "Opus")))
        }
    }

    @Test(
        arguments: [
            ("secret", nil, nil, "secret"), ("news", "key=secret", "news", "secret"),
            ("news", "a=b&key=secret&c", "news", "secret"), ("news", "keys=secret", nil, "news"),
        ] as [(String, String?, String?, String)])
    func theKeyIsTheNameOrAParameter(name: String, query: String?, channel: String?, key: String) {
        let found = RTMPPublisher.credentials(name: name, query: query)
        #expect(found.channel == channel)
        #expect(found.key == key)
    }
}
