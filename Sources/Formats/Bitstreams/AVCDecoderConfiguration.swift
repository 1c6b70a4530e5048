public import Bytes

/// An `AVCDecoderConfigurationRecord`, ISO/IEC 14496-15 §5.3.3.1: the parameter sets of an H.264 track and the size of
/// its NAL unit lengths. It is the payload of `avcC` in MP4 and of the AVC sequence header in FLV.
public struct AVCDecoderConfiguration: Sendable, Hashable {
    /// How many bytes a NAL unit's length takes in the track's samples: 1, 2 or 4.
    public let lengthSize: Int
    /// The sequence parameter sets, 1 to 31, each with its NAL unit header.
    public let sequenceParameterSets: [ByteChunk]
    /// The picture parameter sets, 1 to 255, each with its NAL unit header.
    public let pictureParameterSets: [ByteChunk]
    /// The sequence parameter set extensions, each with its NAL unit header.
    public let sequenceParameterSetExtensions: [ByteChunk]
    /// What the first sequence parameter set says.
    public let parameters: AVCSequenceParameterSet

    /// A configuration of those parameter sets. Zero bytes at the end of a set are dropped.
    public init(
        sequenceParameterSets: [ByteChunk], pictureParameterSets: [ByteChunk],
        sequenceParameterSetExtensions: [ByteChunk] = [], lengthSize: Int = 4
    ) throws(BitstreamError) {
        precondition([1, 2, 4].contains(lengthSize), "a NAL unit's length takes 1, 2 or 4 bytes")
        self.lengthSize = lengthSize
        self.sequenceParameterSets = try Self.checked(sequenceParameterSets, are: .sequenceParameterSet, upTo: 31)
        self.pictureParameterSets = try Self.checked(pictureParameterSets, are: .pictureParameterSet, upTo: 255)
        self.sequenceParameterSetExtensions = try Self.checked(
            sequenceParameterSetExtensions, are: .sequenceParameterSetExtension, upTo: 255)
        guard let first = self.sequenceParameterSets.first else { throw .missing("sequence parameter set") }
        guard !self.pictureParameterSets.isEmpty else { throw .missing("picture parameter set") }
        parameters = try AVCSequenceParameterSet(nalUnit: first.span)
    }

    /// The configuration in `record`. The record's own copies of profile, level and bit depths are not believed: the
    /// sequence parameter set says them. Its sets share the record's memory.
    public init(record: ByteChunk) throws(BitstreamError) {
        var reader = SyntaxReader(record.span)
        guard try reader.byte() == 1 else { throw .invalid("configurationVersion", offset: 0) }
        let profile = try reader.byte()
        // profile_compatibility, AVCLevelIndication
        try reader.skip(16)
        let lengthSize = Int(try reader.byte() & 3) + 1
        guard lengthSize != 3 else { throw .invalid("lengthSizeMinusOne", offset: 4) }
        let sequenceCount = Int(try reader.byte() & 0x1F)
        let sequenceParameterSets = try Self.units(sequenceCount, of: record, &reader)
        let pictureCount = Int(try reader.byte())
        let pictureParameterSets = try Self.units(pictureCount, of: record, &reader)
        var extensions: [ByteChunk] = []
        // Many writers leave these four bytes out.
        if Self.hasTrailer(profile: profile), reader.remaining >= 32 {
            // chroma_format, bit_depth_luma_minus8, bit_depth_chroma_minus8
            try reader.skip(24)
            let extensionCount = Int(try reader.byte())
            extensions = try Self.units(extensionCount, of: record, &reader)
        }
        try self.init(
            sequenceParameterSets: sequenceParameterSets, pictureParameterSets: pictureParameterSets,
            sequenceParameterSetExtensions: extensions, lengthSize: lengthSize)
    }

    /// The record. Equal parameter sets and length sizes give equal bytes, whoever wrote the record they came from.
    public var record: ByteChunk {
        var writer = ByteWriter(capacity: 64)
        writer.write(UInt8(1))
        for byte in [parameters.profile, parameters.constraints, parameters.level] { writer.write(byte) }
        writer.write(0xFC | UInt8(lengthSize - 1))
        writer.write(0xE0 | UInt8(sequenceParameterSets.count))
        Self.write(sequenceParameterSets, to: &writer)
        writer.write(UInt8(pictureParameterSets.count))
        Self.write(pictureParameterSets, to: &writer)
        if Self.hasTrailer(profile: parameters.profile) {
            writer.write(0xFC | parameters.chromaFormat)
            writer.write(0xF8 | (parameters.lumaBitDepth - 8))
            writer.write(0xF8 | (parameters.chromaBitDepth - 8))
            writer.write(UInt8(sequenceParameterSetExtensions.count))
            Self.write(sequenceParameterSetExtensions, to: &writer)
        }
        return ByteChunk(writer.bytes)
    }

    /// The same parameter sets for samples whose NAL unit lengths take `lengthSize` bytes: 1, 2 or 4.
    public func withLengthSize(_ lengthSize: Int) -> AVCDecoderConfiguration {
        AVCDecoderConfiguration(self, lengthSize: lengthSize)
    }

    private init(_ other: AVCDecoderConfiguration, lengthSize: Int) {
        precondition([1, 2, 4].contains(lengthSize), "a NAL unit's length takes 1, 2 or 4 bytes")
        self.lengthSize = lengthSize
        sequenceParameterSets = other.sequenceParameterSets
        pictureParameterSets = other.pictureParameterSets
        sequenceParameterSetExtensions = other.sequenceParameterSetExtensions
        parameters = other.parameters
    }

    /// Profiles whose record ends with chroma format, bit depths and extensions.
    private static func hasTrailer(profile: UInt8) -> Bool { ![66, 77, 88].contains(profile) }

    @_lifetime(reader: copy reader)
    private static func units(
        _ count: Int, of record: ByteChunk, _ reader: inout SyntaxReader
    ) throws(BitstreamError) -> [ByteChunk] {
        var units: [ByteChunk] = []
        for _ in 0..<count {
            let length = Int(try reader.u(16))
            units.append(record[try reader.bytes(length)])
        }
        return units
    }

    private static func write(_ units: [ByteChunk], to writer: inout ByteWriter) {
        for unit in units {
            writer.write(UInt16(unit.count))
            writer.write(unit.span)
        }
    }

    private static func checked(
        _ units: [ByteChunk], are type: AVCNALUnitType, upTo limit: Int
    ) throws(BitstreamError) -> [ByteChunk] {
        guard units.count <= limit else { throw .unsupported("more than \(limit) parameter sets of a kind") }
        var result: [ByteChunk] = []
        for unit in units {
            let trimmed = unit.withoutTrailingZeros
            guard !trimmed.isEmpty else { throw .missing("NAL unit header") }
            guard AVCNALUnitType(header: trimmed.span[0]) == type else { throw .invalid("nal_unit_type", offset: 0) }
            guard trimmed.count <= Int(UInt16.max) else { throw .unsupported("a parameter set over 65,535 bytes") }
            result.append(trimmed)
        }
        return result
    }
}

extension ByteChunk {
    /// The bytes up to the last one that is not zero: a NAL unit never ends with a zero byte, H.264 §7.4.1.
    var withoutTrailingZeros: ByteChunk {
        var end = count
        while end > 0, span[end - 1] == 0 { end -= 1 }
        return end == count ? self : self[0..<end]
    }
}
