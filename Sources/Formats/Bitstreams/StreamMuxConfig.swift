import Bytes

/// `StreamMuxConfig()`, ISO/IEC 14496-3 §1.7.3: what lies in the frames of LATM.
struct StreamMuxConfig {
    /// The `AudioSpecificConfig` of the one layer there is.
    let audioSpecificConfig: [UInt8]
    /// How many frames of AAC there are in one of LATM.
    let subframeCount: Int

    /// The configuration at the cursor, which ends behind it.
    @_lifetime(reader: copy reader)
    init(_ reader: inout SyntaxReader) throws(BitstreamError) {
        let isVersion1 = try reader.flag()
        // audioMuxVersionA
        if isVersion1, try reader.flag() { throw .unsupported("audioMuxVersionA 1") }
        // taraBufferFullness
        if isVersion1 { _ = try Self.value(&reader) }
        guard try reader.flag() else { throw .unsupported("streams of different time framing") }
        subframeCount = Int(try reader.u(6)) + 1
        // numProgram, numLayer
        guard try reader.u(4) == 0 else { throw .unsupported("several programmes") }
        guard try reader.u(3) == 0 else { throw .unsupported("several layers") }

        let length = isVersion1 ? try Self.value(&reader) : nil
        audioSpecificConfig = try Self.configuration(&reader, bitCount: length)
        guard try reader.u(3) == 0 else { throw .unsupported("frameLengthType") }
        // latmBufferFullness
        try reader.skip(8)
        if try reader.flag() {
            // otherDataLenBits
            if isVersion1 {
                _ = try Self.value(&reader)
            } else {
                while try reader.flag() { try reader.skip(8) }
                try reader.skip(8)
            }
        }
        // crcCheckSum
        if try reader.flag() { try reader.skip(8) }
    }

    /// More bits than that are no configuration: a program config element with the longest comment has fewer.
    private static let maxConfigurationBits = 8 * 400

    /// The `AudioSpecificConfig()` at the cursor. Where its length is not told it ends where its syntax does, and cannot
    /// have extensions behind the core's configuration.
    @_lifetime(reader: copy reader)
    private static func configuration(
        _ reader: inout SyntaxReader, bitCount: Int?
    ) throws(BitstreamError) -> [UInt8] {
        if let bitCount {
            guard bitCount <= maxConfigurationBits else { throw .unsupported("a configuration of \(bitCount) bits") }
            return try bits(bitCount, of: &reader)
        }
        // Inside, alignment counts from its first bit.
        var ahead = reader
        let beginning = try bits(min(reader.remaining, maxConfigurationBits), of: &ahead)
        var configuration = SyntaxReader(beginning.span)
        let available = configuration.remaining
        _ = try AudioSpecificConfig(core: &configuration)
        return try bits(available - configuration.remaining, of: &reader)
    }

    /// The next `count` bits, filled up with zeros.
    @_lifetime(reader: copy reader)
    private static func bits(_ count: Int, of reader: inout SyntaxReader) throws(BitstreamError) -> [UInt8] {
        var writer = BitWriter()
        try writer.copy(count, from: &reader)
        return writer.bytes
    }

    /// `LatmGetValue()`, §1.7.3.
    @_lifetime(reader: copy reader)
    private static func value(_ reader: inout SyntaxReader) throws(BitstreamError) -> Int {
        let size = Int(try reader.u(2)) + 1
        return Int(try reader.u(8 * size))
    }
}
