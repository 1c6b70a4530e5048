internal import Bytes
internal import Media

/// Captions as `user_data_registered_itu_t_t35`, ANSI/SCTE 128-1 §8.1, for encoders that write none.
struct CaptionMessage {
    /// As many constructs as five bits count.
    private static let limit = 31
    private let payload: [UInt8]

    /// A message with those `cc_data` constructs; nothing where there are none.
    init?(_ constructs: ByteChunk) {
        let count = min(constructs.count / 3, Self.limit)
        guard count > 0 else { return nil }
        var writer = ByteWriter(capacity: 12 + 3 * count)
        // The United States, ATSC, ATSC_user_data with cc_data.
        writer.write(0xB5 as UInt8)
        writer.write(0x0031 as UInt16)
        writer.write(utf8: "GA94")
        writer.write(0x03 as UInt8)
        // process_cc_data_flag, cc_count; em_data; marker_bits
        writer.write(0x40 | UInt8(count))
        writer.write(0xFF as UInt8)
        writer.write(constructs[0..<(3 * count)].array)
        writer.write(0xFF as UInt8)
        payload = writer.bytes
    }

    /// A metadata OBU of AV1, §5.8.2.
    var av1Unit: ByteChunk {
        // OBU_METADATA with a size, METADATA_TYPE_ITUT_T35, trailing_bits
        let content = [4] + payload + [0x80]
        return ByteChunk([5 << 3 | 2] + size(content.count) + content)
    }

    /// `leb128()`, AV1 §4.10.5, of less than 16,384.
    private func size(_ count: Int) -> [UInt8] {
        count < 128 ? [UInt8(count)] : [UInt8(count & 0x7F) | 0x80, UInt8(count >> 7)]
    }

    /// A NAL unit of HEVC.
    var hevcUnit: ByteChunk? { SupplementalMessage(type: 4, payload: payload).unit(for: .hevc) }
}
