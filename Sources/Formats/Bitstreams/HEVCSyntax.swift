import Bytes
import Media

/// HEVC between a byte stream and samples.
struct HEVCSyntax: AccessUnitSyntax {
    /// The beginning of a slice segment, §7.3.6.1.
    struct Slice: SliceBeginning {
        let type: HEVCNALUnitType
        /// `first_slice_segment_in_pic_flag`.
        let isFirst: Bool
    }

    private var parameterSets = HEVCParameterSets()
    private(set) var pictureDuration: Int64?
    private var begun: HEVCNALUnitType?

    func role(of unit: Span<UInt8>) -> NALUnitRole {
        // forbidden_zero_bit; a header takes two bytes, with a nuh_temporal_id_plus1 that is not zero.
        guard unit.count >= 2, unit[0] < 0x80, unit[1] & 7 != 0 else { return .nonsense }
        // Other layers than the base layer stay beside their pictures, and say nothing here.
        let layer = unit[0] << 5 & 0x20 | unit[1] >> 3
        guard layer == 0 else { return .rest }
        let type = HEVCNALUnitType(header: unit[0])
        if type.isSlice { return .slice }
        if type.isParameterSet { return .parameterSet }
        return switch type {
        case .accessUnitDelimiter: .delimiter
        case .filler: .filler
        case .supplementalEnhancementInformation: .message
        default: (41...44).contains(type.rawValue) || (48...55).contains(type.rawValue) ? .opening : .rest
        }
    }

    func slice(_ unit: Span<UInt8>) -> Slice? {
        guard unit.count > 2 else { return nil }
        return Slice(type: HEVCNALUnitType(header: unit[0]), isFirst: unit[2] >= 0x80)
    }

    func relation(of slice: Slice) -> SliceRelation { slice.isFirst ? .begins : .continues }

    mutating func add(_ slice: Slice) {
        if begun == nil { begun = slice.type }
    }

    mutating func add(message: Span<UInt8>) {}

    var isHalf: Bool { false }

    mutating func dropPicture() { begun = nil }

    mutating func endPicture(at times: PacketTimes) -> SampleAccess {
        defer { begun = nil }
        guard let begun else { return .dependent }
        if begun.isClosedAccess { return .sync }
        if begun == .cleanRandomAccess { return .openSync }
        return begun.isSkippedLeading ? .leading : .dependent
    }

    func isKnown(parameterSet: Span<UInt8>) -> Bool { parameterSets.contains(parameterSet) }

    mutating func put(parameterSet unit: Span<UInt8>) throws(BitstreamError) {
        var changed = parameterSets
        guard try changed.put(unit) else { return }
        guard changed.size <= AccessUnitLimits.parameterSets else { throw .unsupported("so many parameter sets") }
        if HEVCNALUnitType(header: unit[0]) == .sequenceParameterSet {
            let parameters = try HEVCSequenceParameterSet(nalUnit: unit)
            pictureDuration = parameters.usability.pictureDuration.flatMap(SampleClock.ticks)
        }
        parameterSets = changed
    }

    func track() throws(BitstreamError) -> Track { Track(try HEVCDecoderConfiguration(parameterSets)) }
}
