/// A type that is read from an object of a document, field by field.
///
///     struct HTTPSettings: SchemaObject {
///         var port = 8080
///
///         static let schema = ObjectSchema<HTTPSettings>(
///             doc: "The server that players and people talk to",
///             fields: [Field("port", \.port, .range(1...65_535), doc: "The TCP port")])
///     }
public protocol SchemaObject: FieldValue {
    /// An object with the default in every field. Required fields may hold anything.
    init()
    /// The fields.
    static var schema: ObjectSchema<Self> { get }
}

extension SchemaObject {
    /// An object with the schema's fields.
    public static var fieldType: FieldType { .object(schema.fields.map(\.description)) }

    /// The object that `json` writes, or nothing when anything is wrong with it.
    public static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Self? {
        schema.decode(json, at: path, into: &faults)
    }

    /// Every field as it may be shown.
    public var shown: JSONValue { Self.schema.shown(self) }
}

/// The fields of an object, each declared once, and what must hold between them.
public struct ObjectSchema<Object: SchemaObject>: Sendable {
    /// One line that says what the object is for.
    public let doc: String
    /// The fields, in the order of the documentation.
    public let fields: [Field<Object>]
    private let anyOf: [[String]]
    private let validate: @Sendable (Object, FieldPath, inout FaultList) -> Void

    /// A schema of `fields`, which have different names. Of those that a group of `anyOf` names, one at least must be
    /// written.
    ///
    /// `validate` adds the faults that lie between fields. It is called for objects whose fields are right by
    /// themselves. The path it is given is the object's.
    public init(
        doc: String, fields: [Field<Object>], anyOf: [[String]] = [],
        validate: @escaping @Sendable (Object, FieldPath, inout FaultList) -> Void = { _, _, _ in }
    ) {
        let names = Set(fields.map(\.description.name))
        precondition(names.count == fields.count, "two fields of an object have different names")
        precondition(anyOf.allSatisfy { !$0.isEmpty && names.isSuperset(of: $0) }, "a group names fields")
        self.doc = doc
        self.fields = fields
        self.anyOf = anyOf
        self.validate = validate
    }

    /// The object that `json` writes. Every fault is added to `faults`; with any there is no object.
    public func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Object? {
        guard case .object(let members) = json.content else {
            faults.add(path, json.origin, "expected an object, got \(json.summary)")
            return nil
        }
        let before = faults.count
        addUnknownAndRepeated(members, at: path, to: &faults)
        var object = Object()
        var isComplete = true
        for field in fields {
            let name = field.description.name
            if let member = members.first(where: { $0.name == name }) {
                field.decode(member.value, path[name], &faults, &object)
            } else if field.description.isRequired {
                isComplete = false
                if faults.reportsMissing {
                    faults.add(path[name], json.origin, "missing: \(field.description.doc)")
                }
            }
        }
        for names in anyOf where !names.contains(where: { json[$0].map { $0.content != .null } ?? false }) {
            isComplete = false
            guard faults.reportsMissing, let first = names.first else { continue }
            faults.add(path[first], json.origin, "missing: one of \(names.joined(separator: ", ")) must be written")
        }
        guard faults.count == before, isComplete else { return nil }
        validate(object, path, &faults)
        return faults.count == before ? object : nil
    }

    func shown(_ object: Object) -> JSONValue {
        JSONValue(.object(fields.map { JSONValue.Member($0.description.name, $0.shown(object)) }))
    }

    private func addUnknownAndRepeated(
        _ members: [JSONValue.Member], at path: FieldPath, to faults: inout FaultList
    ) {
        let known = fields.map(\.description.name)
        var seen: Set<String> = []
        for member in members {
            let origin = member.origin ?? member.value.origin
            if !known.contains(member.name) {
                let hint =
                    NearestName.find(member.name, among: known)
                    .map { "did you mean \($0)?" } ?? "known here: \(known.joined(separator: ", "))"
                faults.add(path[member.name], origin, "unknown key; \(hint)")
            } else if !seen.insert(member.name).inserted {
                faults.add(path[member.name], origin, "written twice")
            }
        }
    }
}
