import Bitstreams
import Bytes
import Media
import Testing

@Suite struct HEVCDecoderConfigurationTests {
    /// `hvcC` boxes of `ffmpeg -f lavfi -i testsrc2=s=SIZE:r=RATE -frames:v 4 -c:v libx265 -x265-params
    /// log-level=error:info=0:MORE -tag:v hvc1 OPTIONS out.mp4`: ffmpeg 5.1.9 with x265 3.5, on Debian 12.
    enum Records {
        /// `640x360:r=25`, `-pix_fmt yuv420p`: Main.
        static let main = Fixtures.bytes(
            """
            0101600000009000000000003ff000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003f959809
            a10001002a42010101600000030090000003000003003fa00502016965959a4932bc05a02000000300200000030321a200010007
            4401c172b46240
            """)
        /// `1920x1080:r=50`, `-pix_fmt yuv420p10le -preset ultrafast`: Main 10, 1088 lines coded.
        static let main10 = Fixtures.bytes(
            """
            0102200000009000000000007bf000fcfdfafa00000f03a00001001840010c01ffff02200000030090000003000003007b959409
            a10001002d42010102200000030090000003000003007ba003c0801107cad965654a4c2f0168080000030008000003019040a200
            0100064401c073c189
            """)
        /// `720x576:r=25`, `-pix_fmt yuv420p`, with `colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc:range=limited:sar=16\:11:
        /// level-idc=51:high-tier=1`: a shape from the table, colour, a level that was asked for.
        static let described = Fixtures.bytes(
            """
            01216000000090000000000099f000fcfdf8f800000f03a00001001840010c01ffff216000000300900000030000030099959809
            a10001002e420101216000000300900000030000030099a005a20090596566924caf046a12241208000003000800000300c840a2
            000100074401c172b46240
            """)
        /// `640x360:r=30000/1001`, `-pix_fmt yuv420p`, with `temporal-layers=1`: two temporal layers.
        static let layered = Fixtures.bytes(
            """
            0101600000009000000000003ff000fcfdf8f800001303a00001001c40010c02ffff01600000030090000003000003003f000095
            98acc048a10001002d42010201600000030090000003000003003f0000a005020169659598acd24995e02d0100000303e9000075
            3008a2000100074401c172b46240
            """)
        /// `638x358:r=25`, `-pix_fmt yuv444p12le`: Main 4:4:4 12.
        static let lossless444 = Fixtures.bytes(
            """
            0104080000009808000000003ff000fcfffcfc00000f03a00001001740010c01ffff040800000300980800000300003f959809a1
            0001002c420101040800000300980800000300003f9000a0402d3bb294b2b349265780b4040000030004000003006420a2000100
            084401c172860c4624
            """)
        static let all = [main, main10, described, layered, lossless444]
    }

    struct Expected: Sendable {
        var record: [UInt8]
        var codecString: String
        var size: [Int]
        var chromaFormat: UInt8 = 1
        var bitDepth: UInt8 = 8
        var shape: AspectRatio? = AspectRatio(1, 1)
        var pictureDuration: MediaTime? = MediaTime(1, Timescale(25))
        var colour: ColourDescription?
    }

    static let expectations = [
        Expected(record: Records.main, codecString: "hvc1.1.6.L63.90", size: [640, 360]),
        Expected(
            record: Records.main10, codecString: "hvc1.2.4.L123.90", size: [1920, 1080], bitDepth: 10,
            pictureDuration: MediaTime(1, Timescale(50))),
        Expected(
            record: Records.described, codecString: "hvc1.1.6.H153.90", size: [720, 576], shape: AspectRatio(16, 11),
            colour: ColourDescription(primaries: 9, transfer: 18, matrix: 9, isFullRange: false)),
        Expected(
            record: Records.layered, codecString: "hvc1.1.6.L63.90", size: [640, 360],
            pictureDuration: MediaTime(1001, Timescale(30_000))),
        Expected(
            record: Records.lossless444, codecString: "hvc1.4.10.L63.98.8", size: [638, 358], chromaFormat: 3,
            bitDepth: 12),
    ]

    @Test(arguments: Records.all)
    func aRecordComesBackByteForByte(record: [UInt8]) throws {
        #expect(try HEVCDecoderConfiguration(record: ByteChunk(record)).record.array == record)
    }

    @Test(arguments: expectations)
    func anEncodersSetSaysWhatItEncoded(expected: Expected) throws {
        let parameters = try HEVCDecoderConfiguration(record: ByteChunk(expected.record)).parameters
        #expect(parameters.profile.codecString == expected.codecString)
        #expect([parameters.width, parameters.height] == expected.size)
        #expect(parameters.chromaFormat == expected.chromaFormat)
        #expect([parameters.lumaBitDepth, parameters.chromaBitDepth] == [expected.bitDepth, expected.bitDepth])
        #expect(parameters.usability.sampleAspectRatio == expected.shape)
        #expect(parameters.usability.pictureDuration == expected.pictureDuration)
        #expect(parameters.usability.colour == expected.colour)
    }

    @Test func aTrackSaysWhatTheBitstreamSays() throws {
        // The record's own copies of profile, level and lengths are others.
        var record = Records.described
        (record[1], record[12], record[21]) = (2, 30, record[21] & 0xFC | 1)
        #expect(try HEVCDecoderConfiguration(record: ByteChunk(record)).lengthSize == 2)
        let track = try Track(hevcDecoderConfiguration: ByteChunk(record))
        #expect(track.codec == .hevc)
        #expect(track.decoderConfiguration.array == Records.described)
        #expect(track.timescale == .video)
        let expected = try #require(Self.expectations.first { $0.record == Records.described })
        #expect(track.codecString == expected.codecString)
        #expect(
            track.format
                == .video(
                    VideoFormat(
                        width: expected.size[0], height: expected.size[1],
                        sampleAspectRatio: expected.shape ?? AspectRatio(1, 1), colour: expected.colour)))
    }

    @Test func supplementalInformationIsLeftOut() throws {
        var record = Records.main
        record[22] += 1
        record += [0xA7, 0, 1, 0, 4, 0x4E, 1, 5, 0x80]
        #expect(try HEVCDecoderConfiguration(record: ByteChunk(record)).record.array == Records.main)
    }

    @Test func knownParameterSetsChangeNothing() throws {
        let configuration = try HEVCDecoderConfiguration(record: ByteChunk(Records.main))
        let known =
            configuration.pictureParameterSets + configuration.sequenceParameterSets + configuration.videoParameterSets
        #expect(try configuration.updating(with: []) == nil)
        #expect(try configuration.updating(with: known.map { ByteChunk($0.array + [0]) }) == nil)
    }

    @Test func aNewSetReplacesTheOneWithItsID() throws {
        let configuration = try HEVCDecoderConfiguration(record: ByteChunk(Records.main))
        let other = try HEVCDecoderConfiguration(record: ByteChunk(Records.main10))
        // An id of 1: the bits behind the header are 010.
        let addition = ByteChunk([0x44, 1, 0x40])
        let updated = try #require(try configuration.updating(with: other.sequenceParameterSets + [addition]))
        #expect(updated.sequenceParameterSets == other.sequenceParameterSets)
        #expect(updated.parameters.lumaBitDepth == 10)
        #expect(updated.videoParameterSets == configuration.videoParameterSets)
        #expect(updated.pictureParameterSets == configuration.pictureParameterSets + [addition])
    }

    @Test func anUpdateThatIsNoParameterSetIsRefused() throws {
        let configuration = try HEVCDecoderConfiguration(record: ByteChunk(Records.main))
        for unit in [[], [0], [0x40], [0x42, 1, 1], [0x26, 1, 0x80], [0x44, 1]] as [[UInt8]] {
            #expect(throws: BitstreamError.self) { try configuration.updating(with: [ByteChunk(unit)]) }
        }
    }

    static let spellings: [(bits: HEVCBits, codecString: String)] = [
        (HEVCBits(profile: 1, compatibility: 0x6000_0000, constraints: [0xB0], level: 93), "hvc1.1.6.L93.B0"),
        // The High tier, a profile space, a gap among the constraints
        (
            HEVCBits(
                space: 2, isHigh: true, profile: 4, compatibility: 0x0800_0001, constraints: [0, 0x10, 0], level: 150),
            "hvc1.B4.80000010.H150.0.10"
        ),
        (HEVCBits(profile: 2, compatibility: 0, constraints: [], level: 30), "hvc1.2.0.L30"),
    ]

    @Test(arguments: spellings.indices)
    func aCodecStringIsSpelledAsAnnexEHasIt(index: Int) throws {
        let (bits, expected) = Self.spellings[index]
        let parameters = try HEVCSequenceParameterSet(nalUnit: bits.sequenceParameterSet.span)
        #expect(parameters.profile.codecString == expected)
        #expect([parameters.width, parameters.height] == [62, 60])
        #expect(parameters.usability.pictureDuration == MediaTime(1001, Timescale(24_000)))
    }

    @Test func aDamagedRecordIsAValueOrATypedError() {
        var refusals = 0
        for damaged in Records.all.flatMap(damagedCopies) {
            do throws(BitstreamError) {
                let configuration = try HEVCDecoderConfiguration(record: ByteChunk(damaged))
                #expect(try HEVCDecoderConfiguration(record: configuration.record) == configuration)
                _ = try configuration.updating(with: [ByteChunk(damaged)])
            } catch {
                refusals += 1
            }
        }
        #expect(refusals > 500)
    }
}

/// A sequence parameter set with all that x265 does not write: sub-layers, scaling lists, PCM, reference picture sets that
/// are predicted, long-term reference pictures, a default display window.
struct HEVCBits: Sendable {
    var space: UInt64 = 0
    var isHigh = false
    var profile: UInt64
    var compatibility: UInt64
    var constraints: [UInt64]
    var level: UInt64

    var sequenceParameterSet: [UInt8] {
        var writer = SyntaxWriter()
        writer.u(16, 0x4201)
        // The video parameter set's id, three sub-layers, nesting
        writer.u(8, 0x05)
        writer.u(2, space)
        writer.flag(isHigh)
        writer.u(5, profile)
        writer.u(32, compatibility)
        for index in 0..<6 { writer.u(8, index < constraints.count ? constraints[index] : 0) }
        writer.u(8, level)
        // The first sub-layer has a profile, the second a level; six more have two bits each.
        writer.u(4, 0b10_01)
        writer.u(12, 0)
        writer.u(44, 0)
        writer.u(44, 0)
        writer.u(8, 30)
        writer.ue(3)
        // 4:2:2, 64 × 64, of which 62 × 60 are shown
        for value in [2, 64, 64] as [UInt64] { writer.ue(value) }
        writer.flag(true)
        for value in [1, 0, 1, 3] as [UInt64] { writer.ue(value) }
        for value in [0, 0, 4] as [UInt64] { writer.ue(value) }
        // All sub-layers are described.
        writer.flag(true)
        for _ in 0..<9 { writer.ue(1) }
        for value in [0, 2, 0, 3, 1, 1] as [UInt64] { writer.ue(value) }
        // Scaling lists: the first is predicted, the others are written.
        writer.u(2, 0b11)
        for size in 0..<4 {
            for matrix in 0..<(size == 3 ? 2 : 6) {
                writer.flag(matrix != 0)
                if matrix == 0 {
                    writer.ue(0)
                } else {
                    if size > 1 { writer.se(-3) }
                    for index in 0..<min(64, 1 << (4 + 2 * size)) { writer.se(Int64(index % 5) - 2) }
                }
            }
        }
        // Tools; PCM
        writer.u(3, 0b111)
        writer.u(8, 0x77)
        writer.ue(0)
        writer.ue(2)
        writer.flag(true)
        // Three sets of reference pictures: two and one, predicted from them with one left out, and none.
        writer.ue(3)
        writer.ue(2)
        writer.ue(1)
        for _ in 0..<3 {
            writer.ue(0)
            writer.flag(true)
        }
        writer.u(2, 0b10)
        writer.ue(0)
        // Used; not used and left out; not used but kept; used
        writer.u(6, 0b1_00_01_1)
        writer.flag(true)
        writer.flag(false)
        writer.ue(4)
        writer.u(4, 0b1111)
        // Two long-term reference pictures of eight bits and a flag
        writer.flag(true)
        writer.ue(2)
        writer.u(18, 0)
        writer.u(2, 0b11)
        // What to show: a shape of 2:1, overscan, colour, chroma places, fields, a window, timing
        writer.flag(true)
        writer.u(9, 0b1_0001_0000)
        writer.u(2, 0b11)
        writer.u(6, 0b1_101_0_0)
        writer.flag(true)
        writer.ue(1)
        writer.ue(1)
        writer.u(3, 0)
        writer.flag(true)
        for value in [0, 5, 0, 7] as [UInt64] { writer.ue(value) }
        writer.flag(true)
        writer.u(32, 1001)
        writer.u(32, 24_000)
        return writer.nalUnit
    }
}
