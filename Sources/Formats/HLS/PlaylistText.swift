internal import Bytes
internal import Media

/// A playlist being written, line by line.
struct PlaylistText {
    private(set) var bytes: [UInt8] = []
    private let queryParameters: [String]
    /// What every URI ends with.
    private let query: String

    /// A text whose URIs hand on those parameters of the playlist's own query.
    init(capacity: Int, queryParameters: [String] = []) {
        bytes.reserveCapacity(capacity)
        self.queryParameters = queryParameters
        query = queryParameters.isEmpty ? "" : "?" + queryParameters.map { "\($0)={$\($0)}" }.joined(separator: "&")
    }

    /// EXT-X-DEFINE for each parameter (§4.4.2.3); before the first URI.
    mutating func defineQueryParameters() {
        for name in queryParameters { line("#EXT-X-DEFINE:QUERYPARAM=\"\(name)\"") }
    }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func endLine() { bytes.append(0x0A) }

    mutating func line(_ pieces: String...) {
        for piece in pieces { append(piece) }
        endLine()
    }

    mutating func append(uri: String) {
        append(uri)
        append(query)
    }

    mutating func line(_ text: String, uri: String, _ rest: String = "") {
        append(text)
        append(uri: uri)
        line(rest)
    }

    mutating func append(_ text: String, hexadecimal value: ByteChunk) {
        append(text)
        append("0x")
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in value.array { bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    }

    mutating func line(_ text: String, _ number: some BinaryInteger) { line(text, String(number)) }

    mutating func line(_ text: String, seconds time: MediaTime) {
        append(text)
        append(seconds: time)
        endLine()
    }

    /// A length in decimal seconds, rounded to microseconds: never in exponent form (§4.2).
    mutating func append(seconds time: MediaTime) { append(microseconds: time.ticks(in: .microseconds)) }

    /// The length between two rounded times, so that the sum over a row of lengths is exact to the microsecond.
    mutating func append(secondsFrom start: MediaTime, to end: MediaTime) {
        append(microseconds: end.ticks(in: .microseconds) - start.ticks(in: .microseconds))
    }

    private mutating func append(microseconds: Int64) {
        let (seconds, rest) = max(microseconds, 0).quotientAndRemainder(dividingBy: 1_000_000)
        append(String(seconds))
        bytes.append(0x2E)
        var digits = [UInt8](repeating: 0x30, count: 6)
        var left = rest
        for position in stride(from: 5, through: 0, by: -1) {
            digits[position] += UInt8(truncatingIfNeeded: left % 10)
            left /= 10
        }
        bytes.append(contentsOf: digits)
    }
}

extension Timescale {
    static let microseconds = Timescale(1_000_000)
}
