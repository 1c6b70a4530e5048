/// Writes values as JSON (RFC 8259), on one line.
public enum JSONPrinter {
    /// The text of `value`. JSON has no infinities and no NaN: those are null.
    public static func text(of value: JSONValue) -> String {
        switch value.content {
        case .null, .bool, .integer, .string: return JSON5Printer.scalar(value)
        case .number(let number): return number.isFinite ? number.description : "null"
        case .array(let elements): return "[" + elements.map(text).joined(separator: ",") + "]"
        case .object(let members):
            let pairs = members.map { "\(JSON5Printer.quoted($0.name)):\(text(of: $0.value))" }
            return "{" + pairs.joined(separator: ",") + "}"
        }
    }
}
