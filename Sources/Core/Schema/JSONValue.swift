/// A JSON value, with where it was written.
public struct JSONValue: Sendable {
    /// The kinds of values.
    public enum Content: Sendable, Equatable {
        /// `null`
        case null
        /// `true` or `false`
        case bool(Bool)
        /// A number written without fraction and exponent, when it fits.
        case integer(Int64)
        /// Any other number.
        case number(Double)
        /// A string.
        case string(String)
        /// A list.
        case array([JSONValue])
        /// An object; members keep their order, and a name may occur twice.
        case object([Member])
    }

    /// A member of an object.
    public struct Member: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// Its value.
        public var value: JSONValue
        /// Where the name was written.
        public let origin: ValueOrigin?

        /// The member `name` of an object.
        public init(_ name: String, _ value: JSONValue, origin: ValueOrigin? = nil) {
            self.name = name
            self.value = value
            self.origin = origin
        }

        /// True when name and value are equal, wherever they were written.
        public static func == (left: Member, right: Member) -> Bool {
            left.name == right.name && left.value == right.value
        }
    }

    /// What the value is.
    public var content: Content
    /// Where it was written, if it was.
    public var origin: ValueOrigin?

    /// A value of `content`.
    public init(_ content: Content, origin: ValueOrigin? = nil) {
        self.content = content
        self.origin = origin
    }

    /// The first member called `name`, when this is an object that has one.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = content else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The value at the end of `path`, when there is one.
    public subscript(path: FieldPath) -> JSONValue? {
        var value = self
        for step in path.steps {
            switch (step, value.content) {
            case (.name(let name), .object):
                guard let next = value[name] else { return nil }
                value = next
            case (.index(let index), .array(let elements)) where elements.indices.contains(index):
                value = elements[index]
            default:
                return nil
            }
        }
        return value
    }

    /// The value in a few words, for messages: short values as they are written, others as what they are.
    public var summary: String {
        switch content {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .integer, .number: JSON5Printer.scalar(self)
        case .string(let text):
            text.unicodeScalars.count > 60
                ? "a string of \(text.unicodeScalars.count) characters" : JSON5Printer.quoted(text)
        case .array(let elements): elements.isEmpty ? "an empty list" : "a list of \(elements.count)"
        case .object: "an object"
        }
    }
}

extension JSONValue: Equatable {
    /// True when the values are equal, wherever they were written.
    public static func == (left: JSONValue, right: JSONValue) -> Bool { left.content == right.content }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral text: String) { self.init(.string(text)) }

    /// An integer.
    public init(integerLiteral number: Int64) { self.init(.integer(number)) }

    /// A number.
    public init(floatLiteral number: Double) { self.init(.number(number)) }

    /// `true` or `false`.
    public init(booleanLiteral flag: Bool) { self.init(.bool(flag)) }

    /// `null`.
    public init(nilLiteral: ()) { self.init(.null) }

    /// A list.
    public init(arrayLiteral elements: JSONValue...) { self.init(.array(elements)) }

    /// An object.
    public init(dictionaryLiteral members: (String, JSONValue)...) {
        self.init(.object(members.map { Member($0, $1) }))
    }
}
