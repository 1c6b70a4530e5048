/// A value of the Action Message Format, in which RTMP writes commands and metadata. AMF 0 §2.
public enum AMF0Value: Sendable, Hashable {
    /// A double. §2.2
    case number(Double)
    /// A truth value. §2.3
    case boolean(Bool)
    /// Text, whatever the length of its length field. §2.4, §2.14
    case string(String)
    /// Named values in the order in which they were written. §2.5
    case object([AMF0Property])
    /// An associative array: named values, as an object has them. §2.10
    case ecmaArray([AMF0Property])
    /// Values in order. §2.12
    case strictArray([AMF0Value])
    /// Milliseconds since 1970 in UTC, and a time zone in minutes that senders leave at zero. §2.13
    case date(milliseconds: Double, timeZone: Int16)
    /// An XML document, as text. §2.17
    case xml(String)
    /// An object with the name of its class. §2.18
    case typedObject(className: String, [AMF0Property])
    /// The index of an object that came earlier; it is not resolved. §2.9
    case reference(UInt16)
    /// Nothing. §2.7
    case null
    /// No value. §2.8
    case undefined
    /// A value that its writer could not express. §2.15
    case unsupported

    /// The number, where the value is one.
    public var number: Double? {
        if case .number(let number) = self { number } else { nil }
    }

    /// The text, where the value is a string.
    public var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    /// The named values of an object, a typed object or an ECMA array.
    public var properties: [AMF0Property]? {
        switch self {
        case .object(let properties), .ecmaArray(let properties), .typedObject(_, let properties): properties
        default: nil
        }
    }

    /// The first property of that name.
    public subscript(name: String) -> AMF0Value? {
        properties?.first { $0.name == name }?.value
    }
}

/// A named value of an object. AMF 0 §2.5.
public struct AMF0Property: Sendable, Hashable {
    /// The name, which need not be unique in its object.
    public let name: String
    /// The value.
    public let value: AMF0Value

    /// `value` under `name`.
    public init(_ name: String, _ value: AMF0Value) {
        self.name = name
        self.value = value
    }
}

extension AMF0Value: ExpressibleByStringLiteral {
    /// A string written out in source.
    public init(stringLiteral value: String) { self = .string(value) }
}

/// The type markers. AMF 0 §2.1.
enum AMF0Marker {
    static let number: UInt8 = 0x00
    static let boolean: UInt8 = 0x01
    static let string: UInt8 = 0x02
    static let object: UInt8 = 0x03
    static let null: UInt8 = 0x05
    static let undefined: UInt8 = 0x06
    static let reference: UInt8 = 0x07
    static let ecmaArray: UInt8 = 0x08
    static let objectEnd: UInt8 = 0x09
    static let strictArray: UInt8 = 0x0A
    static let date: UInt8 = 0x0B
    static let longString: UInt8 = 0x0C
    static let unsupported: UInt8 = 0x0D
    static let xmlDocument: UInt8 = 0x0F
    static let typedObject: UInt8 = 0x10
}
