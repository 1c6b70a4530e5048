internal import Bytes
internal import COpenSSL

/// Random bytes that nobody can predict, from OpenSSL's generator.
public enum Random {
    /// `count` random bytes.
    public static func bytes(_ count: Int) -> [UInt8] {
        precondition(count >= 0, "a number of bytes is not negative")
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard let base = buffer.baseAddress, count > 0 else { return }
            // OpenSSL seeds itself from the kernel. Where that fails, no key or token made here would be safe.
            let result = RAND_bytes(base, CInt(count))
            precondition(result == 1, "the machine gives no random numbers")
            initialized = count
        }
    }

    /// A random identifier of `byteCount` bytes, written as twice as many lower-case hexadecimal digits.
    public static func identifier(byteCount: Int = 8) -> String { Hexadecimal.encode(bytes(byteCount).span) }
}
