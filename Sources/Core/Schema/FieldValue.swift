/// A type of which a field can be.
///
/// Conforming to it is rarely needed: an object conforms to `SchemaObject`, an enumeration of words to `FieldChoice`,
/// a value that is written as one text to `FieldText`.
public protocol FieldValue: Sendable {
    /// What the type takes.
    static var fieldType: FieldType { get }
    /// True when values must not be shown.
    static var isSecret: Bool { get }
    /// The value that `json` writes, or nothing after adding why not to `faults`.
    static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Self?
    /// The JSON that a flag or a variable of `text` stands for. It is decoded like any other.
    static func fromText(_ text: String) -> JSONValue
    /// The value as it may be shown, and, unless it is secret, read again.
    var shown: JSONValue { get }
}

extension FieldValue {
    /// Not secret.
    public static var isSecret: Bool { false }

    /// The text as a string.
    public static func fromText(_ text: String) -> JSONValue { JSONValue(.string(text)) }

    /// Adds that something of the type's own was expected.
    static func addMismatch(_ json: JSONValue, at path: FieldPath, to faults: inout FaultList) {
        faults.add(path, json.origin, "expected \(fieldType.expectation), got \(json.summary)")
    }
}

extension String: FieldValue {
    /// A string.
    public static var fieldType: FieldType { .string }

    /// Any string.
    public static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> String? {
        guard case .string(let text) = json.content else {
            addMismatch(json, at: path, to: &faults)
            return nil
        }
        return text
    }

    /// The string.
    public var shown: JSONValue { JSONValue(.string(self)) }
}

extension Bool: FieldValue {
    /// A boolean.
    public static var fieldType: FieldType { .boolean }

    /// `true` or `false`, and nothing that might mean them.
    public static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Bool? {
        guard case .bool(let flag) = json.content else {
            addMismatch(json, at: path, to: &faults)
            return nil
        }
        return flag
    }

    /// The words `true` and `false`, and `1` and `0`.
    public static func fromText(_ text: String) -> JSONValue {
        switch text {
        case "true", "1": true
        case "false", "0": false
        default: JSONValue(.string(text))
        }
    }

    /// The boolean.
    public var shown: JSONValue { JSONValue(.bool(self)) }
}

extension Int: FieldValue {
    /// An integer.
    public static var fieldType: FieldType { .integer }

    /// A whole number, however it is written.
    public static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Int? {
        switch json.content {
        case .integer(let number): return Int(number)
        case .number(let number):
            if let whole = Int(exactly: number) { return whole }
            fallthrough
        default:
            addMismatch(json, at: path, to: &faults)
            return nil
        }
    }

    /// The number in decimal digits.
    public static func fromText(_ text: String) -> JSONValue {
        Int64(text).map { JSONValue(.integer($0)) } ?? JSONValue(.string(text))
    }

    /// The integer.
    public var shown: JSONValue { JSONValue(.integer(Int64(self))) }
}

extension Double: FieldValue {
    /// A number.
    public static var fieldType: FieldType { .number }

    /// Any finite number.
    public static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Double? {
        switch json.content {
        case .integer(let number): return Double(number)
        case .number(let number) where number.isFinite: return number
        default:
            addMismatch(json, at: path, to: &faults)
            return nil
        }
    }

    /// The number in decimal digits.
    public static func fromText(_ text: String) -> JSONValue {
        Double(text).map { JSONValue(.number($0)) } ?? JSONValue(.string(text))
    }

    /// The number.
    public var shown: JSONValue { JSONValue(.number(self)) }
}

extension Array: FieldValue where Element: FieldValue {
    /// A list.
    public static var fieldType: FieldType { .list(Element.fieldType) }

    /// True when its elements are.
    public static var isSecret: Bool { Element.isSecret }

    /// A list of which every element can be decoded.
    public static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> [Element]? {
        guard case .array(let elements) = json.content else {
            addMismatch(json, at: path, to: &faults)
            return nil
        }
        // Every element is decoded, also those behind one at fault.
        let decoded = elements.enumerated().map { Element.decode($1, at: path[$0], into: &faults) }
        let values = decoded.compactMap(\.self)
        return values.count == decoded.count ? values : nil
    }

    /// The elements.
    public var shown: JSONValue { JSONValue(.array(map(\.shown))) }
}
