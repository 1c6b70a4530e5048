internal import Schema

extension EffectiveConfiguration {
    /// The whole configuration as a JSON5 file, with where every value came from. Secrets are written as `***`.
    public func printed() -> String {
        var text = ""
        Self.print(values, indentation: 0, into: &text)
        return text + "\n"
    }

    private static func print(_ value: JSONValue, indentation: Int, into text: inout String) {
        let inner = String(repeating: "  ", count: indentation + 1)
        let outer = String(repeating: "  ", count: indentation)
        switch value.content {
        case .object(let members) where !members.isEmpty:
            text += "{\n"
            for member in members {
                text += "\(inner)\(JSON5Printer.name(member.name)): "
                printElement(member.value, indentation: indentation + 1, into: &text)
            }
            text += "\(outer)}"
        case .array(let elements) where !elements.isEmpty:
            text += "[\n"
            for element in elements {
                text += inner
                printElement(element, indentation: indentation + 1, into: &text)
            }
            text += "\(outer)]"
        default:
            text += JSON5Printer.scalar(value)
        }
    }

    private static func printElement(_ value: JSONValue, indentation: Int, into text: inout String) {
        print(value, indentation: indentation, into: &text)
        text += ","
        if !value.holdsOthers { text += " // \(value.origin?.description.escapedForComment ?? "default")" }
        text += "\n"
    }
}

extension JSONValue {
    /// True for objects and lists that are not empty: their origins are those of what is in them.
    fileprivate var holdsOthers: Bool {
        switch content {
        case .object(let members): !members.isEmpty
        case .array(let elements): !elements.isEmpty
        default: false
        }
    }
}

extension String {
    /// The text without anything that could end a line: the name of a file may hold it.
    fileprivate var escapedForComment: String { String(JSON5Printer.quoted(self).dropFirst().dropLast()) }
}
