import Bitstreams
import Bytes
import Media
import Testing

/// What a sequence parameter set is expected to say.
struct ExpectedParameters: Sendable {
    var record: [UInt8]
    var codecString: String
    var size: [Int]
    var shape: AspectRatio? = AspectRatio(1, 1)
    var isProgressive = true
    var chromaFormat: UInt8 = 1
    var bitDepth: UInt8 = 8
    var frameDuration = MediaTime(1, Timescale(25))
    var reorderDepth: Int? = 2
    var maxDecodedFrames: Int? = 4
}

@Suite struct AVCSequenceParameterSetTests {
    typealias Records = Fixtures.DecoderConfiguration

    static let expectations = [
        ExpectedParameters(record: Records.high, codecString: "avc1.64001e", size: [640, 360]),
        ExpectedParameters(
            record: Records.cropped, codecString: "avc1.640028", size: [1920, 1080],
            frameDuration: MediaTime(1001, Timescale(30_000))),
        ExpectedParameters(
            record: Records.interlaced, codecString: "avc1.640028", size: [1920, 1080], isProgressive: false),
        ExpectedParameters(
            record: Records.anamorphic, codecString: "avc1.4d401e", size: [720, 576], shape: AspectRatio(16, 11)),
        ExpectedParameters(
            record: Records.extendedShape, codecString: "avc1.64001f", size: [704, 576], shape: AspectRatio(64, 45),
            frameDuration: MediaTime(1, Timescale(50))),
        ExpectedParameters(
            record: Records.baseline, codecString: "avc1.42c00d", size: [320, 180],
            frameDuration: MediaTime(1, Timescale(30)), reorderDepth: 0, maxDecodedFrames: 3),
        ExpectedParameters(record: Records.high10, codecString: "avc1.6e001e", size: [640, 360], bitDepth: 10),
        ExpectedParameters(
            record: Records.high422, codecString: "avc1.7a001e", size: [638, 358], chromaFormat: 2, bitDepth: 10),
        ExpectedParameters(record: Records.high444, codecString: "avc1.f4001e", size: [637, 359], chromaFormat: 3),
        ExpectedParameters(record: Records.constantBitrate, codecString: "avc1.64001e", size: [640, 360]),
    ]

    @Test(arguments: expectations)
    func anEncodersSetSaysWhatItEncoded(expected: ExpectedParameters) throws {
        let parameters = try AVCDecoderConfiguration(record: ByteChunk(expected.record)).parameters
        #expect(parameters.codecString == expected.codecString)
        #expect([parameters.width, parameters.height] == expected.size)
        #expect(parameters.usability.sampleAspectRatio == expected.shape)
        #expect(parameters.isProgressive == expected.isProgressive)
        #expect(parameters.chromaFormat == expected.chromaFormat)
        #expect([parameters.lumaBitDepth, parameters.chromaBitDepth] == [expected.bitDepth, expected.bitDepth])
        #expect(parameters.usability.frameDuration == expected.frameDuration)
        #expect(parameters.reorderDepth == expected.reorderDepth)
        #expect(parameters.usability.maxDecodedFrames == expected.maxDecodedFrames)
    }

    @Test func aColourDescriptionIsRead() throws {
        let described = try AVCDecoderConfiguration(record: ByteChunk(Records.cropped)).parameters.usability
        #expect(
            described.colour == ColourDescription(primaries: 1, transfer: 1, matrix: 1, isFullRange: false))
        let open = try AVCDecoderConfiguration(record: ByteChunk(Records.high)).parameters.usability
        #expect(open.colour == nil)
    }

    @Test func aSetWithoutUsabilityLeavesItOpen() throws {
        let parameters = try parameterSet(SPSRecipe().nalUnit)
        #expect([parameters.width, parameters.height] == [640, 368])
        #expect(parameters.usability.sampleAspectRatio == nil)
        #expect(parameters.usability.frameDuration == nil)
        #expect(parameters.reorderDepth == nil)
    }

    @Test func scalingListsAreReadOver() throws {
        var recipe = SPSRecipe(profile: 100)
        recipe.scalingLists = [
            // Two whole lists of different sizes, one that ends early, one that takes the default.
            Array(repeating: 1, count: 16), nil, [3, -3, 5, -13], nil, nil, [-8],
            Array(repeating: -2, count: 3) + Array(repeating: 2, count: 61), nil,
        ]
        let parameters = try parameterSet(recipe.nalUnit)
        #expect([parameters.width, parameters.height] == [640, 368])
        #expect(parameters.usability == (try parameterSet(SPSRecipe().nalUnit)).usability)
    }

    @Test func everyPictureOrderCountTypeIsReadOver() throws {
        for type in 0...2 as ClosedRange<UInt64> {
            var recipe = SPSRecipe()
            recipe.pictureOrderCountType = type
            let parameters = try parameterSet(recipe.nalUnit)
            #expect(parameters.pictureOrderCountType == UInt8(type))
            #expect([parameters.width, parameters.height] == [640, 368])
            #expect(parameters.reorderDepth == (type == 2 ? 0 : nil))
        }
    }

    static let croppings: [(chroma: UInt64, isProgressive: Bool, size: [Int])] = [
        (0, true, [637, 359]), (0, false, [637, 718]), (1, true, [634, 350]), (1, false, [634, 700]),
        (2, true, [634, 359]), (2, false, [634, 718]), (3, true, [637, 359]), (3, false, [637, 718]),
    ]

    @Test(arguments: croppings.indices)
    func croppingCountsChromaSamplesAndFieldLines(index: Int) throws {
        let (chroma, isProgressive, size) = Self.croppings[index]
        var recipe = SPSRecipe(profile: 122)
        recipe.chromaFormat = chroma
        recipe.isProgressive = isProgressive
        recipe.crop = [1, 2, 4, 5]
        let parameters = try parameterSet(recipe.nalUnit)
        #expect([parameters.width, parameters.height] == size)
    }

    @Test func emulationPreventionIsTakenOut() throws {
        let nalUnit = Fixtures.bytes("6764001eacd940a02ff97011000003000100000300320f162d96")
        let parameters = try parameterSet(nalUnit)
        #expect(parameters.usability.frameDuration == MediaTime(1, Timescale(25)))
    }

    static let absurdities: [(element: String, recipe: SPSRecipe)] = [
        ("seq_parameter_set_id", SPSRecipe(id: 32)),
        ("chroma_format_idc", SPSRecipe(profile: 100, chromaFormat: 4)),
        ("bit_depth_luma_minus8", SPSRecipe(profile: 100, bitDepthMinus8: 7)),
        ("delta_scale", SPSRecipe(profile: 100, scalingLists: [[128], nil, nil, nil, nil, nil, nil, nil])),
        ("log2_max_frame_num_minus4", SPSRecipe(log2MaxFrameNumMinus4: 13)),
        ("pic_order_cnt_type", SPSRecipe(pictureOrderCountType: 3)),
        ("max_num_ref_frames", SPSRecipe(maxReferenceFrames: 17)),
        ("pic_width_in_mbs_minus1", SPSRecipe(widthInMacroblocks: 1056)),
        ("pic_height_in_map_units_minus1", SPSRecipe(heightInMapUnits: 1056)),
        ("pic_height_in_map_units_minus1", SPSRecipe(widthInMacroblocks: 1000, heightInMapUnits: 1000)),
        ("pic_width_in_mbs_minus1", SPSRecipe(widthInMacroblocks: 1 << 32)),
        ("frame_cropping", SPSRecipe(crop: [100, 220, 0, 0])),
        ("frame_crop_top_offset", SPSRecipe(crop: [0, 0, 20_000, 0])),
    ]

    @Test(arguments: absurdities.indices)
    func anAbsurdValueIsNamed(index: Int) {
        let (element, recipe) = Self.absurdities[index]
        let nalUnit = recipe.nalUnit
        let error = #expect(throws: BitstreamError.self) { try parameterSet(nalUnit) }
        guard case .invalid(element, offset: _) = error else {
            Issue.record("\(element) is blamed, not \(String(describing: error))")
            return
        }
    }

    @Test func anotherNALUnitIsNotASet() {
        #expect(throws: BitstreamError.invalid("nal_unit_type", offset: 0)) {
            try parameterSet(Fixtures.NALUnits.pictureParameterSet)
        }
        #expect(throws: BitstreamError.unexpectedEnd(offset: 0)) {
            try parameterSet([])
        }
    }

    @Test func aDamagedSetIsAValueOrATypedError() {
        var sets = Records.all.compactMap { try? AVCDecoderConfiguration(record: ByteChunk($0)) }
            .flatMap(\.sequenceParameterSets).map(\.array)
        #expect(sets.count == Records.all.count)
        var recipe = SPSRecipe(profile: 100)
        recipe.scalingLists = [Array(repeating: 1, count: 16)] + Array(repeating: nil, count: 7)
        sets.append(recipe.nalUnit)
        var refusals = 0
        for damaged in sets.flatMap(damagedCopies) {
            do throws(BitstreamError) {
                let parameters = try parameterSet(damaged)
                #expect((1...16_880).contains(parameters.width) && (1...16_880).contains(parameters.height))
            } catch {
                refusals += 1
            }
        }
        #expect(refusals > 500)
    }
}

/// The set in `nalUnit`; a span cannot pass through an expectation.
private func parameterSet(_ nalUnit: [UInt8]) throws(BitstreamError) -> AVCSequenceParameterSet {
    try AVCSequenceParameterSet(nalUnit: nalUnit.span)
}

/// A sequence parameter set in the making, without usability information.
struct SPSRecipe: Sendable {
    var profile: UInt64 = 77
    var id: UInt64 = 0
    var chromaFormat: UInt64 = 1
    var bitDepthMinus8: UInt64 = 0
    /// The deltas of each list; nothing where a list is absent.
    var scalingLists: [[Int64]?] = []
    var log2MaxFrameNumMinus4: UInt64 = 0
    var pictureOrderCountType: UInt64 = 0
    var maxReferenceFrames: UInt64 = 4
    var widthInMacroblocks: UInt64 = 40
    var heightInMapUnits: UInt64 = 23
    var isProgressive = true
    var crop: [UInt64] = []

    var nalUnit: [UInt8] {
        var writer = SyntaxWriter()
        for byte in [0x67, profile, 0, 30] { writer.u(8, byte) }
        writer.ue(id)
        if profile >= 100 {
            writer.ue(chromaFormat)
            if chromaFormat == 3 { writer.flag(false) }
            writer.ue(bitDepthMinus8)
            writer.ue(bitDepthMinus8)
            writer.flag(false)
            writer.flag(!scalingLists.isEmpty)
            for list in scalingLists {
                writer.flag(list != nil)
                for delta in list ?? [] { writer.se(delta) }
            }
        }
        writer.ue(log2MaxFrameNumMinus4)
        writer.ue(pictureOrderCountType)
        switch pictureOrderCountType {
        case 0: writer.ue(2)
        case 1:
            writer.flag(false)
            for offset in [-2, 1] as [Int64] { writer.se(offset) }
            writer.ue(3)
            for offset in [4, -0x7FFF_FFFF, 0x7FFF_FFFF] as [Int64] { writer.se(offset) }
        default: break
        }
        writer.ue(maxReferenceFrames)
        writer.flag(false)
        writer.ue(widthInMacroblocks - 1)
        writer.ue(heightInMapUnits - 1)
        writer.flag(isProgressive)
        if !isProgressive { writer.flag(false) }
        writer.flag(true)
        writer.flag(!crop.isEmpty)
        for offset in crop { writer.ue(offset) }
        writer.flag(false)
        return writer.nalUnit
    }
}
