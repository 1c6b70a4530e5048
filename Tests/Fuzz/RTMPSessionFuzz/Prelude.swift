import RTMP

/// What a well-behaved encoder sends before it misbehaves. RTMP 1.0 §5.2, §5.3, §7.2.
enum Prelude {
    /// A handshake, and the commands up to `publish`; then come chunks of up to 64 KiB.
    static let publication: [UInt8] =
        [3] + [UInt8](repeating: 0, count: 1536 * 2) + message(1, [0, 1, 0, 0])
        + command("connect", .number(1), .object([AMF0Property("app", "live")]))
        + command("createStream", .number(2), .null) + command("publish", .number(3), .null, "key", "live")

    /// H.264 of 320×180 and AAC of 48 kHz: their configurations.
    static let tracks: [UInt8] =
        message(
            9,
            [
                0x17, 0, 0, 0, 0, 0x01, 0x42, 0xC0, 0x0D, 0xFF, 0xE1, 0x00, 0x19, 0x67, 0x42, 0xC0, 0x0D, 0xD9, 0x01,
                0x41, 0x9F, 0x9F, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xC0, 0xF1, 0x42,
                0xA4, 0x80, 0x01, 0x00, 0x05, 0x68, 0xCB, 0x83, 0xCB, 0x20,
            ]) + message(8, [0xAF, 0, 0x11, 0x90])

    /// Messages made of `input`: a byte for the type, two for the length, and so many for the payload.
    static func messages(in input: [UInt8]) -> [UInt8] {
        let types: [UInt8] = [9, 8, 22, 20, 18, 17, 15, 1, 2, 3, 4, 5]
        var chunks: [UInt8] = []
        var position = 0
        while position + 3 <= input.count {
            let type = types[Int(input[position]) % types.count]
            let length = Int(input[position + 1]) << 8 | Int(input[position + 2])
            position += 3
            let end = min(position + length, input.count)
            chunks += message(type, Array(input[position..<end]))
            position = end
        }
        return chunks
    }

    private static func command(_ values: AMF0Value...) -> [UInt8] { message(20, AMF0Writer.bytes(of: values)) }

    private static func message(_ type: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [3, 0, 0, 0, 0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type, 1, 0, 0, 0] + payload
    }
}
