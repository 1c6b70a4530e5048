/// Bytes written with the 64 characters that URLs and file names take as they are. RFC 4648 §5, without padding.
public enum Base64URL {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The bytes, four characters for three of them.
    public static func encode(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var (pending, count): (UInt32, UInt32) = (0, 0)
        for index in bytes.indices {
            pending = pending << 8 | UInt32(bytes[index])
            count += 8
            while count >= 6 {
                count -= 6
                text.append(digits[Int(pending >> count & 63)])
            }
        }
        if count > 0 { text.append(digits[Int(pending << (6 - count) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
