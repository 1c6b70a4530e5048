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
        var kept = KeptUnits()
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
        if lengthSize == 4, kept.rest.isEmpty {
            data = source[kept.first]
        } else {
            data = kept.joined(from: source, lengthSize: lengthSize)
        }
    }
}

/// The runs of NAL units, with their lengths, that stay in an access unit. The usual one costs no allocation.
private struct KeptUnits {
    private(set) var first = 0..<0
    private(set) var rest: [Range<Int>] = []
    private var unitCount = 0

    mutating func add(_ unit: Range<Int>) {
        unitCount += 1
        if let last = rest.indices.last {
            if rest[last].upperBound == unit.lowerBound {
                rest[last] = rest[last].lowerBound..<unit.upperBound
            } else {
                rest.append(unit)
            }
        } else if first.isEmpty {
            first = unit
        } else if first.upperBound == unit.lowerBound {
            first = first.lowerBound..<unit.upperBound
        } else {
            rest.append(unit)
        }
    }

    /// The units one after the other behind four-byte lengths. They were walked before, so their lengths are right.
    func joined(from source: ByteChunk, lengthSize: Int) -> ByteChunk {
        let runs = [first] + rest
        let size = runs.reduce(0) { $0 + $1.count } + unitCount * (4 - lengthSize)
        return ByteChunk(count: size) { target in
            source.withUnsafeBytes { bytes in
                var end = 0
                for run in runs {
                    var offset = run.lowerBound
                    while offset < run.upperBound {
                        let start = offset + lengthSize
                        let length = bytes[offset..<start].reduce(0) { $0 << 8 | Int($1) }
                        target.storeBytes(of: UInt32(length).bigEndian, toByteOffset: end, as: UInt32.self)
                        offset = start + length
                        UnsafeMutableRawBufferPointer(rebasing: target[(end + 4)...])
                            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<offset]))
                        end += 4 + length
                    }
                }
            }
        }
    }
}
