internal import Bytes
internal import Crypto
public import Sockets
public import Telemetry
public import Time

/// A permission to publish to one channel for a while, which needs no list of those that were given out: it is signed.
///
///     hw1.news.1763784000.1763791200.cb007100-24.SIGNATURE
///
/// Behind the version stand the channel, the second of 1970 from which on it is valid (or nothing), the second at which it
/// ends, and the addresses that it is good for (or nothing): the first one's bytes in hexadecimal, and how many bits are
/// the same. The signature is the HMAC-SHA256 of all that stands before its dot, under the secret, in base64url without
/// padding. There is one way to write a token; nothing in it needs to be escaped in a URL or a stream id.
public struct PublishToken: Sendable, Hashable {
    static let version = "hw1"
    /// A stream id has no more room.
    static let longest = 512

    /// The channel's id.
    public let channel: String
    /// From when on it is valid, in whole seconds; from ever where nothing is said.
    public let notBefore: WallTime?
    /// When it is valid no longer, in whole seconds.
    public let expiry: WallTime
    /// Where its publisher must be; anywhere where nothing is said.
    public let range: IPRange?

    /// A token for the channel of that id. Parts of a second do not count.
    public init(channel: String, notBefore: WallTime? = nil, expiry: WallTime, range: IPRange? = nil) {
        self.channel = channel
        self.notBefore = notBefore.map { WallTime(second: $0.second) }
        self.expiry = WallTime(second: expiry.second)
        self.range = range
    }

    /// The token as its publisher gets it.
    public func signed(with secret: Secret<String>) -> Secret<String> {
        Secret("\(payload).\(Self.signature(of: payload[...], secret: secret))")
    }

    /// All that is signed.
    package var payload: String {
        let range = range.map { "\(Hexadecimal.encode($0.first.bytes.span))-\($0.prefixLength)" } ?? ""
        return [Self.version, channel, notBefore.map { "\($0.second)" } ?? "", "\(expiry.second)", range]
            .joined(separator: ".")
    }

    /// What `payload` says; nothing when it is no such text, or not written as it is written here.
    package init?(payload: Substring) {
        let fields = payload.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 5, fields[0] == Self.version, !fields[1].isEmpty else { return nil }
        guard let expiry = WallTime(digits: fields[3]) else { return nil }
        let (notBefore, range) = (WallTime(digits: fields[2]), IPRange(tokenText: fields[4]))
        guard fields[2].isEmpty == (notBefore == nil), fields[4].isEmpty == (range == nil) else { return nil }
        self.init(channel: fields[1], notBefore: notBefore, expiry: expiry, range: range)
    }

    static func signature(of payload: Substring, secret: Secret<String>) -> String {
        let code = SHA256.authenticationCode(of: Array(payload.utf8).span, key: Array(secret.exposed.utf8).span)
        return Base64URL.encode(code.span)
    }
}

extension WallTime {
    /// The second that it lies in, counted from 1970.
    fileprivate var second: Int64 { (microseconds - (microseconds < 0 ? 999_999 : 0)) / 1_000_000 }

    fileprivate init(second: Int64) { self.init(microseconds: second * 1_000_000) }

    /// A second written in decimal digits.
    fileprivate init?(digits: String) {
        guard (1...12).contains(digits.utf8.count), let second = Int64(digits), "\(second)" == digits, second >= 0
        else {
            return nil
        }
        self.init(second: second)
    }
}

extension IPRange {
    fileprivate init?(tokenText text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ !(0x41...0x5A).contains($0) }),
            let bytes = Hexadecimal.decode(parts[0]), let length = Int(parts[1]), "\(length)" == parts[1],
            let address = IPAddress(bytes: bytes), let range = IPRange(address, prefixLength: length),
            range.first.bytes == bytes
        else { return nil }
        self = range
    }
}
