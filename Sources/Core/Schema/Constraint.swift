/// What a value must be besides its type.
public struct Constraint<Value: FieldValue>: Sendable {
    /// The constraint in words that can follow "expected": `1 to 65535`.
    public let description: String
    let isMet: @Sendable (Value) -> Bool

    /// A constraint of one's own; `description` must be able to follow "expected".
    public init(_ description: String, isMet: @escaping @Sendable (Value) -> Bool) {
        self.description = description
        self.isMet = isMet
    }

    /// The same constraint for a type that holds a `Value`.
    public func map<Outer: FieldValue>(_ inner: @escaping @Sendable (Outer) -> Value) -> Constraint<Outer> {
        Constraint<Outer>(description) { isMet(inner($0)) }
    }
}

extension Constraint where Value: Comparable {
    /// From the first to the last value of `range`.
    public static func range(_ range: ClosedRange<Value>) -> Constraint {
        Constraint("\(text(range.lowerBound)) to \(text(range.upperBound))") { range.contains($0) }
    }

    /// `least` or more.
    public static func atLeast(_ least: Value) -> Constraint {
        Constraint("at least \(text(least))") { $0 >= least }
    }

    private static func text(_ value: Value) -> String {
        if case .string(let text) = value.shown.content { return text }
        return value.shown.summary
    }
}

extension Constraint where Value == String {
    /// As many Unicode scalars as are in `range`.
    public static func length(_ range: ClosedRange<Int>) -> Constraint {
        let count = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        return Constraint("\(count) characters") { range.contains($0.unicodeScalars.count) }
    }

    /// Only characters that `isAllowed` allows, and what they are called.
    public static func characters(
        _ name: String, _ isAllowed: @escaping @Sendable (Unicode.Scalar) -> Bool
    ) -> Constraint {
        Constraint(name) { $0.unicodeScalars.allSatisfy(isAllowed) }
    }

    /// A name that can stand in a path of a URL, in a file name and in a label as it is.
    public static var identifier: Constraint {
        Constraint("1 to 64 lower-case letters, digits, hyphens and underscores, the first a letter or digit") { text in
            func isPlain(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) }
            return (1...64).contains(text.utf8.count) && text.utf8.first.map(isPlain) == true
                && text.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        }
    }
}

extension Constraint {
    /// As many elements as are in `range`.
    public static func count<Element>(_ range: ClosedRange<Int>) -> Constraint where Value == [Element] {
        Constraint("\(range.lowerBound) to \(range.upperBound) elements") { range.contains($0.count) }
    }
}
