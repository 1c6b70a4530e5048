import Bitstreams
import Bytes
import Media
import Testing

@Suite struct AVCDecoderConfigurationTests {
    typealias Records = Fixtures.DecoderConfiguration

    @Test(arguments: Records.all)
    func aRecordComesBackByteForByte(record: [UInt8]) throws {
        #expect(try AVCDecoderConfiguration(record: ByteChunk(record)).record.array == record)
    }

    @Test(arguments: zip([0, 1] as [UInt8], [1, 2]))
    func aTrackHasFourByteLengthsWhateverTheRecordSays(lengthSizeMinusOne: UInt8, lengthSize: Int) throws {
        var record = Records.high
        record[4] = 0xFC | lengthSizeMinusOne
        #expect(try AVCDecoderConfiguration(record: ByteChunk(record)).lengthSize == lengthSize)
        #expect(try Track(avcDecoderConfiguration: ByteChunk(record)).decoderConfiguration.array == Records.high)
    }

    @Test func aTrackSaysWhatTheBitstreamSays() throws {
        // The record's own copies of profile and level are wrong.
        var record = Records.cropped
        (record[1], record[2], record[3]) = (77, 1, 10)
        let track = try Track(avcDecoderConfiguration: ByteChunk(record))
        #expect(track.codec == .h264)
        #expect(track.codecString == "avc1.640028")
        #expect(track.timescale == .video)
        #expect(track.decoderConfiguration.array == Records.cropped)
        let colour = ColourDescription(primaries: 1, transfer: 1, matrix: 1, isFullRange: false)
        #expect(track.format == .video(VideoFormat(width: 1920, height: 1080, colour: colour)))
    }

    @Test func aHighProfileRecordMayEndEarly() throws {
        let short = Array(Records.high.dropLast(4))
        #expect(try AVCDecoderConfiguration(record: ByteChunk(short)).record.array == Records.high)
    }

    @Test func severalParameterSetsKeepTheirOrder() throws {
        let (other, extensionSet) = (SPSRecipe(profile: 100, id: 1).nalUnit, [0x6D, 0xB8] as [UInt8])
        let first = try AVCDecoderConfiguration(record: ByteChunk(Records.high))
        let configuration = try AVCDecoderConfiguration(
            sequenceParameterSets: first.sequenceParameterSets + [ByteChunk(other + [0, 0])],
            pictureParameterSets: first.pictureParameterSets + [ByteChunk([0x68, 0x5B])],
            sequenceParameterSetExtensions: [ByteChunk(extensionSet)])
        let again = try AVCDecoderConfiguration(record: configuration.record)
        #expect(again == configuration)
        #expect(again.sequenceParameterSets.map(\.array) == [first.sequenceParameterSets[0].array, other])
        #expect(again.pictureParameterSets.count == 2)
        #expect(again.sequenceParameterSetExtensions.map(\.array) == [extensionSet])
    }

    static let refusals: [(record: String, error: BitstreamError)] = [
        ("", .unexpectedEnd(offset: 0)),
        ("0264001effe0", .invalid("configurationVersion", offset: 0)),
        ("0164001efee000", .invalid("lengthSizeMinusOne", offset: 4)),
        ("0164001effe000", .missing("sequence parameter set")),
        ("0142c00dffe100196742c00dd901419f9f0110000003001000000303c0f142a48000", .missing("picture parameter set")),
        ("0164001effe1000000", .missing("NAL unit header")),
        ("0164001effe10002670001", .unexpectedEnd(offset: 11)),
        ("0164001effe100026801000000", .invalid("nal_unit_type", offset: 0)),
    ]

    @Test(arguments: refusals.indices)
    func aWrongRecordIsRefused(index: Int) {
        let (record, expected) = Self.refusals[index]
        #expect(throws: expected) { try AVCDecoderConfiguration(record: ByteChunk(Fixtures.bytes(record))) }
    }

    @Test func knownParameterSetsChangeNothing() throws {
        let configuration = try AVCDecoderConfiguration(record: ByteChunk(Records.high))
        let known = configuration.pictureParameterSets + configuration.sequenceParameterSets
        let padded = known.map { ByteChunk($0.array + [0]) }
        #expect(try configuration.updating(with: []) == nil)
        #expect(try configuration.updating(with: padded) == nil)
    }

    @Test func aNewSetReplacesTheOneWithItsID() throws {
        let configuration = try AVCDecoderConfiguration(record: ByteChunk(Records.high))
        let replacement = ByteChunk(SPSRecipe(profile: 100).nalUnit)
        let addition = ByteChunk([0x68, 0x5B])
        let updated = try #require(try configuration.updating(with: [replacement, addition]))
        #expect(updated.sequenceParameterSets == [replacement])
        #expect(updated.pictureParameterSets == configuration.pictureParameterSets + [addition])
        #expect(updated.parameters.height == 368)
        #expect(Track(updated) != Track(configuration))
    }

    @Test func anUpdateThatIsNoParameterSetIsRefused() throws {
        let configuration = try AVCDecoderConfiguration(record: ByteChunk(Records.high))
        for unit in [[], [0], [0x65, 0x88], [0x67, 0x64]] as [[UInt8]] {
            #expect(throws: BitstreamError.self) { try configuration.updating(with: [ByteChunk(unit)]) }
        }
    }

    @Test func aDamagedRecordIsAValueOrATypedError() {
        var refusals = 0
        for damaged in Records.all.flatMap(damagedCopies) {
            do throws(BitstreamError) {
                let configuration = try AVCDecoderConfiguration(record: ByteChunk(damaged))
                #expect(try AVCDecoderConfiguration(record: configuration.record) == configuration)
                _ = try configuration.updating(with: [ByteChunk(damaged)])
            } catch {
                refusals += 1
            }
        }
        #expect(refusals > 500)
    }
}
