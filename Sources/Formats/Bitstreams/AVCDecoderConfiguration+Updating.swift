public import Bytes

extension AVCDecoderConfiguration {
    /// The configuration after `units`, parameter sets met inside the stream, took effect: a set replaces the one of its
    /// kind and id, or is added. Nothing when every one of them is known already.
    public func updating(with units: [ByteChunk]) throws(BitstreamError) -> AVCDecoderConfiguration? {
        var sets = (
            sequence: sequenceParameterSets, picture: pictureParameterSets, extensions: sequenceParameterSetExtensions
        )
        var isChanged = false
        for unit in units {
            let unit = unit.withoutTrailingZeros
            guard !unit.isEmpty else { throw .missing("NAL unit header") }
            switch AVCNALUnitType(header: unit.span[0]) {
            case .sequenceParameterSet: isChanged = try Self.put(unit, into: &sets.sequence) || isChanged
            case .pictureParameterSet: isChanged = try Self.put(unit, into: &sets.picture) || isChanged
            case .sequenceParameterSetExtension: isChanged = try Self.put(unit, into: &sets.extensions) || isChanged
            default: throw .invalid("nal_unit_type", offset: 0)
            }
        }
        guard isChanged else { return nil }
        return try AVCDecoderConfiguration(
            sequenceParameterSets: sets.sequence, pictureParameterSets: sets.picture,
            sequenceParameterSetExtensions: sets.extensions, lengthSize: lengthSize)
    }

    private static func put(_ unit: ByteChunk, into units: inout [ByteChunk]) throws(BitstreamError) -> Bool {
        if units.contains(unit) { return false }
        let id = try parameterSetID(of: unit)
        // A copy, or the set would keep the whole access unit that it came in.
        let copy = ByteChunk(copying: unit.span)
        for index in units.indices where try parameterSetID(of: units[index]) == id {
            units[index] = copy
            return true
        }
        units.append(copy)
        return true
    }

    private static func parameterSetID(of unit: ByteChunk) throws(BitstreamError) -> UInt32 {
        // An id ends within the first bytes; a whole set needs not be unescaped for it.
        let head = RawByteSequencePayload.bytes(of: unit[0..<min(unit.count, 16)].span)
        var reader = SyntaxReader(head.span)
        switch AVCNALUnitType(header: try reader.byte()) {
        case .sequenceParameterSet:
            // profile_idc, constraint flags, level_idc
            try reader.skip(24)
            return try reader.ue("seq_parameter_set_id", 0...31)
        case .pictureParameterSet: return try reader.ue("pic_parameter_set_id", 0...255)
        default: return try reader.ue("seq_parameter_set_id", 0...31)
        }
    }
}
