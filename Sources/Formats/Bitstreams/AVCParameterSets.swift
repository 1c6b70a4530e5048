import Bytes

/// The parameter sets of an H.264 stream.
struct AVCParameterSets: Sendable, Hashable {
    private(set) var sequence = ParameterSetList()
    private(set) var picture = ParameterSetList()
    private(set) var extensions = ParameterSetList()

    /// No sets yet.
    init() {}

    /// The sets of `configuration`.
    init(_ configuration: AVCDecoderConfiguration) throws(BitstreamError) {
        for unit in configuration.sequenceParameterSets { _ = try put(unit.span) }
        for unit in configuration.pictureParameterSets { _ = try put(unit.span) }
        for unit in configuration.sequenceParameterSetExtensions { _ = try put(unit.span) }
    }

    /// How many bytes they have.
    var size: Int { sequence.size + picture.size + extensions.size }

    /// True when exactly that set is there.
    func contains(_ unit: Span<UInt8>) -> Bool {
        sequence.contains(unit) || picture.contains(unit) || extensions.contains(unit)
    }

    /// Puts `unit` in the place of the set of its kind and id, or behind the others. False when it was there.
    mutating func put(_ unit: Span<UInt8>) throws(BitstreamError) -> Bool {
        guard !unit.isEmpty else { throw .missing("NAL unit header") }
        let type = AVCNALUnitType(header: unit[0])
        // An id ends within the first bytes; a whole set needs not be unescaped for it.
        let head = RawByteSequencePayload.bytes(of: unit.extracting(first: 16))
        var reader = SyntaxReader(head.span)
        // The header; profile_idc, constraint flags and level_idc
        try reader.skip(type == .sequenceParameterSet ? 32 : 8)
        switch type {
        case .sequenceParameterSet:
            let id = try reader.ue("seq_parameter_set_id", 0...31)
            if sequence.contains(unit) { return false }
            sequence.put(unit, id: id)
        case .pictureParameterSet:
            let id = try reader.ue("pic_parameter_set_id", 0...255)
            if picture.contains(unit) { return false }
            picture.put(unit, id: id)
        case .sequenceParameterSetExtension:
            let id = try reader.ue("seq_parameter_set_id", 0...31)
            if extensions.contains(unit) { return false }
            extensions.put(unit, id: id)
        default: throw .invalid("nal_unit_type", offset: 0)
        }
        return true
    }
}
