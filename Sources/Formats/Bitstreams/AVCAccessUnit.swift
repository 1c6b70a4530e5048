public import Bytes

/// One coded picture of an H.264 track, made ready for an `avc1` sample entry.
///
/// There, parameter sets stand in the sample entry only, ISO/IEC 14496-15 §5.4.2.1.1; so access unit delimiters,
/// parameter sets and empty NAL units are taken out, and lengths become four bytes. Memory is copied only when what is
/// left does not already lie there in one piece with four-byte lengths.
public struct AVCAccessUnit: Sendable {
    /// The NAL units that are left, behind four-byte lengths. Empty when there was nothing but parameter sets.
    public let data: ByteChunk
    /// True when decoding can begin here.
    public let isIDR: Bool
    /// True when there is a slice at all: an access unit without one is not a sample.
    public let containsPicture: Bool
    /// The parameter sets that were taken out, in their order: for `AVCDecoderConfiguration.updating(with:)`.
    public let inBandParameterSets: [ByteChunk]

    /// The access unit in `source`, whose NAL units stand behind lengths of `lengthSize` bytes: 1, 2 or 4.
    public init(_ source: ByteChunk, lengthSize: Int) throws(BitstreamError) {
        let bytes = source.span
        var units = NALUnitReader(bytes, lengthSize: lengthSize)
        var (isIDR, containsPicture) = (false, false)
        var parameterSets: [ByteChunk] = []
        var kept = KeptNALUnits()
        while let unit = try units.next() {
            guard !unit.isEmpty else { continue }
            switch AVCNALUnitType(header: bytes[unit.lowerBound]) {
            case .sequenceParameterSet, .pictureParameterSet, .sequenceParameterSetExtension:
                parameterSets.append(source[unit])
                continue
            case .accessUnitDelimiter: continue
            case .instantaneousDecodingRefresh: (isIDR, containsPicture) = (true, true)
            case .slice, .sliceDataPartitionA: containsPicture = true
            default: break
            }
            kept.add((unit.lowerBound - lengthSize)..<unit.upperBound)
        }
        self.isIDR = isIDR
        self.containsPicture = containsPicture
        inBandParameterSets = parameterSets
        data = kept.data(of: source, lengthSize: lengthSize)
    }
}
