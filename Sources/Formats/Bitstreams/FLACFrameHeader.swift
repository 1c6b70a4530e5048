import Bytes

/// The header of a FLAC frame, RFC 9639 §9.1.
struct FLACFrameHeader: Equatable {
    /// True where frames may have different numbers of samples.
    let hasVariableBlockSize: Bool
    /// Audio samples in the frame.
    let blockSize: Int
    /// Audio samples in one second; nothing where only STREAMINFO says it.
    let sampleRate: UInt32?
    let channelCount: Int
    /// Bits in an audio sample; nothing where only STREAMINFO says it.
    let bitsPerSample: UInt8?

    /// The header at the start of `frame`.
    init(_ frame: Span<UInt8>) throws(BitstreamError) {
        var reader = SyntaxReader(frame)
        guard try reader.u(15) == 0x7FFC else { throw .invalid("sync code", offset: 0) }
        hasVariableBlockSize = try reader.flag()
        let (blockSizeCode, sampleRateCode) = (Int(try reader.u(4)), Int(try reader.u(4)))
        let channels = Int(try reader.u(4))
        // Left and side, side and right, mid and side
        guard channels <= 10 else { throw .invalid("channel bits", offset: 3) }
        channelCount = channels < 8 ? channels + 1 : 2
        let bitsCode = Int(try reader.u(3))
        guard bitsCode != 3 else { throw .invalid("bit depth bits", offset: 3) }
        bitsPerSample = Self.bitDepths[bitsCode]
        try reader.skip(1)
        try Self.skipNumber(&reader)
        blockSize =
            switch blockSizeCode {
            case 0: throw .invalid("block size bits", offset: 2)
            case 1: 192
            case 2...5: 144 << blockSizeCode
            case 6: Int(try reader.u(8)) + 1
            case 7: Int(try reader.u(16)) + 1
            default: 1 << blockSizeCode
            }
        sampleRate =
            switch sampleRateCode {
            case 0: nil
            case 12: try reader.u(8) * 1000
            case 13: try reader.u(16)
            case 14: try reader.u(16) * 10
            case 15: throw .invalid("sample rate bits", offset: 2)
            default: Self.sampleRates[sampleRateCode - 1]
            }
        let end = reader.offset
        guard try reader.byte() == Self.checksum(frame.extracting(0..<end)) else {
            throw .invalid("CRC", offset: end)
        }
    }

    private static let bitDepths: [UInt8?] = [nil, 8, 12, nil, 16, 20, 24, 32]
    private static let sampleRates: [UInt32] = [
        88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
    ]

    /// The number of the frame or of its first sample, coded as UTF-8 codes characters but up to 36 bits, §9.1.5.
    @_lifetime(reader: copy reader)
    private static func skipNumber(_ reader: inout SyntaxReader) throws(BitstreamError) {
        let start = reader.offset
        let length = (~(try reader.byte())).leadingZeroBitCount
        guard length != 1, length <= 7 else { throw .invalid("coded number", offset: start) }
        for _ in 1..<max(length, 1) {
            guard try reader.u(2) == 0b10 else { throw .invalid("coded number", offset: start) }
            try reader.skip(6)
        }
    }

    /// §9.1.8: x⁸ + x² + x + 1.
    private static func checksum(_ bytes: Span<UInt8>) -> UInt8 {
        var crc: UInt8 = 0
        for index in bytes.indices {
            crc ^= bytes[index]
            for _ in 0..<8 { crc = crc & 0x80 == 0 ? crc << 1 : crc << 1 ^ 0x07 }
        }
        return crc
    }
}
