internal import COpenSSL

/// Comparison that takes as long for the first byte wrong as for the last, so that its time tells nothing.
public enum ConstantTime {
    /// True when both have the same bytes. The time taken depends on the lengths only.
    public static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return left.withUnsafeBytes { a in
            right.withUnsafeBytes { b in
                guard let a = a.baseAddress, let b = b.baseAddress else { return true }
                return CRYPTO_memcmp(a, b, left.count) == 0
            }
        }
    }

    /// True when both have the same UTF-8 bytes.
    public static func areEqual(_ left: String, _ right: String) -> Bool {
        areEqual(Array(left.utf8).span, Array(right.utf8).span)
    }
}
