/// What a field takes, as documentation names it and as flags and variables need to know it.
public indirect enum FieldType: Sendable {
    /// Text.
    case string
    /// A whole number.
    case integer
    /// Any number.
    case number
    /// `true` or `false`.
    case boolean
    /// Text of a certain form, named so that it can follow "expected", such as `a duration such as "500ms"`.
    case text(name: String, form: String)
    /// One of these texts.
    case choice([String])
    /// Any number of values of one type.
    case list(FieldType)
    /// An object with these fields.
    case object([FieldDescription])
    /// One of these words, which stand for objects that are usual, or an object with these fields.
    case wordOrObject([String], [FieldDescription])

    /// True for what can be written as one word in a flag or a variable.
    public var isScalar: Bool {
        switch self {
        case .list, .object, .wordOrObject: false
        default: true
        }
    }

    /// The type in a table: `integer`, `list of objects`.
    public var name: String {
        switch self {
        case .string: "string"
        case .integer: "integer"
        case .number: "number"
        case .boolean: "boolean"
        case .text(let name, _): name
        case .choice(let names): names.map { "`\($0)`" }.joined(separator: ", ")
        case .list(.object): "list of objects"
        case .list(let element): "list of \(element.name)"
        case .object: "object"
        case .wordOrObject(let words, _): words.map { "`\($0)`" }.joined(separator: ", ") + " or object"
        }
    }

    /// What a message says was expected.
    public var expectation: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .number: "a number"
        case .boolean: "true or false"
        case .text(_, let form): form
        case .choice(let names): "one of \(names.joined(separator: ", "))"
        case .list: "a list"
        case .object: "an object"
        case .wordOrObject(let words, _): "one of \(words.joined(separator: ", ")), or an object"
        }
    }
}

/// A field without the type it belongs to: what documentation, flags and variables are made from.
public struct FieldDescription: Sendable {
    /// The member's name in the document.
    public let name: String
    /// What it takes.
    public let type: FieldType
    /// The value that stands where none is written, in the form in which it may be shown; none for a required field.
    public let defaultValue: JSONValue?
    /// True when a value must be written.
    public let isRequired: Bool
    /// True when the value must not be shown.
    public let isSecret: Bool
    /// What a value must be besides its type, each in words that can follow "expected".
    public let constraints: [String]
    /// One line that says what the field is for.
    public let doc: String
    /// A value for an example.
    public let example: JSONValue?

    /// The value that a flag or a variable of `text` stands for.
    package let fromText: @Sendable (_ text: String) -> JSONValue
    /// Finds the faults of a value without using it.
    package let check: @Sendable (_ value: JSONValue, _ path: FieldPath, _ faults: inout FaultList) -> Void
}
