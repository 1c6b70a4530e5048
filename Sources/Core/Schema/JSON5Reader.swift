/// A reader of JSON5, and so of JSON, which is a part of it.
///
/// | Specification | Version |
/// |---|---|
/// | JSON5 Data Interchange Format, spec.json5.org | 1.0.0 |
/// | RFC 8259, JSON | 2017 |
///
/// Every value keeps its place in the text. Members of the same name are all kept, so that whoever takes the object can
/// say that there are two.
struct JSON5Reader {
    private let text: [Unicode.Scalar]
    private let name: String?
    private let limits: JSON5Limits
    private var offset = 0
    private var line = 1
    private var lineStart = 0
    private var depth = 0

    init(_ text: String, name: String?, limits: JSON5Limits) throws(JSON5Error) {
        let start = TextPosition(line: 1, column: 1)
        guard text.utf8.count <= limits.byteCount else { throw JSON5Error(reason: .tooLong, position: start) }
        self.text = Array(text.unicodeScalars)
        self.name = name
        self.limits = limits
    }

    mutating func readDocument() throws(JSON5Error) -> JSONValue {
        let value = try readValue()
        try skipSpace()
        guard current == nil else { throw error(.textAfterValue) }
        return value
    }

    // MARK: Moving

    var current: Unicode.Scalar? { offset < text.count ? text[offset] : nil }

    var position: TextPosition { TextPosition(line: line, column: offset - lineStart + 1) }

    func error(_ reason: JSON5Error.Reason) -> JSON5Error { JSON5Error(reason: reason, position: position) }

    /// The error for `current`, which cannot stand where it does.
    func unexpected() -> JSON5Error { error(current.map { .unexpectedCharacter($0) } ?? .unexpectedEnd) }

    func peek(_ distance: Int) -> Unicode.Scalar? {
        offset + distance < text.count ? text[offset + distance] : nil
    }

    mutating func advance() {
        guard let passed = current else { return }
        offset += 1
        let endsLine = passed == "\n" || (passed == "\r" && current != "\n") || passed == "\u{2028}"
        if endsLine || passed == "\u{2029}" {
            line += 1
            lineStart = offset
        }
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        advance()
        return true
    }

    /// JSON5 §7, §8.
    private mutating func skipSpace() throws(JSON5Error) {
        while let scalar = current {
            switch scalar {
            case "\t", "\n", "\r", " ", "\u{B}", "\u{C}", "\u{A0}", "\u{FEFF}", "\u{2028}", "\u{2029}": advance()
            case "/": try skipComment()
            default:
                guard scalar.properties.generalCategory == .spaceSeparator else { return }
                advance()
            }
        }
    }

    private mutating func skipComment() throws(JSON5Error) {
        let start = position
        advance()
        if take("/") {
            while let scalar = current, !Self.lineEnds.contains(scalar) { advance() }
        } else if take("*") {
            while current != nil {
                if take("*") {
                    if take("/") { return }
                } else {
                    advance()
                }
            }
            throw JSON5Error(reason: .unterminatedComment, position: start)
        } else {
            throw unexpected()
        }
    }

    static let lineEnds: Set<Unicode.Scalar> = ["\n", "\r", "\u{2028}", "\u{2029}"]

    // MARK: Values

    private mutating func readValue() throws(JSON5Error) -> JSONValue {
        try skipSpace()
        let origin = ValueOrigin.text(name: name, position)
        return JSONValue(try readContent(), origin: origin)
    }

    private mutating func readContent() throws(JSON5Error) -> JSONValue.Content {
        guard let scalar = current else { throw unexpected() }
        switch scalar {
        case "{": return try nested { reader throws(JSON5Error) in .object(try reader.readMembers()) }
        case "[": return try nested { reader throws(JSON5Error) in .array(try reader.readElements()) }
        case "\"", "'": return .string(try readString())
        case "0"..."9", "+", "-", ".": return try readNumber()
        case _ where Self.startsWord(scalar): return try readWord()
        default: throw unexpected()
        }
    }

    private mutating func nested(
        _ read: (inout JSON5Reader) throws(JSON5Error) -> JSONValue.Content
    ) throws(JSON5Error) -> JSONValue.Content {
        guard depth < limits.depth else { throw error(.tooDeep) }
        depth += 1
        defer { depth -= 1 }
        advance()
        return try read(&self)
    }

    /// JSON5 §4.
    private mutating func readElements() throws(JSON5Error) -> [JSONValue] {
        var elements: [JSONValue] = []
        while true {
            try skipSpace()
            if take("]") { return elements }
            elements.append(try readValue())
            if try endsList(with: "]") { return elements }
        }
    }

    /// JSON5 §3.
    private mutating func readMembers() throws(JSON5Error) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        while true {
            try skipSpace()
            if take("}") { return members }
            let origin = ValueOrigin.text(name: name, position)
            let member = try readName()
            try skipSpace()
            guard take(":") else { throw unexpected() }
            members.append(JSONValue.Member(member, try readValue(), origin: origin))
            if try endsList(with: "}") { return members }
        }
    }

    /// Takes what stands behind a value: the bracket that ends the list or object, or the comma before the next one.
    private mutating func endsList(with bracket: Unicode.Scalar) throws(JSON5Error) -> Bool {
        let end = position
        try skipSpace()
        if take(bracket) { return true }
        guard take(",") else {
            throw beginsValue ? JSON5Error(reason: .missingComma, position: end) : unexpected()
        }
        return false
    }

    /// True at what a value may begin with, or a member's name.
    private var beginsValue: Bool {
        guard let scalar = current else { return false }
        switch scalar {
        case "{", "[", "\"", "'", "0"..."9", "+", "-", ".", "\\": return true
        default: return Self.startsWord(scalar)
        }
    }

    private mutating func readName() throws(JSON5Error) -> String {
        switch current {
        case "\"", "'": return try readString()
        case "\\": return try readIdentifier()
        case let scalar? where Self.startsWord(scalar): return try readIdentifier()
        default: throw unexpected()
        }
    }

    private mutating func readWord() throws(JSON5Error) -> JSONValue.Content {
        let start = position
        switch try readIdentifier() {
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "Infinity": return .number(.infinity)
        case "NaN": return .number(.nan)
        default: throw JSON5Error(reason: .unknownWord, position: start)
        }
    }
}

extension JSONValue {
    /// The value that `text` writes in JSON5 or JSON. `name` is the text's file's, for the values' origins.
    public init(json5 text: String, name: String? = nil, limits: JSON5Limits = JSON5Limits()) throws(JSON5Error) {
        var reader = try JSON5Reader(text, name: name, limits: limits)
        self = try reader.readDocument()
    }

    /// The value that UTF-8 `bytes` write in JSON5 or JSON.
    public init(json5 bytes: [UInt8], name: String? = nil, limits: JSON5Limits = JSON5Limits()) throws(JSON5Error) {
        let start = TextPosition(line: 1, column: 1)
        guard bytes.count <= limits.byteCount else { throw JSON5Error(reason: .tooLong, position: start) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw JSON5Error(reason: .notUTF8, position: start)
        }
        try self.init(json5: text, name: name, limits: limits)
    }
}
