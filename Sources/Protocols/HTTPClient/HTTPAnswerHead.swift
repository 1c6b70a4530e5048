/// The head of an answer (RFC 9112 §4 and §5), as far as fetching needs it.
struct HTTPAnswerHead: Sendable {
    /// How much a head may have: more than any server sends.
    static let limit = 32 << 10

    let status: Int
    private let fields: [(name: String, value: String)]

    /// Reads a head up to and with its empty line.
    init(_ bytes: some Collection<UInt8>) throws(HTTPFault) {
        var lines = String(decoding: bytes, as: UTF8.self).split(
            omittingEmptySubsequences: true, whereSeparator: \.isNewline)
        guard !lines.isEmpty else { throw .malformed }
        let words = lines.removeFirst().split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1.") || words[0] == "ICY", let status = Int(words[1]),
            (100...599).contains(status)
        else { throw .malformed }
        self.status = status
        fields = lines.compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            return (line[..<colon].lowercased(), String(value.trimmingSuffix { $0 == " " || $0 == "\t" }))
        }
    }

    /// The value of the first field of that name, which is in lower case.
    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// How the body ends.
    func framing() throws(HTTPFault) -> HTTPBodyReader {
        if let coding = self["transfer-encoding"]?.lowercased() {
            guard coding == "chunked" else { throw .malformed }
            return HTTPBodyReader(.chunkSize(0, digits: 0))
        }
        guard let length = self["content-length"] else { return HTTPBodyReader(.untilClose) }
        guard let count = Int64(length), count >= 0 else { throw .malformed }
        return HTTPBodyReader(count > 0 ? .bytes(count) : .end)
    }

    /// Where the head in `bytes` ends, behind its empty line.
    static func end(in bytes: [UInt8], from start: Int) -> Int? {
        var index = max(start, 1)
        while index < bytes.count {
            if bytes[index] == 0x0A {
                if bytes[index - 1] == 0x0A { return index + 1 }
                if index >= 2, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A { return index + 1 }
            }
            index += 1
        }
        return nil
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> Substring {
        var text = self
        while let last = text.last, isTrimmed(last) { text = text.dropLast() }
        return text
    }
}
