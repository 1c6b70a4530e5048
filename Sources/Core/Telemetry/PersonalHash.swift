internal import Bytes
internal import Crypto
internal import Locks
internal import Time

/// Turns personal values into short hashes under a random key that lives for one day and is never stored.
final class PersonalHash: Sendable {
    private struct Key {
        var day: Int64?
        var bytes: [UInt8] = []
    }

    private let key = Mutex(Key())

    func hash(_ value: String, at time: WallTime) -> String {
        let bytes = key.withLock { key in
            if key.day != time.day { key = Key(day: time.day, bytes: Random.bytes(SHA256.byteCount)) }
            return key.bytes
        }
        let code = SHA256.authenticationCode(of: Array(value.utf8).span, key: bytes.span)
        return Hexadecimal.encode(code.span.extracting(first: 6))
    }
}
