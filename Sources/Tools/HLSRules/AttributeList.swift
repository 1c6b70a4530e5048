/// The attributes of one tag (RFC 8216bis §4.2), read strictly.
struct AttributeList {
    private struct Value {
        let text: String
        let isQuoted: Bool
    }

    private var values: [String: Value] = [:]
    private let tag: String
    private let line: Int

    /// Reads `text`, the part of a tag after its colon. Quoted values pass through `expand`.
    init(
        _ text: String, tag: String, line: Int, expand: (String) throws(PlaylistFault) -> String
    ) throws(PlaylistFault) {
        self.tag = tag
        self.line = line
        var rest = Array(text.utf8)[...]
        guard !rest.isEmpty else { throw PlaylistFault(.tagSyntax, line: line, "\(tag) has no attributes") }
        while true {
            let name = rest.prefix { $0 != 0x3D }
            let isName = { (byte: UInt8) in
                (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
            }
            guard !name.isEmpty, name.count < rest.count, name.allSatisfy(isName) else {
                throw PlaylistFault(
                    .attributeSyntax, line: line, "\(tag): no attribute name at '\(Self.text(rest.prefix(20)))'")
            }
            rest = rest.dropFirst(name.count + 1)
            let key = Self.text(name)
            let value: Value
            if rest.first == 0x22 {
                let inside = rest.dropFirst().prefix { $0 != 0x22 }
                guard inside.count + 2 <= rest.count else {
                    throw PlaylistFault(.attributeSyntax, line: line, "\(tag): \(key) has no closing quote")
                }
                value = Value(text: try expand(Self.text(inside)), isQuoted: true)
                rest = rest.dropFirst(inside.count + 2)
            } else {
                let plain = rest.prefix { $0 != 0x2C }
                guard !plain.isEmpty, !plain.contains(where: { $0 == 0x20 || $0 == 0x22 || $0 == 0x09 }) else {
                    throw PlaylistFault(.attributeSyntax, line: line, "\(tag): \(key) has a malformed value")
                }
                value = Value(text: Self.text(plain), isQuoted: false)
                rest = rest.dropFirst(plain.count)
            }
            guard values.updateValue(value, forKey: key) == nil else {
                throw PlaylistFault(.attributeUnique, line: line, "\(tag) repeats \(key)")
            }
            if rest.isEmpty { return }
            guard rest.first == 0x2C, rest.count > 1 else {
                throw PlaylistFault(.attributeSyntax, line: line, "\(tag): no comma after \(key)")
            }
            rest = rest.dropFirst()
        }
    }

    /// True when the attribute is there.
    func has(_ name: String) -> Bool { values[name] != nil }

    /// The names of all attributes.
    var names: Set<String> { Set(values.keys) }

    /// All attributes as written, by name.
    var all: [String: String] { values.mapValues(\.text) }

    /// A quoted string.
    func quoted(_ name: String, mayBeEmpty: Bool = false) throws(PlaylistFault) -> String? {
        guard let value = values[name] else { return nil }
        guard value.isQuoted else { throw malformed(name, "a quoted string", value.text) }
        guard mayBeEmpty || !value.text.isEmpty else { throw malformed(name, "a non-empty string", "") }
        return value.text
    }

    /// An enumerated string out of `allowed`, or any when none are given.
    func enumerated(_ name: String, of allowed: [String] = []) throws(PlaylistFault) -> String? {
        guard let value = values[name] else { return nil }
        guard !value.isQuoted, allowed.isEmpty || allowed.contains(value.text) else {
            throw malformed(name, allowed.isEmpty ? "an unquoted word" : allowed.joined(separator: " or "), value.text)
        }
        return value.text
    }

    /// An enumerated YES or NO; absence is NO.
    func flag(_ name: String) throws(PlaylistFault) -> Bool { try enumerated(name, of: ["YES", "NO"]) == "YES" }

    /// A decimal integer.
    func integer(_ name: String) throws(PlaylistFault) -> Int? {
        guard let value = values[name] else { return nil }
        guard !value.isQuoted, let number = DecimalNumber.integer(value.text) else {
            throw malformed(name, "a decimal integer", value.text)
        }
        return number
    }

    /// A decimal floating-point number.
    func real(_ name: String) throws(PlaylistFault) -> Double? {
        guard let value = values[name] else { return nil }
        guard !value.isQuoted, let number = DecimalNumber.real(value.text) else {
            throw PlaylistFault(.decimal, line: line, "\(tag): \(name)=\(value.text)")
        }
        return number
    }

    /// A signed decimal floating-point number.
    func signedReal(_ name: String) throws(PlaylistFault) -> Double? {
        guard let value = values[name] else { return nil }
        guard !value.isQuoted, let number = DecimalNumber.signedReal(value.text) else {
            throw PlaylistFault(.decimal, line: line, "\(tag): \(name)=\(value.text)")
        }
        return number
    }

    /// A decimal resolution, `WIDTHxHEIGHT`.
    func resolution(_ name: String) throws(PlaylistFault) -> Resolution? {
        guard let value = values[name] else { return nil }
        let sides = value.text.split(separator: "x", omittingEmptySubsequences: false)
        guard !value.isQuoted, sides.count == 2, let width = DecimalNumber.integer(sides[0]),
            let height = DecimalNumber.integer(sides[1])
        else { throw malformed(name, "a resolution", value.text) }
        return Resolution(width: width, height: height)
    }

    /// True when the attribute is a hexadecimal-sequence of whole bytes.
    func isBytes(_ name: String) -> Bool {
        guard let value = values[name], !value.isQuoted else { return false }
        let digits = value.text.utf8.dropFirst(2)
        return (value.text.hasPrefix("0x") || value.text.hasPrefix("0X")) && !digits.isEmpty && digits.count % 2 == 0
            && digits.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x46).contains($0) }
    }

    /// `value`, which must be there.
    func required<Value>(_ name: String, _ value: Value?) throws(PlaylistFault) -> Value {
        guard let value else { throw PlaylistFault(.attributeRequired, line: line, "\(tag) has no \(name)") }
        return value
    }

    private func malformed(_ name: String, _ wanted: String, _ text: String) -> PlaylistFault {
        PlaylistFault(.attributeSyntax, line: line, "\(tag): \(name) is '\(text)', not \(wanted)")
    }

    private static func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
