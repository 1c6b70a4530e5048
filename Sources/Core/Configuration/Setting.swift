internal import Schema

/// A scalar of the configuration, which a flag and a variable can set beside the file.
struct Setting: Sendable {
    /// The names on the way to it: `http`, `port`.
    let names: [String]
    let field: FieldDescription

    var path: FieldPath { FieldPath(names.map { .name($0) }) }

    /// `HEADWATER_HTTP_PORT`
    var variable: String {
        Self.variablePrefix + words.joined(separator: "_").uppercased()
    }

    /// `--http-port`. None for a secret: other users of the machine can see a command line.
    var flag: String? { field.isSecret ? nil : "--" + words.joined(separator: "-") }

    var isBoolean: Bool {
        if case .boolean = field.type { true } else { false }
    }

    static let variablePrefix = "HEADWATER_"

    /// `targetDuration` is two words.
    private var words: [String] {
        names.flatMap { name in
            var words = [""]
            for character in name {
                if character.isUppercase, words.last?.isEmpty == false { words.append("") }
                words[words.count - 1] += character.lowercased()
            }
            return words
        }
    }

    /// Every scalar of an object, those of the objects in it included; none inside lists.
    static func all(of type: FieldType, under names: [String] = []) -> [Setting] {
        guard case .object(let fields) = type else { return [] }
        return fields.flatMap { field in
            field.type.isScalar
                ? [Setting(names: names + [field.name], field: field)]
                : all(of: field.type, under: names + [field.name])
        }
    }
}

extension JSONValue {
    /// This object with `value` at the end of `names`, and what stood there before. Objects on the way are made where
    /// there are none; nothing when something else is in the way.
    func setting(_ names: ArraySlice<String>, to value: JSONValue) -> (result: JSONValue, replaced: JSONValue?)? {
        guard let name = names.first else { return (value, self) }
        guard case .object(var members) = content else { return nil }
        let rest = names.dropFirst()
        guard let index = members.firstIndex(where: { $0.name == name }) else {
            guard let made = rest.isEmpty ? (value, nil) : JSONValue(.object([])).setting(rest, to: value) else {
                return nil
            }
            members.append(Member(name, made.0))
            return (JSONValue(.object(members), origin: origin), nil)
        }
        guard let inner = members[index].value.setting(rest, to: value) else { return nil }
        members[index].value = inner.result
        return (JSONValue(.object(members), origin: origin), inner.replaced)
    }
}
