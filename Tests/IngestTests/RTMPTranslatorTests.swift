import Bytes
import Media
import RTMP
import Telemetry
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
            case .video(let sample), .audio(let sample, _): sample
            case .announcement, .unusable, .track, .metadata, .splice: nil
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

    /// ffmpeg and others keep 31 bits of the clock.
    @Test(arguments: [0xFFFF_FFF0, 0x7FFF_FFF0] as [UInt32])
    func timesAreTheSourcesAndSurviveTheWrap(before: UInt32) throws {
        var translator = RTMPTranslator()
        _ = try translator.translate(.video(timestamp: before, .sequenceHeader(Self.avcC)))
        var events = try translator.translate(
            .video(timestamp: before, .frame(compositionTime: -7, isKeyframe: true, Self.picture)))
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

    /// As OBS sends what is typed, and as who writes a URL escapes it.
    @Test(
        arguments: [
            ("a&b c%d?e", "a&b c%d?e"), ("a%26b%20c%25d%3Fe", "a&b c%d?e"), ("news?key=a%26b%20c%25d%3Fe", "a&b c%d?e"),
            ("ne%77s?token=a+b", "a+b"), ("a%41", "a%41"), ("a?key=b", "a?key=b"), ("%C3%A9t%C3%A9", "été"),
            ("100%", "100%"),
        ])
    func aKeyMayHaveAnyCharacter(sent: String, key: String) {
        let parts = sent.split(separator: "?", maxSplits: 1).map(String.init)
        let readings = RTMPPublisher.readings(name: parts[0], query: parts.count > 1 ? parts[1] : nil)
        let channel = sent.hasPrefix("ne") ? "news" : nil
        #expect(readings.contains { $0.streamKey == Secret(key) && $0.channel == channel })
    }

    @Test func whatIsSentIsReadAsItStandsFirst() {
        let readings = RTMPPublisher.readings(name: "a%41", query: nil)
        #expect(readings.map(\.streamKey.exposed) == ["a%41", "aA"])
        #expect(RTMPPublisher.readings(name: "100%", query: nil).count == 1)
    }

    /// As ffmpeg sends the lines of subtitles, and others their own properties.
    @Test func textDataBecomeAnID3Tag() throws {
        var translator = RTMPTranslator()
        let properties = [
            AMF0Property("text", .string("héllo")), AMF0Property("n", .number(3)),
            AMF0Property("list", .strictArray([])),
        ]
        let events = try translator.translate(.text(timestamp: 1500, properties))
        guard case .metadata(let item)? = events.first else {
            Issue.record("nothing came of it")
            return
        }
        #expect(item.time == .milliseconds(1500))
        let first: [UInt8] = Array("TXXX".utf8) + [0, 0, 0, 12, 0, 0, 3] + Array("text\u{0}héllo".utf8)
        let second: [UInt8] = Array("TXXX".utf8) + [0, 0, 0, 4, 0, 0, 3] + Array("n\u{0}3".utf8)
        let head: [UInt8] = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 36]
        #expect(item.tag.array == head + first + second)
        #expect(try translator.translate(.text(timestamp: 1500, [])).isEmpty && translator.droppedPackets == 1)
    }
}
