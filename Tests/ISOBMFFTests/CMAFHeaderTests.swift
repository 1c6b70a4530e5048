import Bitstreams
import Bytes
import ISOBMFF
import Media
import Testing

@Suite struct CMAFHeaderTests {
    @Test func aVideoHeaderHasTheBoxesOfCMAFInTheirOrder() throws {
        #expect(
            try boxTree(CMAFHeader.bytes(for: Samples.videoTrack())) == [
                "ftyp", "moov", " mvhd", " trak", "  tkhd", "  mdia", "   mdhd", "   hdlr", "   minf", "    vmhd",
                "    dinf", "     dref", "      url ", "    stbl", "     stsd", "      avc1", "       avcC",
                "       colr", "       pasp", "     stts", "     stsc", "     stsz", "     stco", " mvex", "  trex",
            ])
    }

    @Test func anAudioHeaderHasTheBoxesOfCMAFInTheirOrder() throws {
        #expect(
            try boxTree(CMAFHeader.bytes(for: Samples.audioTrack())) == [
                "ftyp", "moov", " mvhd", " trak", "  tkhd", "  mdia", "   mdhd", "   hdlr", "   minf", "    smhd",
                "    dinf", "     dref", "      url ", "    stbl", "     stsd", "      mp4a", "       esds",
                "     stts",
                "     stsc", "     stsz", "     stco", " mvex", "  trex",
            ])
    }

    @Test func colourThatIsUnknownIsNotDescribed() throws {
        let tree = try boxTree(CMAFHeader.bytes(for: Samples.videoTrack(Samples.anamorphic)))
        #expect(!tree.contains("       colr") && tree.contains("       pasp"))
    }

    @Test func theDisplayAndTheBrightnessAreWrittenInTheirOrder() throws {
        let plain = try Samples.videoTrack()
        guard case .video(var video) = plain.format else { return }
        video.mastering = MasteringDisplay(
            red: .init(x: 34_000, y: 16_000), green: .init(x: 13_250, y: 34_500), blue: .init(x: 7500, y: 3000),
            white: .init(x: 15_635, y: 16_450), maximumLuminance: 10_000_000, minimumLuminance: 1)
        video.light = ContentLight(maximum: 1000, maximumAverage: 400)
        let header = CMAFHeader.bytes(
            for: Track(
                codec: plain.codec, format: .video(video), decoderConfiguration: plain.decoderConfiguration,
                codecString: plain.codecString))
        let tree = try boxTree(header)
        #expect(tree.contains("       mdcv") && tree.contains("       clli"))
        // Green, blue, red, white; the greatest luminance, the least.
        let mdcv = "33c286c41d4c0bb884d03e803d13404200989680" + "00000001"
        let text = header.array.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        #expect(text.contains("000000206d646376" + mdcv))
        #expect(text.contains("0000000c636c6c69" + "03e80190"))
    }

    static let brandings: [(track: Result<Track, BitstreamError>, profile: String)] = [
        (track(video: Samples.highDefinition), "cfhd"),
        (track(video: Samples.anamorphic), "cfsd"),
        (track(video: Samples.interlaced), ""),
        // The same set at levels 4.2 and 5.0.
        (track(video: withLevel(42)), "chdf"),
        (track(video: withLevel(50)), ""),
        (track(audio: [0x11, 0x90]), "caac"),
        (track(audio: [0x2B, 0x11, 0x88, 0x00]), "caac"),
        // libaom-av1 3.6.0, 320×180
        (track(av1: Samples.bytes("81000c000a0b000000043cfeccdaf90040")), "av01"),
        // Six channels, 96 kHz, AAC Main.
        (track(audio: [0x11, 0xB0]), ""),
        (track(audio: [0x10, 0x10]), ""),
        (track(audio: [0x09, 0x90]), ""),
    ]

    @Test(arguments: brandings.indices)
    func aMediaProfileIsNamedWhereItIsTrue(index: Int) throws {
        let (track, profile) = Self.brandings[index]
        let ftyp = try #require(try findBox(["ftyp"], in: CMAFHeader.bytes(for: track.get())))
        let text = String(decoding: ftyp.payload.array, as: UTF8.self)
        #expect(text == "cmfc\0\0\0\0iso6cmfc" + profile)
    }

    @Test func theTimescaleIsTheTracksAndDurationsAreZero() throws {
        for (track, timescale) in [(try Samples.videoTrack(), 90_000), (try Samples.audioTrack(), 48_000)] {
            let header = CMAFHeader.bytes(for: track)
            for path in [["moov", "mvhd"], ["moov", "trak", "mdia", "mdhd"]] as [[FourCC]] {
                let box = try #require(try findBox(path, in: header))
                var reader = ByteReader(box.payload.span)
                try reader.skip(12)
                #expect(try reader.readUInt32() == UInt32(timescale))
                #expect(try reader.readUInt32() == 0)
            }
            let mdhd = try #require(try findBox(["moov", "trak", "mdia", "mdhd"], in: header))
            // "und"
            #expect(mdhd.payload.array.suffix(4) == [0x55, 0xC4, 0, 0])
        }
    }

    @Test func theTrackHeaderHasTheSizeOnScreen() throws {
        let header = CMAFHeader.bytes(for: try Samples.videoTrack(Samples.anamorphic))
        let tkhd = try #require(try findBox(["moov", "trak", "tkhd"], in: header)).payload.array
        #expect(Array(tkhd[0..<4]) == [0, 0, 0, 7])
        // 720 × 16/11 = 1047.27 by 576, as 16.16 numbers.
        #expect(Array(tkhd.suffix(8)) == [0x04, 0x17, 0x45, 0xD1, 0x02, 0x40, 0, 0])
        let avc1 = try #require(try findBox(["moov", "trak", "mdia", "minf", "stbl", "stsd", "avc1"], in: header))
        #expect(Array(avc1.payload.array[24..<28]) == [0x02, 0xD0, 0x02, 0x40])
        #expect(try avc1.children(after: 78).last?.payload.array == [0, 0, 0, 16, 0, 0, 0, 11])
    }

    @Test func theVideoEntryCarriesTheConfigurationAndTheColour() throws {
        let header = CMAFHeader.bytes(for: try Samples.videoTrack())
        let path: [FourCC] = ["moov", "trak", "mdia", "minf", "stbl", "stsd", "avc1"]
        #expect(try findBox(path + ["avcC"], in: header)?.payload == Samples.highDefinition)
        #expect(
            try findBox(path + ["colr"], in: header)?.payload.array
                == Array("nclx".utf8) + [0, 1, 0, 1, 0, 1, 0])
    }

    @Test func theAudioEntryCarriesTheConfiguration() throws {
        let header = CMAFHeader.bytes(for: try Samples.audioTrack())
        let path: [FourCC] = ["moov", "trak", "mdia", "minf", "stbl", "stsd", "mp4a"]
        let entry = try #require(try findBox(path, in: header)).payload.array
        // Two channels of 16 bits at 48,000.
        #expect(Array(entry[16..<28]) == [0, 2, 0, 16, 0, 0, 0, 0, 0xBB, 0x80, 0, 0])
        #expect(
            try findBox(path + ["esds"], in: header)?.payload.array == [
                0, 0, 0, 0, 3, 25, 0, 0, 0, 4, 17, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 0x11, 0x90, 6,
                1, 2,
            ])
    }

    @Test func aLongAudioConfigurationHasALongSize() throws {
        let comment = Array(repeating: 0x20 as UInt8, count: 200)
        let config: [UInt8] = [0x11, 0x90] + comment
        let header = CMAFHeader.bytes(for: try Samples.audioTrack(config))
        let path: [FourCC] = ["moov", "trak", "mdia", "minf", "stbl", "stsd", "mp4a", "esds"]
        let esds = try #require(try findBox(path, in: header)).payload.array
        // 202 bytes are 1 × 128 + 74, 218 are 1 × 128 + 90, 227 are 1 × 128 + 99.
        #expect(Array(esds[4..<7]) == [3, 0x81, 99])
        #expect(Array(esds[10..<13]) == [4, 0x81, 90])
        #expect(Array(esds[26..<29]) == [5, 0x81, 74])
        #expect(esds.count == 7 + 227)
    }

    @Test func aRateBeyond16BitsIsLeftToTheConfiguration() throws {
        let header = CMAFHeader.bytes(for: try Samples.audioTrack([0x10, 0x10]))
        let path: [FourCC] = ["moov", "trak", "mdia", "minf", "stbl", "stsd", "mp4a"]
        let entry = try #require(try findBox(path, in: header)).payload.array
        #expect(Array(entry[24..<28]) == [0, 0, 0, 0])
    }

    private static func track(video record: ByteChunk) -> Result<Track, BitstreamError> {
        Result { () throws(BitstreamError) in try Samples.videoTrack(record) }
    }

    private static func track(av1 record: ByteChunk) -> Result<Track, BitstreamError> {
        Result { () throws(BitstreamError) in try Track(av1CodecConfiguration: record) }
    }

    private static func track(audio config: [UInt8]) -> Result<Track, BitstreamError> {
        Result { () throws(BitstreamError) in try Samples.audioTrack(config) }
    }

    private static func withLevel(_ level: UInt8) -> ByteChunk {
        var record = Samples.highDefinition.array
        // level_idc in the sequence parameter set, which begins at byte 8.
        record[11] = level
        return ByteChunk(record)
    }
}
