/// The query of a request target, read without building a dictionary.
enum QueryString {
    /// The first value that `name` has in `query`, decoded; "" when it stands without `=`.
    ///
    /// A value whose encoding is broken is returned as it was sent: whoever parses it will refuse it, where "absent"
    /// would be a wrong answer.
    static func firstValue(of name: String, in query: String) -> String? {
        var query = query
        var name = name
        return query.withUTF8 { buffer in
            let query = buffer.span
            return name.withUTF8 { firstValue(of: $0.span, in: query) }
        }
    }

    /// Whether `name` stands in `query` more than once.
    static func isRepeated(_ name: String, in query: String) -> Bool {
        var query = query
        var name = name
        return query.withUTF8 { buffer in
            let query = buffer.span
            return name.withUTF8 { name in
                var start = 0
                return find(name.span, in: query, from: &start) != nil
                    && find(name.span, in: query, from: &start) != nil
            }
        }
    }

    private static func firstValue(of name: Span<UInt8>, in query: Span<UInt8>) -> String? {
        var start = 0
        return find(name, in: query, from: &start).map { text(query.extracting($0)) }
    }

    /// Where the value of `name` stands, from `start` on, which comes to stand behind it.
    private static func find(_ name: Span<UInt8>, in query: Span<UInt8>, from start: inout Int) -> Range<Int>? {
        while start < query.count {
            var end = start
            var equals: Int?
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if equals == nil, query[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            defer { start = end + 1 }
            if matches(query.extracting(start..<(equals ?? end)), name) {
                return equals.map { ($0 + 1)..<end } ?? end..<end
            }
        }
        return nil
    }

    private static func matches(_ sent: Span<UInt8>, _ name: Span<UInt8>) -> Bool {
        if isPlain(sent) {
            guard sent.count == name.count else { return false }
            for index in 0..<sent.count where sent[index] != name[index] { return false }
            return true
        }
        guard let decoded = PercentEncoding.queryComponent(sent) else { return false }
        return name.withUnsafeBufferPointer { decoded.utf8.elementsEqual($0) }
    }

    private static func isPlain(_ text: Span<UInt8>) -> Bool {
        for index in 0..<text.count where text[index] == UInt8(ascii: "%") || text[index] == UInt8(ascii: "+") {
            return false
        }
        return true
    }

    private static func text(_ value: Span<UInt8>) -> String {
        PercentEncoding.queryComponent(value)
            ?? value.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
