internal import Bytes
internal import Media

extension ColourDescription {
    func write(to fields: inout ByteWriter) {
        for value in [primaries, transfer, matrix, isFullRange ? 1 : 0] { fields.write(value) }
    }

    @_lifetime(fields: copy fields)
    init(from fields: inout ByteReader) throws(UnexpectedEnd) {
        self.init(
            primaries: try fields.readUInt8(), transfer: try fields.readUInt8(), matrix: try fields.readUInt8(),
            isFullRange: try fields.readUInt8() != 0)
    }
}

extension MasteringDisplay {
    func write(to fields: inout ByteWriter) {
        for colour in [red, green, blue, white] {
            fields.write(colour.x)
            fields.write(colour.y)
        }
        fields.write(maximumLuminance)
        fields.write(minimumLuminance)
    }

    @_lifetime(fields: copy fields)
    init(from fields: inout ByteReader) throws(UnexpectedEnd) {
        self.init(
            red: try Chromaticity(from: &fields), green: try Chromaticity(from: &fields),
            blue: try Chromaticity(from: &fields), white: try Chromaticity(from: &fields),
            maximumLuminance: try fields.readUInt32(), minimumLuminance: try fields.readUInt32())
    }
}

extension MasteringDisplay.Chromaticity {
    @_lifetime(fields: copy fields)
    fileprivate init(from fields: inout ByteReader) throws(UnexpectedEnd) {
        self.init(x: try fields.readUInt16(), y: try fields.readUInt16())
    }
}

extension ContentLight {
    func write(to fields: inout ByteWriter) {
        fields.write(maximum)
        fields.write(maximumAverage)
    }

    @_lifetime(fields: copy fields)
    init(from fields: inout ByteReader) throws(UnexpectedEnd) {
        self.init(maximum: try fields.readUInt16(), maximumAverage: try fields.readUInt16())
    }
}
