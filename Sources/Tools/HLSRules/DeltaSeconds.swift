/// Times as header fields write them (RFC 9111 §1.2.2).
enum DeltaSeconds {
    /// What greater numbers are taken for, so that sums of a few of them cannot overflow.
    static let maximum = 1 << 31

    /// A whole number of seconds: digits only, no sign.
    static func read(_ text: some StringProtocol) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return min(Int(text) ?? maximum, maximum)
    }
}
