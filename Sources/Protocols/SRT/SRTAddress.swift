internal import Bytes
public import Telemetry

/// Whom to call, and with what: `srt://HOST:PORT?streamid=…&passphrase=…`.
///
/// | Option | Meaning |
/// |---|---|
/// | `mode` | `caller`, which is the only one there is |
/// | `streamid` | what is wanted, up to 512 bytes |
/// | `passphrase` | 10 to 80 bytes; without it nothing is encrypted |
/// | `pbkeylen` | 16, 24 or 32: the length of the key in bytes |
/// | `latency` | how long packets are held, in milliseconds, as srt-live-transmit has it (ffmpeg has microseconds) |
/// | `timeout` | how long an answer is waited for, in milliseconds (ffmpeg has microseconds) |
/// | `transtype` | `live`, which is the only one there is |
///
/// Values are percent-encoded where they have `&`, `#` or `%` in them.
public struct SRTAddress: Sendable {
    /// The host's name, or its address without brackets.
    public var host: String
    /// The port.
    public var port: UInt16
    /// What is wanted.
    public var streamID: [UInt8] = []
    /// What the connection is encrypted with.
    public var passphrase: Secret<String>?
    /// How long the key is; the listener's wish, or 16 bytes, where it is not said.
    public var keyLength: SRTKeyLength?
    /// How long packets are held.
    public var latency: Duration?
    /// How long an answer is waited for.
    public var timeout = Duration.seconds(3)

    /// That host and port, without options.
    public init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

    /// Why a text is no address. It never has a value in it.
    public enum Fault: Error, Equatable, Sendable, CustomStringConvertible {
        /// It does not begin with `srt://`.
        case scheme
        /// No host stands in it.
        case host
        /// No port from 1 to 65535 stands in it.
        case port
        /// Something stands between port and options.
        case path
        /// There is no such option.
        case unknownOption(String)
        /// The option of that name has no value that it could have, or stands there twice.
        case invalidOption(String)

        /// One sentence.
        public var description: String {
            switch self {
            case .scheme: "an SRT address begins with srt://"
            case .host: "the SRT address has no host"
            case .port: "the SRT address has no port from 1 to 65535"
            case .path: "the SRT address has a path"
            case .unknownOption(let name): "there is no SRT option \"\(name)\""
            case .invalidOption(let name): "the SRT option \(name) cannot have this value"
            }
        }
    }

    /// Reads `text`.
    public init(_ text: String) throws(Fault) {
        guard text.hasPrefix("srt://") else { throw .scheme }
        let rest = text.dropFirst(6)
        let mark = rest.firstIndex(of: "?")
        var authority = rest[..<(mark ?? rest.endIndex)]
        if authority.hasSuffix("/") { authority = authority.dropLast() }
        guard !authority.contains("/") else { throw .path }
        guard let colon = authority.lastIndex(of: ":"), let port = UInt16(authority[authority.index(after: colon)...]),
            port > 0
        else { throw .port }
        var host = authority[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw .host
        }
        guard !host.isEmpty else { throw .host }
        self.init(host: String(host), port: port)
        guard let mark else { return }
        var names: Set<String> = []
        for option in rest[rest.index(after: mark)...].split(separator: "&") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard names.insert(name).inserted else { throw .invalidOption(name) }
            try set(name, parts.count > 1 ? Array(PercentEscapes.decoded(Array(parts[1].utf8)[...])) : [])
        }
    }

    private mutating func set(_ name: String, _ bytes: [UInt8]) throws(Fault) {
        guard let value = String(validating: bytes, as: UTF8.self) else { throw .invalidOption(name) }
        let isValid: Bool
        switch name {
        case "mode": isValid = value == "caller"
        case "transtype": isValid = value == "live"
        case "streamid":
            streamID = bytes
            isValid = bytes.count <= SRTStreamID.maximumLength && !bytes.contains(0)
        case "passphrase":
            passphrase = Secret(value)
            isValid = (10...80).contains(bytes.count) && !bytes.contains(0)
        case "pbkeylen":
            keyLength = Int32(value).flatMap(SRTKeyLength.init)
            isValid = keyLength != nil
        case "latency":
            latency = Self.milliseconds(value)
            isValid = latency != nil
        case "timeout":
            timeout = Self.milliseconds(value) ?? .zero
            isValid = timeout > .zero
        default: throw .unknownOption(name)
        }
        guard isValid else { throw .invalidOption(name) }
    }

    /// Up to a minute: more is somebody else's microseconds.
    private static func milliseconds(_ text: String) -> Duration? {
        Int(text).flatMap { (0...60_000).contains($0) ? .milliseconds($0) : nil }
    }
}
