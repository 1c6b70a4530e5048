internal import Crypto

/// A value that must not be seen: a key, a password, a token.
///
/// However it is printed, dumped, interpolated or reflected, it shows as `***`. Whoever needs the value itself says so
/// with `exposed`, which is easy to find.
public struct Secret<Value: Sendable>: Sendable {
    private let value: Value

    /// A secret that holds `value`.
    public init(_ value: Value) { self.value = value }

    /// The value itself. It must not be stored in anything that can be printed.
    public var exposed: Value { value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `***`.
    public var description: String { "***" }

    /// Always `***`.
    public var debugDescription: String { description }

    /// A mirror without the value.
    public var customMirror: Mirror { Mirror(self, unlabeledChildren: [description]) }
}

/// A type whose values can be compared in a time that does not depend on where they differ.
public protocol ConstantTimeComparable {
    /// True when both are the same.
    static func areEqualInConstantTime(_ left: Self, _ right: Self) -> Bool
}

extension String: ConstantTimeComparable {
    /// True when both have the same UTF-8 bytes.
    public static func areEqualInConstantTime(_ left: String, _ right: String) -> Bool {
        ConstantTime.areEqual(left, right)
    }
}

extension [UInt8]: ConstantTimeComparable {
    /// True when both have the same bytes.
    public static func areEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        ConstantTime.areEqual(left.span, right.span)
    }
}

extension Secret: Equatable where Value: ConstantTimeComparable {
    /// True when the values are the same, found out in a time that does not tell where they differ.
    public static func == (left: Secret, right: Secret) -> Bool {
        Value.areEqualInConstantTime(left.value, right.value)
    }
}
