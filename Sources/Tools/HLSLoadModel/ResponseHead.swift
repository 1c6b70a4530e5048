/// The status line and those header fields of an answer that decide how it is read (RFC 9112 §4-6).
public struct ResponseHead: Equatable, Sendable {
    /// How the end of the body is found (RFC 9112 §6.3).
    public enum Framing: Equatable, Sendable {
        /// After so many bytes.
        case length(Int)
        /// After the last chunk.
        case chunked
        /// Where the connection ends.
        case untilClose
    }

    /// The status code.
    public private(set) var status = 0
    /// How the end of the body is found.
    public private(set) var framing = Framing.untilClose
    /// True when the body is compressed with gzip.
    public private(set) var isCompressed = false
    /// True when the server closes the connection behind the answer.
    public private(set) var closes = false

    /// Reads a head up to and with its empty line.
    public init(_ bytes: Span<UInt8>) throws(MalformedResponse) {
        var line = Self.line(in: bytes, from: 0)
        try readStatus(bytes.extracting(0..<line.end))
        var length: Int?
        var isChunked = false
        while line.next < bytes.count {
            let start = line.next
            line = Self.line(in: bytes, from: start)
            guard line.end > start else { break }
            let field = bytes.extracting(start..<line.end)
            guard let colon = field.indices.first(where: { field[$0] == 0x3A }), colon > 0 else { throw .head }
            let value = Self.trimmed(field.extracting((colon + 1)..<field.count))
            switch colon {
            case 14 where Self.equals(field.extracting(0..<colon), "content-length"):
                let given = try Self.decimal(value)
                guard length == nil || length == given else { throw .length }
                length = given
            case 17 where Self.equals(field.extracting(0..<colon), "transfer-encoding"):
                guard Self.equals(value, "chunked") else { throw .length }
                isChunked = true
            case 10 where Self.equals(field.extracting(0..<colon), "connection"):
                if Self.equals(value, "close") { closes = true }
                if Self.equals(value, "keep-alive") { closes = false }
            case 16 where Self.equals(field.extracting(0..<colon), "content-encoding"):
                isCompressed = Self.equals(value, "gzip") || Self.equals(value, "x-gzip")
                guard isCompressed || Self.equals(value, "identity") else { throw .coding }
            default: break
            }
        }
        guard !isChunked || length == nil else { throw .length }
        if status == 204 || status == 304 || isInterim {
            framing = .length(0)
        } else if isChunked {
            framing = .chunked
        } else if let length {
            framing = .length(length)
        } else {
            closes = true
        }
    }

    /// True for 1xx: the answer proper follows.
    public var isInterim: Bool { status < 200 }

    private mutating func readStatus(_ line: Span<UInt8>) throws(MalformedResponse) {
        guard line.count >= 12, Self.equals(line.extracting(0..<7), "http/1."), line[8] == 0x20,
            line.count == 12 || line[12] == 0x20
        else { throw .statusLine }
        for index in 9..<12 {
            guard (0x30...0x39).contains(line[index]) else { throw .statusLine }
            status = status * 10 + Int(line[index] - 0x30)
        }
        // Another protocol was never asked for.
        guard status >= 100, status != 101 else { throw .statusLine }
        closes = line[7] == 0x30
    }

    /// Where the line that begins at `start` ends, and where the next one begins.
    private static func line(in bytes: Span<UInt8>, from start: Int) -> (end: Int, next: Int) {
        var index = start
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
        let end = index > start && bytes[index - 1] == 0x0D ? index - 1 : index
        return (end, index + 1)
    }

    @_lifetime(copy bytes)
    private static func trimmed(_ bytes: Span<UInt8>) -> Span<UInt8> {
        var (start, end) = (0, bytes.count)
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return bytes.extracting(start..<end)
    }

    /// True when `bytes` are `text`, which is in lower case, in any case.
    private static func equals(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            bytes.indices.allSatisfy { index in
                let byte = bytes[index]
                return ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == text[index]
            }
        }
    }

    private static func decimal(_ bytes: Span<UInt8>) throws(MalformedResponse) -> Int {
        guard (1...15).contains(bytes.count) else { throw .length }
        var value = 0
        for index in bytes.indices {
            guard (0x30...0x39).contains(bytes[index]) else { throw .length }
            value = value * 10 + Int(bytes[index] - 0x30)
        }
        return value
    }
}
