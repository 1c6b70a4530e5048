import Bytes

/// The parameter sets of an HEVC stream.
struct HEVCParameterSets: Sendable, Hashable {
    private(set) var video = ParameterSetList()
    private(set) var sequence = ParameterSetList()
    private(set) var picture = ParameterSetList()

    /// No sets yet.
    init() {}

    /// The sets of `configuration`.
    init(_ configuration: HEVCDecoderConfiguration) throws(BitstreamError) {
        for unit in configuration.videoParameterSets { _ = try put(unit.span) }
        for unit in configuration.sequenceParameterSets { _ = try put(unit.span) }
        for unit in configuration.pictureParameterSets { _ = try put(unit.span) }
    }

    /// How many bytes they have.
    var size: Int { video.size + sequence.size + picture.size }

    /// True when exactly that set is there.
    func contains(_ unit: Span<UInt8>) -> Bool {
        picture.contains(unit) || sequence.contains(unit) || video.contains(unit)
    }

    /// Puts `unit` in the place of the set of its kind and id, or behind the others. False when it was there.
    mutating func put(_ unit: Span<UInt8>) throws(BitstreamError) -> Bool {
        guard unit.count >= 2 else { throw .missing("NAL unit header") }
        switch HEVCNALUnitType(header: unit[0]) {
        case .videoParameterSet:
            var reader = SyntaxReader(unit)
            try reader.skip(16)
            let id = try reader.u(4)
            if video.contains(unit) { return false }
            video.put(unit, id: id)
        case .sequenceParameterSet:
            if sequence.contains(unit) { return false }
            // Its id stands behind a part that has no fixed length; a set that cannot be read is of no use either.
            sequence.put(unit, id: UInt32(try HEVCSequenceParameterSet(nalUnit: unit).id))
        case .pictureParameterSet:
            // An id ends within the first bytes; a whole set needs not be unescaped for it.
            let head = RawByteSequencePayload.bytes(of: unit.extracting(first: 16))
            var reader = SyntaxReader(head.span)
            try reader.skip(16)
            let id = try reader.ue("pps_pic_parameter_set_id", 0...63)
            if picture.contains(unit) { return false }
            picture.put(unit, id: id)
        default: throw .invalid("nal_unit_type", offset: 0)
        }
        return true
    }
}
