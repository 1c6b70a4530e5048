internal import Bytes
internal import Media

/// A message that stands before the slices of a picture: `sei_message()` of H.264 §7.3.2.3.1 and HEVC §7.3.5.
struct SupplementalMessage {
    /// `payloadType`, less than 255.
    let type: UInt8
    /// `sei_payload()` in whole bytes, fewer than 255.
    let payload: [UInt8]

    /// A NAL unit with it, behind its length in four bytes; nothing where the codec has no such units.
    func unit(for codec: Codec) -> ByteChunk? {
        switch codec {
        case .h264: unit([6])
        case .hevc: unit([39 << 1, 1])
        default: nil
        }
    }

    private func unit(_ header: [UInt8]) -> ByteChunk {
        // payloadSize, rbsp_trailing_bits
        let message = [type, UInt8(payload.count)] + payload + [0x80]
        var bytes = header
        var zeros = 0
        for byte in message {
            // Nothing may look like a start code: emulation_prevention_three_byte.
            if zeros == 2, byte <= 3 {
                bytes.append(3)
                zeros = 0
            }
            bytes.append(byte)
            zeros = byte == 0 ? zeros + 1 : 0
        }
        var writer = ByteWriter(capacity: 4 + bytes.count)
        writer.write(UInt32(bytes.count))
        writer.write(bytes)
        return ByteChunk(writer.bytes)
    }
}
