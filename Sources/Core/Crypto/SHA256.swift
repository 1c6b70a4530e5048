internal import COpenSSL

/// The hash function SHA-256, and the message authentication code made of it.
public enum SHA256 {
    /// How many bytes a hash has.
    public static let byteCount = 32

    /// The hash of `message`. FIPS 180-4 §6.2.
    public static func hash(_ message: Span<UInt8>) -> [UInt8] {
        digest { target in
            message.withUnsafeBytes { EVP_Digest($0.baseAddress, $0.count, target, nil, EVP_sha256(), nil) == 1 }
        }
    }

    /// The HMAC of `message` under `key`, which may have any length. RFC 2104 §2.
    public static func authenticationCode(of message: Span<UInt8>, key: Span<UInt8>) -> [UInt8] {
        // OpenSSL takes a missing key for "the key of the call before", so an empty one needs an address too.
        let empty: [UInt8] = [0]
        return digest { target in
            message.withUnsafeBufferPointer { message in
                key.withUnsafeBytes { key in
                    empty.withUnsafeBytes { empty in
                        HMAC(
                            EVP_sha256(), key.baseAddress ?? empty.baseAddress, CInt(key.count),
                            message.baseAddress, message.count, target, nil) != nil
                    }
                }
            }
        }
    }

    private static func digest(_ body: (UnsafeMutablePointer<UInt8>?) -> Bool) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
            let succeeded = body(buffer.baseAddress)
            precondition(succeeded, "OpenSSL has SHA-256 and memory to run it")
            initialized = byteCount
        }
    }
}
