/// Writes values as JSON5.
public enum JSON5Printer {
    /// The text of a value that holds no others; a list or an object on one line.
    public static func scalar(_ value: JSONValue) -> String {
        switch value.content {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .integer(let number): return number.description
        case .number(let number):
            if number.isNaN { return "NaN" }
            if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
            return number.description
        case .string(let text): return quoted(text)
        case .array(let elements): return "[\(elements.map(scalar).joined(separator: ", "))]"
        case .object(let members):
            guard !members.isEmpty else { return "{}" }
            return "{ \(members.map { "\(name($0.name)): \(scalar($0.value))" }.joined(separator: ", ")) }"
        }
    }

    /// A member's name, in quotes only where it needs them.
    public static func name(_ name: String) -> String { isPlainName(name) ? name : quoted(name) }

    /// `text` in double quotes. Control characters and line separators are escaped.
    public static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\0"..<" ", "\u{7F}"..<"\u{A0}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// True for a name of ASCII letters, digits and `_` that does not start with a digit.
    static func isPlainName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
