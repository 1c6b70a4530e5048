/// One field of an object: where it is kept, what it is called, what it takes, and a line of documentation.
///
/// Its default is what a new `Object` has there.
public struct Field<Object: SchemaObject>: Sendable {
    /// All that is known of it apart from `Object`.
    public let description: FieldDescription
    let decode: @Sendable (JSONValue, FieldPath, inout FaultList, inout Object) -> Void
    let shown: @Sendable (Object) -> JSONValue

    /// The field `name`, kept in the property of `path`.
    ///
    /// - Parameters:
    ///   - name: what the member is called in the document.
    ///   - path: the property.
    ///   - constraints: what a value must be besides its type.
    ///   - isRequired: whether a value must be written.
    ///   - example: a value for the example file, where the default does not explain itself.
    ///   - doc: one line, a sentence without a full stop.
    public init<Value: FieldValue>(
        _ name: String, _ path: any WritableKeyPath<Object, Value> & Sendable, _ constraints: Constraint<Value>...,
        isRequired: Bool = false, example: JSONValue? = nil, doc: String
    ) {
        let reader = ValueReader(constraints: constraints)
        description = reader.description(
            name: name, defaultValue: Object()[keyPath: path].shown, isRequired: isRequired, example: example, doc: doc)
        decode = { json, at, faults, object in
            if let value = reader.read(json, at: at, into: &faults) { object[keyPath: path] = value }
        }
        shown = { $0[keyPath: path].shown }
    }

    /// The field `name`, kept in the optional property of `path`. `null` is the same as no value.
    public init<Value: FieldValue>(
        _ name: String, _ path: any WritableKeyPath<Object, Value?> & Sendable, _ constraints: Constraint<Value>...,
        example: JSONValue? = nil, doc: String
    ) {
        let reader = ValueReader(constraints: constraints, takesNull: true)
        description = reader.description(
            name: name, defaultValue: Object()[keyPath: path]?.shown ?? nil, isRequired: false, example: example,
            doc: doc)
        decode = { json, at, faults, object in
            if json.content == .null {
                object[keyPath: path] = nil
            } else if let value = reader.read(json, at: at, into: &faults) {
                object[keyPath: path] = value
            }
        }
        shown = { $0[keyPath: path]?.shown ?? nil }
    }

    /// The field `name`: a list of objects kept in the property of `path`. No value is there twice in the fields that a group
    /// of `unique` names, in one object or in two.
    public init<Element: SchemaObject>(
        _ name: String, _ path: any WritableKeyPath<Object, [Element]> & Sendable,
        _ constraints: Constraint<[Element]>..., unique: [[String]], isRequired: Bool = false,
        example: JSONValue? = nil,
        doc: String
    ) {
        let reader = ValueReader(constraints: constraints, unique: unique)
        description = reader.description(
            name: name, defaultValue: Object()[keyPath: path].shown, isRequired: isRequired, example: example, doc: doc)
        decode = { json, at, faults, object in
            if let value = reader.read(json, at: at, into: &faults) { object[keyPath: path] = value }
        }
        shown = { $0[keyPath: path].shown }
    }
}

/// Reads values of one type under its constraints.
private struct ValueReader<Value: FieldValue>: Sendable {
    let constraints: [Constraint<Value>]
    var takesNull = false
    var unique: [[String]] = []

    func read(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Value? {
        checkUniqueness(json, at: path, into: &faults)
        guard let value = Value.decode(json, at: path, into: &faults) else { return nil }
        let broken = constraints.filter { !$0.isMet(value) }
        for constraint in broken {
            let got = Value.isSecret ? "" : ", got \(json.summary)"
            faults.add(path, json.origin, "expected \(constraint.description)\(got)")
        }
        return broken.isEmpty ? value : nil
    }

    func description(
        name: String, defaultValue: JSONValue, isRequired: Bool, example: JSONValue?, doc: String
    ) -> FieldDescription {
        FieldDescription(
            name: name, type: Value.fieldType, defaultValue: isRequired ? nil : defaultValue, isRequired: isRequired,
            isSecret: Value.isSecret, constraints: constraints.map(\.description), doc: doc, example: example,
            fromText: { Value.fromText($0) },
            check: { json, path, faults in
                if !(takesNull && json.content == .null) { _ = read(json, at: path, into: &faults) }
            })
    }

    /// Looks at the document itself, so that twins are found even where something else is wrong with one of them.
    private func checkUniqueness(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) {
        guard !unique.isEmpty, case .array(let elements) = json.content else { return }
        for names in unique {
            var seen: [String: FieldPath] = [:]
            for (index, element) in elements.enumerated() {
                for name in names {
                    guard let value = element[name], case .string(let text) = value.content else { continue }
                    if let first = seen[text] {
                        faults.add(path[index][name], value.origin, "the same as \(first)")
                    } else {
                        seen[text] = path[index][name]
                    }
                }
            }
        }
    }
}
