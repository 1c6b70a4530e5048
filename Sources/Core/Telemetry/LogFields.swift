/// The value of one field of a log event, with how far it may be seen.
///
/// There is no way to make one without saying which: `.public`, `.personal` or `.secret`.
public struct LogValue: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        case string(String)
        case integer(Int64)
        case number(Double)
        case bool(Bool)
        case personal(String)
        case secret
    }

    let content: Content

    /// Text that anyone may see. Very long texts are cut in the log.
    public static func `public`(_ value: String) -> LogValue { LogValue(content: .string(value)) }

    /// A whole number; one too large for 64 bits is shown as the nearest that fits.
    public static func `public`(_ value: some BinaryInteger & Sendable) -> LogValue {
        LogValue(content: .integer(Int64(clamping: value)))
    }

    /// A number.
    public static func `public`(_ value: Double) -> LogValue { LogValue(content: .number(value)) }

    /// True or false.
    public static func `public`(_ value: Bool) -> LogValue { LogValue(content: .bool(value)) }

    /// Text that tells of a person, such as an address. The log shows a hash of it that is the same all day (UTC) and
    /// can be traced back by nobody once the day is over.
    public static func personal(_ value: String) -> LogValue { LogValue(content: .personal(value)) }

    /// The place of a value that is never shown: `***`.
    public static func secret<Value>(_ secret: Secret<Value>) -> LogValue { LogValue(content: .secret) }
}

/// The fields of a log event, in the order in which they were written.
///
/// Names are written out in source, in lower case with dots: `channel.id`, `peer.address`.
public struct LogFields: Sendable, ExpressibleByDictionaryLiteral {
    private(set) var entries: [(name: String, value: LogValue)] = []

    /// No fields.
    public init() {}

    /// The fields written as a dictionary; where a name occurs twice, the later value stands.
    public init(dictionaryLiteral elements: (StaticString, LogValue)...) {
        entries.reserveCapacity(elements.count)
        for (name, value) in elements { set(name.description, value) }
    }

    /// The value of the field `name`.
    public subscript(name: StaticString) -> LogValue? {
        get { entries.first { $0.name == name.description }?.value }
        set {
            if let newValue {
                set(name.description, newValue)
            } else {
                entries.removeAll { $0.name == name.description }
            }
        }
    }

    /// These fields and `others`, whose values stand where both have a field.
    public func merging(_ others: LogFields) -> LogFields {
        var result = self
        for (name, value) in others.entries { result.set(name, value) }
        return result
    }

    private mutating func set(_ name: String, _ value: LogValue) {
        if let index = entries.firstIndex(where: { $0.name == name }) {
            entries[index].value = value
        } else {
            entries.append((name, value))
        }
    }
}
