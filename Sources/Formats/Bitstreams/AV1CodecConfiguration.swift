public import Bytes

/// An `AV1CodecConfigurationRecord`, AV1 Codec ISO Media File Format Binding §2.3: how an AV1 track is coded. It is the
/// payload of `av1C` in MP4 and of the AV1 sequence start in Enhanced RTMP.
public struct AV1CodecConfiguration: Sendable, Hashable {
    /// What its sequence header says.
    public let sequenceHeader: AV1SequenceHeader
    /// The unit with the sequence header.
    let sequenceHeaderOBU: ByteChunk
    /// Units with metadata that hold for all samples.
    private let metadata: [ByteChunk]
    /// The last byte of the record's fixed part: `initial_presentation_delay`, where it is present.
    private let presentationDelay: UInt8

    /// The configuration in `record`. The record's own copies of profile, level, bit depth and chroma format are not
    /// believed: the sequence header says them. Without one, which the binding allows, the track is not known before
    /// its first key frame: `BitstreamError.missing`.
    public init(record: ByteChunk) throws(BitstreamError) {
        let bytes = record.span
        guard bytes.count >= 4 else { throw .unexpectedEnd(offset: bytes.count) }
        // marker, version
        guard bytes[0] == 0x81 else { throw .invalid("version", offset: 0) }
        var units = AV1OBUReader(bytes.extracting(4..<bytes.count))
        var header: ByteChunk?
        var metadata: [ByteChunk] = []
        while let unit = try units.next() {
            let payload = record[(4 + unit.payload.lowerBound)..<(4 + unit.payload.upperBound)]
            switch unit.type {
            case AV1OBUType.sequenceHeader: header = header ?? payload
            case AV1OBUType.metadata: metadata.append(ByteChunk(AV1OBU.bytes(unit.type, payload: payload.span)))
            default: break
            }
        }
        guard let header else { throw .missing("sequence header") }
        try self.init(
            sequenceHeader: header, metadata: metadata, presentationDelay: bytes[3] & 0x10 == 0 ? 0 : bytes[3] & 0x1F)
    }

    /// The configuration of a sequence header alone, the payload of its unit.
    init(sequenceHeader payload: ByteChunk) throws(BitstreamError) {
        try self.init(sequenceHeader: payload, metadata: [], presentationDelay: 0)
    }

    private init(
        sequenceHeader payload: ByteChunk, metadata: [ByteChunk], presentationDelay: UInt8
    ) throws(BitstreamError) {
        sequenceHeader = try AV1SequenceHeader(payload.span)
        sequenceHeaderOBU = ByteChunk(AV1OBU.bytes(AV1OBUType.sequenceHeader, payload: payload.span))
        self.metadata = metadata
        self.presentationDelay = presentationDelay
    }

    /// The record. Equal sequence headers and metadata give equal bytes, whoever wrote the record they came from.
    public var record: ByteChunk {
        let header = sequenceHeader
        var writer = ByteWriter(capacity: 64)
        writer.write(0x81 as UInt8)
        writer.write(header.profile << 5 | header.level)
        writer.write(
            (header.isHighTier ? 0x80 : 0) | (header.bitDepth > 8 ? 0x40 : 0) | (header.bitDepth > 10 ? 0x20 : 0)
                | (header.isMonochrome ? 0x10 : 0) | (header.isSubsampledHorizontally ? 0x08 : 0)
                | (header.isSubsampledVertically ? 0x04 : 0) | header.chromaSamplePosition)
        writer.write(presentationDelay)
        writer.write(sequenceHeaderOBU.span)
        for unit in metadata { writer.write(unit.span) }
        return ByteChunk(writer.bytes)
    }
}
