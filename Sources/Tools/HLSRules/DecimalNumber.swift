/// Numbers as playlists write them (RFC 8216bis §4.2).
enum DecimalNumber {
    /// The largest integer that is read: 2^53 - 1, so that sums of a few of them cannot overflow.
    static let maximum = 9_007_199_254_740_991

    /// A decimal-integer: digits only, no sign.
    static func integer(_ text: some StringProtocol) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 20, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        guard let value = Int(text), value <= maximum else { return nil }
        return value
    }

    /// A decimal-floating-point: digits with at most one point, no sign, no exponent.
    static func real(_ text: some StringProtocol) -> Double? {
        let bytes = text.utf8
        guard !bytes.isEmpty, bytes.count <= 40, bytes.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
            bytes.filter({ $0 == 0x2E }).count <= 1, bytes.contains(where: { $0 != 0x2E })
        else { return nil }
        guard let value = Double(String(text)), value.isFinite, value <= 1e15 else { return nil }
        return value
    }

    /// A signed-decimal-floating-point.
    static func signedReal(_ text: some StringProtocol) -> Double? {
        if text.utf8.first == 0x2D { return real(text.dropFirst()).map { -$0 } }
        return real(text)
    }
}
