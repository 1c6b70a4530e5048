import Bytes
import Media
import RTMP
import Testing

@testable import Ingest

/// What becomes of pictures in Enhanced RTMP.
@Suite struct EnhancedTranslatorTests {
    /// x265, 64x64, as ffmpeg wrote it into FLV.
    static let hvcC = ByteChunk([
        0x01, 0x01, 0x60, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1E, 0xF0, 0x00, 0xFC, 0xFD, 0xF8,
        0xF8, 0x00, 0x00, 0x0F, 0x03, 0x20, 0x00, 0x01, 0x00, 0x18, 0x40, 0x01, 0x0C, 0x01, 0xFF, 0xFF, 0x01, 0x60,
        0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x1E, 0x95, 0x98, 0x09, 0x21, 0x00,
        0x01, 0x00, 0x28, 0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x1E, 0xA0, 0x20, 0x81, 0x05, 0x96, 0x56, 0x69, 0x24, 0xCA, 0xF0, 0x16, 0x80, 0x80, 0x00, 0x00,
        0x03, 0x00, 0x80, 0x00, 0x00, 0x0C, 0x84, 0x22, 0x00, 0x01, 0x00, 0x07, 0x44, 0x01, 0xC1, 0x72, 0xB4, 0x22,
        0x40,
    ])
    /// The same with the matrix of BT.2020.
    static let wideHVCC = ByteChunk([
        0x01, 0x01, 0x60, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1E, 0xF0, 0x00, 0xFC, 0xFD, 0xF8,
        0xF8, 0x00, 0x00, 0x0F, 0x03, 0x20, 0x00, 0x01, 0x00, 0x18, 0x40, 0x01, 0x0C, 0x01, 0xFF, 0xFF, 0x01, 0x60,
        0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x1E, 0x95, 0x98, 0x09, 0x21, 0x00,
        0x01, 0x00, 0x2B, 0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x1E, 0xA0, 0x20, 0x81, 0x05, 0x96, 0x56, 0x69, 0x24, 0xCA, 0xF0, 0x16, 0xA0, 0x40, 0x41, 0x20,
        0x80, 0x00, 0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x0C, 0x84, 0x22, 0x00, 0x01, 0x00, 0x07, 0x44, 0x01, 0xC1,
        0x72, 0xB4, 0x22, 0x40,
    ])
    /// A slice of an HEVC picture behind its length.
    private static func slice(_ type: UInt8) -> [UInt8] { [0, 0, 0, 4, type << 1, 1, 0x80, 9] }

    private static func video(
        _ body: ExVideoPacket.Body, _ codec: ExVideoCodec = .hevc, track: UInt8 = 0, nanoseconds: UInt32 = 0,
        at time: UInt32 = 0
    ) -> RTMPEvent {
        .exVideo(
            timestamp: time, ExVideoPacket(codec: codec, track: track, nanoseconds: nanoseconds, body: body))
    }

    private static func frame(_ bytes: [UInt8], time: Int32 = 0) -> ExVideoPacket.Body {
        .frame(compositionTime: time, isKeyframe: true, ByteChunk(bytes))
    }

    static func tracks(_ events: [FeedEvent]) -> [Track] {
        events.compactMap { if case .track(let track) = $0 { track } else { nil } }
    }

    private static func samples(_ events: [FeedEvent]) -> [Sample] { RTMPTranslatorTests.samples(events) }

    // MARK: Video

    @Test func hevcIsReadWithItsOpenGroups() throws {
        var translator = RTMPTranslator()
        #expect(try translator.translate(Self.video(Self.frame(Self.slice(19)))).isEmpty)
        let track = try #require(Self.tracks(try translator.translate(Self.video(.sequenceStart(Self.hvcC)))).first)
        #expect(track.codec == .hevc && track.codecString.hasPrefix("hvc1."))
        #expect(track.format == .video(VideoFormat(width: 64, height: 64)))
        // A repeated configuration is no news.
        #expect(try translator.translate(Self.video(.sequenceStart(Self.hvcC))).isEmpty)
        // IDR, BLA, CRA, RASL, RADL, a trailing picture. What the message says of key frames is not believed.
        let accesses = try [19, 16, 21, 9, 7, 1].map { type in
            Self.samples(try translator.translate(Self.video(Self.frame(Self.slice(type))))).first?.access
        }
        #expect(accesses == [.sync, .sync, .openSync, .leading, .dependent, .dependent])
        // An access unit delimiter, parameter sets and filler do not go into samples.
        let parameterSet: [UInt8] = Array(Self.hvcC.array[26..<52])
        #expect(parameterSet.prefix(3) == [0, 24, 0x40])
        let unit: [UInt8] = [0, 0, 0, 3, 35 << 1, 1, 0x50, 0, 0] + parameterSet + [0, 0, 0, 3, 38 << 1, 1, 0xFF]
        let sample = Self.samples(try translator.translate(Self.video(Self.frame(unit + Self.slice(19))))).first
        #expect(sample?.data.array == Self.slice(19))
        #expect(translator.droppedPackets == 1)
    }

    @Test func offsetsInNanosecondsAreOfTheirMessageAlone() throws {
        var translator = RTMPTranslator()
        _ = try translator.translate(Self.video(.sequenceStart(Self.hvcC)))
        _ = try translator.translate(EnhancedSoundTests.audio(.sequenceStart(ByteChunk([0x11, 0x90])), .aac))
        var sample = try #require(
            Self.samples(
                try translator.translate(
                    Self.video(Self.frame(Self.slice(19), time: 40), nanoseconds: 333_333, at: 1000))
            ).first)
        #expect(sample.decodeTime == .milliseconds(1000))
        #expect(sample.presentationTime == MediaTime(1_040_333_333, Timescale(1_000_000_000)))
        sample = try #require(
            Self.samples(try translator.translate(Self.video(Self.frame(Self.slice(1), time: 40), at: 1033))).first)
        #expect(sample.presentationTime == .milliseconds(1073))
        sample = try #require(
            Self.samples(
                try translator.translate(
                    EnhancedSoundTests.audio(.frame(ByteChunk([1])), .aac, nanoseconds: 999_999, at: 1040))
            ).first)
        #expect(sample.presentationTime == MediaTime(1_040_999_999, Timescale(1_000_000_000)))
        #expect(sample.decodeTime == .milliseconds(1040))
    }

    @Test func h264IsTheSameInBothForms() throws {
        var translator = RTMPTranslator()
        let avcC = RTMPTranslatorTests.avcC
        #expect(try translator.translate(Self.video(.sequenceStart(avcC), .avc)).count == 1)
        #expect(try translator.translate(.video(timestamp: 0, .sequenceHeader(avcC))).isEmpty)
        let events = try translator.translate(Self.video(Self.frame(RTMPTranslatorTests.picture.array), .avc))
        #expect(Self.samples(events).first?.isSync == true)
        // Frames of a codec that was not configured mean nothing.
        #expect(try translator.translate(Self.video(Self.frame(Self.slice(19)))).isEmpty)
        #expect(translator.droppedPackets == 1)
    }

    @Test func oneVideoTrackIsTaken() throws {
        var translator = RTMPTranslator()
        #expect(try translator.translate(Self.video(.sequenceStart(Self.hvcC), track: 1)).isEmpty)
        #expect(try translator.translate(Self.video(Self.frame([1]), .vp8, track: 2)).isEmpty)
        #expect(translator.otherVideoPackets == 2 && translator.droppedPackets == 0)
    }

    @Test(arguments: [(ExVideoCodec.vp8, "VP8"), (.vvc, "H.266")])
    func videoThatIsNeverTakenIsNamed(codec: ExVideoCodec, name: String) {
        var translator = RTMPTranslator()
        #expect(throws: RTMPTranslator.UnsupportedCodec(name: "\(name) in Enhanced RTMP")) {
            try translator.translate(Self.video(.sequenceStart(ByteChunk([1])), codec))
        }
    }

    // MARK: Colour

    private static func colorInfo(_ codes: [String: Double]) -> ExVideoPacket.Body {
        let config: AMF0Value = .object(codes.map { AMF0Property($0.key, .number($0.value)) })
        return .metadata([AMF0Property("colorInfo", .object([AMF0Property("colorConfig", config)]))])
    }

    private static func colour(_ events: [FeedEvent]) -> ColourDescription? {
        guard case .video(let format)? = tracks(events).first?.format else { return nil }
        return format.colour
    }

    @Test func theColourOfTheContainerHoldsFromTheNextFrameOn() throws {
        var translator = RTMPTranslator()
        let pq = Self.colorInfo(["colorPrimaries": 9, "transferCharacteristics": 16, "matrixCoefficients": 9])
        // Before the track is known it waits for it.
        #expect(try translator.translate(Self.video(pq)).isEmpty)
        let expected = ColourDescription(primaries: 9, transfer: 16, matrix: 9, isFullRange: false)
        #expect(Self.colour(try translator.translate(Self.video(.sequenceStart(Self.hvcC)))) == expected)
        // Once more the same is no news.
        #expect(try translator.translate(Self.video(pq)).isEmpty)
        // What is not told, or told as unspecified, is as the bitstream has it.
        let hlg = Self.colorInfo(["transferCharacteristics": 18, "colorPrimaries": 2, "matrixCoefficients": 256])
        let partly = ColourDescription(primaries: 2, transfer: 18, matrix: 2, isFullRange: false)
        #expect(Self.colour(try translator.translate(Self.video(hlg))) == partly)
        // Of another codec, and so of another track.
        #expect(try translator.translate(Self.video(pq, .avc)).isEmpty)
        // Taken back.
        let events = try translator.translate(Self.video(.metadata([AMF0Property("colorInfo", .undefined)])))
        #expect(Self.tracks(events).count == 1 && Self.colour(events) == nil)
        #expect(try translator.translate(Self.video(Self.colorInfo([:]))).isEmpty)
        #expect(try translator.translate(Self.video(.metadata([AMF0Property("other", .null)]))).isEmpty)
    }

    @Test func theColourOfTheContainerComesBeforeTheBitstreams() throws {
        var translator = RTMPTranslator()
        let events = try translator.translate(Self.video(.sequenceStart(Self.wideHVCC)))
        let own = ColourDescription(primaries: 2, transfer: 2, matrix: 9, isFullRange: false)
        #expect(Self.colour(events) == own)
        let hlg = Self.colorInfo(["transferCharacteristics": 18, "matrixCoefficients": 2])
        let painted = ColourDescription(primaries: 2, transfer: 18, matrix: 9, isFullRange: false)
        #expect(Self.colour(try translator.translate(Self.video(hlg))) == painted)
        // Parameter sets in the stream do not take it back; the container does.
        #expect(try translator.translate(Self.video(.sequenceStart(Self.wideHVCC))).isEmpty)
        #expect(Self.colour(try translator.translate(Self.video(Self.colorInfo([:])))) == own)
    }

    private static func hdr(_ display: [String: Double], _ light: [String: Double]) -> ExVideoPacket.Body {
        func object(_ values: [String: Double]) -> AMF0Value {
            .object(values.map { AMF0Property($0.key, .number($0.value)) })
        }
        return .metadata([
            AMF0Property(
                "colorInfo",
                .object([AMF0Property("hdrMdcv", object(display)), AMF0Property("hdrCll", object(light))]))
        ])
    }

    @Test func theBrightnessOfTheContainerIsTaken() throws {
        let display = [
            "redX": 0.68, "redY": 0.32, "greenX": 0.265, "greenY": 0.69, "blueX": 0.15, "blueY": 0.06,
            "whitePointX": 0.3127, "whitePointY": 0.329, "maxLuminance": 1000, "minLuminance": 0.0001,
        ]
        var translator = RTMPTranslator()
        _ = try translator.translate(Self.video(.sequenceStart(Self.hvcC)))
        let events = try translator.translate(Self.video(Self.hdr(display, ["maxCLL": 1000, "maxFall": 400])))
        guard case .video(let format)? = Self.tracks(events).first?.format else {
            Issue.record("no track")
            return
        }
        #expect(format.colour == nil)
        #expect(
            format.mastering
                == MasteringDisplay(
                    red: .init(x: 34_000, y: 16_000), green: .init(x: 13_250, y: 34_500),
                    blue: .init(x: 7500, y: 3000), white: .init(x: 15_635, y: 16_450), maximumLuminance: 10_000_000,
                    minimumLuminance: 1))
        #expect(format.light == ContentLight(maximum: 1000, maximumAverage: 400))
    }

    @Test(arguments: [
        ("redX", 1.5), ("redX", -0.1), ("redX", .nan), ("whitePointY", .infinity), ("maxLuminance", -1),
        ("maxLuminance", 1e9), ("minLuminance", .nan), ("other", 1),
    ])
    func aBrightnessThatIsNoneIsLeftOut(name: String, value: Double) throws {
        var display = [
            "redX": 0.68, "redY": 0.32, "greenX": 0.265, "greenY": 0.69, "blueX": 0.15, "blueY": 0.06,
            "whitePointX": 0.3127, "whitePointY": 0.329, "maxLuminance": 1000, "minLuminance": 0.0001,
        ]
        if name == "other" { display["greenX"] = nil } else { display[name] = value }
        var translator = RTMPTranslator()
        _ = try translator.translate(Self.video(.sequenceStart(Self.hvcC)))
        #expect(try translator.translate(Self.video(Self.hdr(display, ["maxCLL": 65_536, "maxFall": 1]))).isEmpty)
    }

    // MARK: Codecs with readers of their own

    @Test(arguments: [ExVideoCodec.av1, .vp9])
    func otherVideoIsReadByItsReader(codec: ExVideoCodec) throws {
        let isAV1 = codec == .av1
        let start = isAV1 ? Self.av1Start : Self.vp9Start
        let frames = isAV1 ? [Self.av1Key, Self.av1Other] : [Self.vp9Key, Self.vp9Other]
        var translator = RTMPTranslator()
        var events = try translator.translate(Self.video(.sequenceStart(start), codec))
        // A repeated configuration is no news.
        events += try translator.translate(Self.video(.sequenceStart(start), codec))
        events += try translator.translate(Self.video(Self.frame(frames[0]), codec))
        events += try translator.translate(Self.video(Self.frame(frames[1]), codec, nanoseconds: 5, at: 40))
        let track = try #require(Self.tracks(events).last)
        #expect(track.codec == (isAV1 ? .av1 : .vp9))
        guard case .video(let format) = track.format else { return }
        #expect((format.width, format.height) == (64, 64))
        let samples = Self.samples(events)
        #expect(samples.map(\.access) == [.sync, .dependent])
        #expect(samples.last?.presentationTime == MediaTime(40_000_005, Timescale(1_000_000_000)))
        #expect(translator.droppedPackets == 0)
        // The colour of the container is put on these too.
        let pq = Self.colorInfo(["transferCharacteristics": 16])
        #expect(Self.colour(try translator.translate(Self.video(pq, codec)))?.transfer == 16)
        // Frames of the other were not configured.
        #expect(try translator.translate(Self.video(Self.frame(frames[0]), isAV1 ? .vp9 : .av1)).isEmpty)
        #expect(translator.droppedPackets == 1)
    }

    @Test func av1MayBeginWithADescriptorAlone() throws {
        var translator = RTMPTranslator()
        _ = try translator.translate(Self.video(.mpeg2TSSequenceStart(ByteChunk([0x80, 4, 0x81, 0, 0x0C, 0])), .av1))
        let events = try translator.translate(Self.video(Self.frame(Self.av1Key), .av1))
        #expect(Self.tracks(events).map(\.codec) == [.av1])
        #expect(Self.samples(events).map(\.access) == [.sync])
    }
}

extension EnhancedTranslatorTests {
    // As ffmpeg 8 writes 64x64 of black.
    fileprivate static let av1Start = ByteChunk([
        0x81, 0x00, 0x0C, 0x00, 0x0A, 0x0A, 0x00, 0x00, 0x00, 0x02, 0xAF, 0xFF, 0x80, 0x5F, 0x00, 0x08,
    ])
    fileprivate static let av1Key: [UInt8] = [
        0x12, 0x00, 0x0A, 0x0A, 0x00, 0x00, 0x00, 0x02, 0xAF, 0xFF, 0x8D, 0x5F, 0x30, 0x08, 0x32, 0x10, 0x10, 0x00,
        0xAB, 0x82, 0x05, 0x14, 0x20, 0x81, 0x00, 0x00, 0x08, 0x00, 0x95, 0xCE, 0x15, 0x60,
    ]
    fileprivate static let av1Other: [UInt8] = [
        0x12, 0x00, 0x32, 0x11, 0x28, 0x02, 0x00, 0x24, 0x92, 0x49, 0x1D, 0x8C, 0x00, 0x00, 0x02, 0x00, 0x00, 0x0C,
        0x00, 0x9C, 0x10, 0x32, 0x11, 0x30, 0x02, 0x04, 0x09, 0x24, 0x00, 0x3B, 0x18, 0x00, 0x00, 0x02, 0x00, 0x00,
        0x0C, 0x00, 0x9B, 0x70,
    ]
    fileprivate static let vp9Start = ByteChunk([
        0x01, 0x00, 0x00, 0x00, 0x00, 0x0A, 0x82, 0x02, 0x02, 0x02, 0x00, 0x00,
    ])
    fileprivate static let vp9Key: [UInt8] = [
        0x82, 0x49, 0x83, 0x42, 0x00, 0x03, 0xF0, 0x03, 0xF6, 0x00, 0x38, 0x24, 0x1C, 0x18, 0x4A, 0x00, 0x00, 0x30,
        0x60, 0x00, 0x00, 0x67, 0x3F, 0xFF, 0xFF, 0x56, 0x45, 0x64, 0xEE, 0xCC, 0x00,
    ]
    fileprivate static let vp9Other: [UInt8] = [
        0x86, 0x00, 0x40, 0x92, 0x9C, 0x00, 0x50, 0x00, 0x00, 0x03, 0x20, 0x00, 0x00, 0x54, 0x70,
    ]
}
