internal import Schema

extension ConfigurationLoader {
    /// Every key as a row of a Markdown table, in the order of declaration. Keys in lists have `[]` in their name.
    public func documentationTable() -> String {
        var rows = ["| Key | Environment | Flag | Type | Default | Allowed | |", "|---|---|---|---|---|---|---|"]
        addRows(of: Settings.fieldType, under: "", to: &rows)
        return rows.joined(separator: "\n") + "\n"
    }

    /// A configuration file in which every key stands in a comment with its default, so that it changes nothing.
    ///
    /// Lines of documentation start with `// `, settings with `//` and no space behind.
    public func exampleFile() -> String {
        var lines = ["// \(Settings.schema.doc)", "{"]
        addExample(of: Settings.fieldType, under: [], to: &lines)
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    /// One line for each flag: its name, what it takes, and what it is for.
    public func flagHelp() -> String {
        let flags = settings.compactMap { setting in setting.flag.map { (flag: $0, setting: setting) } }
        var lines = [("\(CommandLineFlags.fileFlag) FILE", "The configuration file (\(ConfigurationFile.defaultName))")]
        for (flag, setting) in flags {
            let takes = setting.isBoolean ? "" : " \(setting.field.valueName)"
            let shown = setting.isBoolean ? nil : setting.field.defaultText
            lines.append((flag + takes, setting.field.doc + (shown.map { " (\($0))" } ?? "")))
        }
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { left, right in
            "  \(left)\(String(repeating: " ", count: width - left.count))  \(right)\n"
        }.joined()
    }

    private func addRows(of type: FieldType, under prefix: String, to rows: inout [String]) {
        guard case .object(let fields) = type else { return }
        for field in fields {
            let key = prefix + field.name
            switch field.type {
            case .object: addRows(of: field.type, under: key + ".", to: &rows)
            case .list(let element):
                rows.append(row(field, key: key, setting: nil))
                addRows(of: element, under: key + "[].", to: &rows)
            case .wordOrObject(_, let fields):
                rows.append(row(field, key: key, setting: nil))
                addRows(of: .object(fields), under: key + ".", to: &rows)
            default: rows.append(row(field, key: key, setting: settings.first { $0.path.description == key }))
            }
        }
    }

    private func row(_ field: FieldDescription, key: String, setting: Setting?) -> String {
        let cells = [
            "`\(key)`", setting.map { "`\($0.variable)`" } ?? "", setting?.flag.map { "`\($0)`" } ?? "",
            field.type.name + (field.isSecret ? ", secret" : ""),
            field.isRequired ? "required" : field.defaultText.map { "`\($0)`" } ?? "",
            field.constraints.joined(separator: "; "), field.doc,
        ]
        return "| " + cells.map(\.escapedForCell).joined(separator: " | ") + " |"
    }

    private func addExample(of type: FieldType, under names: [String], to lines: inout [String]) {
        guard case .object(let fields) = type else { return }
        let indentation = String(repeating: "  ", count: names.count + 1)
        for field in fields {
            lines.append("\(indentation)// \(field.exampleDoc)")
            switch field.type {
            case .object(let fields):
                // Where a member must be written, the object is there only when it is: it is left out as a whole.
                let mark = fields.contains(where: \.isRequired) ? "//" : ""
                lines.append("\(indentation)\(mark)\(JSON5Printer.name(field.name)): {")
                addExample(of: field.type, under: names + [field.name], to: &lines)
                lines.append("\(indentation)\(mark)},")
            case .list(.object(let fields)) where field.example == nil:
                for inner in fields { lines.append("\(indentation)// - \(inner.name): \(inner.exampleDoc)") }
                let members = fields.filter { $0.exampleValue.content != .null }
                    .map { JSONValue.Member($0.name, $0.exampleValue) }
                let element = JSON5Printer.scalar(JSONValue(.object(members)))
                lines.append("\(indentation)//\(JSON5Printer.name(field.name)): [")
                lines.append("\(indentation)  //\(element),")
                lines.append("\(indentation)//],")
            default:
                let value = JSON5Printer.scalar(field.exampleValue)
                lines.append("\(indentation)//\(JSON5Printer.name(field.name)): \(value),")
            }
        }
    }
}

extension FieldDescription {
    /// The default in one word, if there is anything to see.
    var defaultText: String? {
        guard !isSecret, let defaultValue, defaultValue.content != .null else { return nil }
        if case .string(let text) = defaultValue.content, !text.isEmpty { return text }
        return JSON5Printer.scalar(defaultValue)
    }

    /// What stands for the value in a line of help.
    var valueName: String {
        switch type {
        case .choice(let names): names.joined(separator: "|")
        default: type.name.uppercased()
        }
    }

    fileprivate var exampleValue: JSONValue {
        if let example { return example }
        if isSecret { return "***" }
        return defaultValue ?? ""
    }

    /// The documentation, and what is allowed.
    fileprivate var exampleDoc: String {
        var allowed = constraints
        switch type {
        case .choice, .wordOrObject: allowed.insert(type.expectation, at: 0)
        default: break
        }
        if isRequired { allowed.insert("required", at: 0) }
        return doc + (allowed.isEmpty ? "" : " (\(allowed.joined(separator: "; ")))")
    }
}

extension String {
    fileprivate var escapedForCell: String {
        String(flatMap { $0 == "|" ? "\\|" : $0 == "\n" ? " " : String($0) })
    }
}
