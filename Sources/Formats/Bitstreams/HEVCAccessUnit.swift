public import Bytes
public import Media

/// One coded picture of an HEVC track, made ready for an `hvc1` sample entry.
///
/// There, parameter sets stand in the sample entry only, ISO/IEC 14496-15 §8.4.1; so access unit delimiters, parameter
/// sets, filler and empty NAL units are taken out, and lengths become four bytes. Memory is copied only when what is left
/// does not already lie there in one piece with four-byte lengths.
public struct HEVCAccessUnit: Sendable {
    /// The NAL units that are left, behind four-byte lengths. Empty when there was nothing but parameter sets.
    public let data: ByteChunk
    /// Whether decoding can begin here: at IDR and BLA pictures, and at CRA pictures when the RASL pictures that follow are
    /// left out.
    public let access: SampleAccess
    /// True when there is a slice at all: an access unit without one is not a sample.
    public let containsPicture: Bool
    /// The parameter sets that were taken out, in their order: for `HEVCDecoderConfiguration.updating(with:)`.
    public let inBandParameterSets: [ByteChunk]

    /// The access unit in `source`, whose NAL units stand behind lengths of `lengthSize` bytes: 1, 2 or 4.
    public init(_ source: ByteChunk, lengthSize: Int) throws(BitstreamError) {
        let bytes = source.span
        var units = NALUnitReader(bytes, lengthSize: lengthSize)
        var syntax = HEVCSyntax()
        var containsPicture = false
        var parameterSets: [ByteChunk] = []
        var kept = KeptNALUnits()
        while let unit = try units.next() {
            guard !unit.isEmpty else { continue }
            let head = bytes.extracting(unit.lowerBound..<min(unit.upperBound, unit.lowerBound + AccessUnitLimits.head))
            switch syntax.role(of: head) {
            case .parameterSet:
                parameterSets.append(source[unit])
                continue
            case .delimiter, .filler, .nonsense: continue
            case .slice:
                containsPicture = true
                if let slice = syntax.slice(head) { syntax.add(slice) }
            case .message, .opening, .prefix, .rest: break
            }
            kept.add((unit.lowerBound - lengthSize)..<unit.upperBound)
        }
        access = syntax.endPicture(at: PacketTimes(presentation: 0, decode: 0))
        self.containsPicture = containsPicture
        inBandParameterSets = parameterSets
        data = kept.data(of: source, lengthSize: lengthSize)
    }
}
