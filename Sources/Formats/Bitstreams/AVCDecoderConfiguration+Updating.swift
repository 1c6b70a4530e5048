public import Bytes

extension AVCDecoderConfiguration {
    /// The configuration after `units`, parameter sets met inside the stream, took effect: a set replaces the one of its
    /// kind and id, or is added. Nothing when every one of them is known already.
    public func updating(with units: [ByteChunk]) throws(BitstreamError) -> AVCDecoderConfiguration? {
        guard !units.isEmpty else { return nil }
        var sets = try AVCParameterSets(self)
        var isChanged = false
        for unit in units { isChanged = try sets.put(unit.withoutTrailingZeros.span) || isChanged }
        return isChanged ? try AVCDecoderConfiguration(sets, lengthSize: lengthSize) : nil
    }

    /// The configuration of `sets`.
    init(_ sets: AVCParameterSets, lengthSize: Int = 4) throws(BitstreamError) {
        try self.init(
            sequenceParameterSets: sets.sequence.units, pictureParameterSets: sets.picture.units,
            sequenceParameterSetExtensions: sets.extensions.units, lengthSize: lengthSize)
    }
}
