import Bytes

/// A list of channels for those layouts that have no number: `program_config_element()`, ISO/IEC 14496-3 §4.4.1.1.
enum ProgramConfigElement {
    /// How many channels the element at the cursor lists; the cursor ends behind it.
    @_lifetime(reader: copy reader)
    static func channelCount(_ reader: inout SyntaxReader) throws(BitstreamError) -> Int {
        let start = reader.offset
        let count = try list(&reader)
        try reader.align()
        let commentLength = Int(try reader.u(8))
        try reader.skip(8 * commentLength)
        guard count > 0 else { throw .invalid("program_config_element", offset: start) }
        return count
    }

    /// Appends the element that begins at bit `start` of `bytes` to `writer`, without its comment.
    static func copy(from bytes: Span<UInt8>, at start: Int, to writer: inout BitWriter) throws(BitstreamError) {
        var end = SyntaxReader(bytes)
        try end.skip(start)
        let available = end.remaining
        _ = try list(&end)
        var reader = SyntaxReader(bytes)
        try reader.skip(start)
        try writer.copy(available - end.remaining, from: &reader)
        writer.align()
        // comment_field_bytes
        writer.u(8, 0)
    }

    /// Reads all before the alignment: how many channels are listed.
    @_lifetime(reader: copy reader)
    private static func list(_ reader: inout SyntaxReader) throws(BitstreamError) -> Int {
        // element_instance_tag, object_type, sampling_frequency_index
        try reader.skip(10)
        // Front, side and back elements.
        let pairable = [Int(try reader.u(4)), Int(try reader.u(4)), Int(try reader.u(4))].reduce(0, +)
        let lowFrequency = Int(try reader.u(2))
        let associatedData = Int(try reader.u(3))
        let coupling = Int(try reader.u(4))
        // Mono and stereo mixdown elements have numbers of four bits, the matrix mixdown three bits.
        for bits in [4, 4, 3] where try reader.flag() { try reader.skip(bits) }
        var count = lowFrequency
        for _ in 0..<pairable {
            count += try reader.flag() ? 2 : 1
            try reader.skip(4)
        }
        try reader.skip(4 * lowFrequency + 4 * associatedData + 5 * coupling)
        return count
    }
}
