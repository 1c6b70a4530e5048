public import Schema
public import Telemetry

/// A secret field: read like its value, never shown.
extension Secret: FieldValue where Value: FieldValue {
    /// The type of the value.
    public static var fieldType: FieldType { Value.fieldType }

    /// Always true.
    public static var isSecret: Bool { true }

    /// The value, kept secret. What a fault says does not hold what was written.
    public static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Secret? {
        var hidden = FaultList()
        guard let value = Value.decode(json, at: path, into: &hidden) else {
            faults.add(path, json.origin, "expected \(fieldType.expectation), got something else")
            return nil
        }
        return Secret(value)
    }

    /// What the value's own type makes of the text.
    public static func fromText(_ text: String) -> JSONValue { Value.fromText(text) }

    /// Always `***`.
    public var shown: JSONValue { JSONValue(.string(description)) }
}

extension Constraint {
    /// The constraint of the value for a secret.
    public static func secret<Inner: FieldValue>(
        _ constraint: Constraint<Inner>
    ) -> Constraint where Value == Secret<Inner> {
        constraint.map { $0.exposed }
    }
}
