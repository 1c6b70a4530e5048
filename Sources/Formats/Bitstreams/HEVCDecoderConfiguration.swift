public import Bytes

/// An `HEVCDecoderConfigurationRecord`, ISO/IEC 14496-15 §8.3.3.1: the parameter sets of an HEVC track and the size of
/// its NAL unit lengths. It is the payload of `hvcC` in MP4.
public struct HEVCDecoderConfiguration: Sendable, Hashable {
    /// How many bytes a NAL unit's length takes in the track's samples: 1, 2 or 4.
    public let lengthSize: Int
    /// The video parameter sets, at least one, each with its NAL unit header.
    public let videoParameterSets: [ByteChunk]
    /// The sequence parameter sets, at least one, each with its NAL unit header.
    public let sequenceParameterSets: [ByteChunk]
    /// The picture parameter sets, at least one, each with its NAL unit header.
    public let pictureParameterSets: [ByteChunk]
    /// What the first sequence parameter set says.
    public let parameters: HEVCSequenceParameterSet

    /// A configuration of those parameter sets. Zero bytes at the end of a set are dropped.
    public init(
        videoParameterSets: [ByteChunk], sequenceParameterSets: [ByteChunk], pictureParameterSets: [ByteChunk],
        lengthSize: Int = 4
    ) throws(BitstreamError) {
        precondition([1, 2, 4].contains(lengthSize), "a NAL unit's length takes 1, 2 or 4 bytes")
        self.lengthSize = lengthSize
        self.videoParameterSets = try Self.checked(videoParameterSets, are: .videoParameterSet, upTo: 16)
        self.sequenceParameterSets = try Self.checked(sequenceParameterSets, are: .sequenceParameterSet, upTo: 16)
        self.pictureParameterSets = try Self.checked(pictureParameterSets, are: .pictureParameterSet, upTo: 64)
        guard !self.videoParameterSets.isEmpty else { throw .missing("video parameter set") }
        guard let first = self.sequenceParameterSets.first else { throw .missing("sequence parameter set") }
        guard !self.pictureParameterSets.isEmpty else { throw .missing("picture parameter set") }
        parameters = try HEVCSequenceParameterSet(nalUnit: first.span)
        // The record has three bits for what exceeds eight.
        guard max(parameters.lumaBitDepth, parameters.chromaBitDepth) < 16 else { throw .unsupported("16-bit samples") }
    }

    /// The configuration in `record`. The record's own copies of profile, level, chroma format and bit depths are not
    /// believed: the sequence parameter set says them. Other NAL units in it, such as SEI, are left out: they describe
    /// nothing that decoding needs. Its sets share the record's memory.
    public init(record: ByteChunk) throws(BitstreamError) {
        var reader = SyntaxReader(record.span)
        guard try reader.byte() == 1 else { throw .invalid("configurationVersion", offset: 0) }
        // Profile, tier, level, segmentation, parallelism, chroma format, bit depths and frame rate.
        try reader.skip(8 * 20)
        let lengthSize = Int(try reader.byte() & 3) + 1
        guard lengthSize != 3 else { throw .invalid("lengthSizeMinusOne", offset: 21) }
        var (video, sequence, picture): ([ByteChunk], [ByteChunk], [ByteChunk]) = ([], [], [])
        for _ in 0..<(try reader.byte()) {
            // array_completeness, reserved
            let type = HEVCNALUnitType(rawValue: try reader.byte() & 0x3F)
            for _ in 0..<(try reader.u(16)) {
                let length = Int(try reader.u(16))
                let unit = record[try reader.bytes(length)]
                switch type {
                case .videoParameterSet: video.append(unit)
                case .sequenceParameterSet: sequence.append(unit)
                case .pictureParameterSet: picture.append(unit)
                default: break
                }
            }
        }
        try self.init(
            videoParameterSets: video, sequenceParameterSets: sequence, pictureParameterSets: picture,
            lengthSize: lengthSize)
    }

    /// The record, for a sample entry `hvc1`, so its arrays are complete. Equal parameter sets and length sizes give
    /// equal bytes, whoever wrote the record they came from.
    public var record: ByteChunk {
        let profile = parameters.profile
        var writer = ByteWriter(capacity: 160)
        writer.write(UInt8(1))
        writer.write(profile.space << 6 | (profile.isHighTier ? 0x20 : 0) | profile.profile)
        writer.write(profile.compatibility)
        writer.write(UInt16(truncatingIfNeeded: profile.constraints >> 32))
        writer.write(UInt32(truncatingIfNeeded: profile.constraints))
        writer.write(profile.level)
        // min_spatial_segmentation_idc 0 and parallelismType 0: nothing is promised.
        writer.write(0xF000 as UInt16)
        writer.write(0xFC as UInt8)
        writer.write(0xFC | parameters.chromaFormat)
        writer.write(0xF8 | (parameters.lumaBitDepth - 8))
        writer.write(0xF8 | (parameters.chromaBitDepth - 8))
        // avgFrameRate 0: unspecified; constantFrameRate 0: it may or may not be.
        writer.write(0 as UInt16)
        writer.write(
            parameters.temporalLayerCount << 3 | (parameters.isTemporalIDNested ? 4 : 0) | UInt8(lengthSize - 1))
        let arrays: [(HEVCNALUnitType, [ByteChunk])] = [
            (.videoParameterSet, videoParameterSets), (.sequenceParameterSet, sequenceParameterSets),
            (.pictureParameterSet, pictureParameterSets),
        ]
        writer.write(UInt8(arrays.count))
        for (type, units) in arrays {
            writer.write(0x80 | type.rawValue)
            writer.write(UInt16(units.count))
            for unit in units {
                writer.write(UInt16(unit.count))
                writer.write(unit.span)
            }
        }
        return ByteChunk(writer.bytes)
    }

    /// The configuration after `units`, parameter sets met inside the stream, took effect: a set replaces the one of its
    /// kind and id, or is added. Nothing when every one of them is known already.
    public func updating(with units: [ByteChunk]) throws(BitstreamError) -> HEVCDecoderConfiguration? {
        guard !units.isEmpty else { return nil }
        var sets = try HEVCParameterSets(self)
        var isChanged = false
        for unit in units { isChanged = try sets.put(unit.withoutTrailingZeros.span) || isChanged }
        return isChanged ? try HEVCDecoderConfiguration(sets, lengthSize: lengthSize) : nil
    }

    /// The same parameter sets for samples whose NAL unit lengths take `lengthSize` bytes: 1, 2 or 4.
    public func withLengthSize(_ lengthSize: Int) -> HEVCDecoderConfiguration {
        HEVCDecoderConfiguration(self, lengthSize: lengthSize)
    }

    /// The configuration of `sets`.
    init(_ sets: HEVCParameterSets, lengthSize: Int = 4) throws(BitstreamError) {
        try self.init(
            videoParameterSets: sets.video.units, sequenceParameterSets: sets.sequence.units,
            pictureParameterSets: sets.picture.units, lengthSize: lengthSize)
    }

    private init(_ other: HEVCDecoderConfiguration, lengthSize: Int) {
        precondition([1, 2, 4].contains(lengthSize), "a NAL unit's length takes 1, 2 or 4 bytes")
        self.lengthSize = lengthSize
        videoParameterSets = other.videoParameterSets
        sequenceParameterSets = other.sequenceParameterSets
        pictureParameterSets = other.pictureParameterSets
        parameters = other.parameters
    }

    private static func checked(
        _ units: [ByteChunk], are type: HEVCNALUnitType, upTo limit: Int
    ) throws(BitstreamError) -> [ByteChunk] {
        guard units.count <= limit else { throw .unsupported("more than \(limit) parameter sets of a kind") }
        var result: [ByteChunk] = []
        for unit in units {
            let trimmed = unit.withoutTrailingZeros
            guard trimmed.count >= 2 else { throw .missing("NAL unit header") }
            guard HEVCNALUnitType(header: trimmed.span[0]) == type else { throw .invalid("nal_unit_type", offset: 0) }
            guard trimmed.count <= Int(UInt16.max) else { throw .unsupported("a parameter set over 65,535 bytes") }
            result.append(trimmed)
        }
        return result
    }
}
