/// The payload of a NAL unit as its syntax sees it, H.264 §7.3.1.
enum RawByteSequencePayload {
    /// The bytes of `payload` without the emulation prevention bytes: the third of every `00 00 03`.
    static func bytes(of payload: Span<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(payload.count)
        var zeros = 0
        for index in payload.indices {
            let byte = payload[index]
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            zeros = byte == 0 ? zeros + 1 : 0
            result.append(byte)
        }
        return result
    }
}
