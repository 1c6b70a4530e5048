/// Bytes that stand in a text as `%` and two hexadecimal digits, RFC 3986 §2.1.
public enum PercentEscapes {
    /// The bytes that `text` stands for. A `%` that begins no escape stands for itself.
    public static func decoded(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.contains(UInt8(ascii: "%")) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.endIndex,
                let byte = byte(text[index + 1], text[index + 2])
            {
                bytes.append(byte)
                index += 3
            } else {
                bytes.append(text[index])
                index += 1
            }
        }
        return bytes[...]
    }

    /// The byte that two digits stand for; nothing where one of them is none.
    public static func byte(_ high: UInt8, _ low: UInt8) -> UInt8? {
        guard let high = Hexadecimal.value(of: high), let low = Hexadecimal.value(of: low) else { return nil }
        return high << 4 | low
    }
}
