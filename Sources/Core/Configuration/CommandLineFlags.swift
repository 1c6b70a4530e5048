internal import Schema

/// The flags of a command line, told apart but not yet decoded.
struct CommandLineFlags {
    /// The texts given to settings, in the order of the command line, and their flags.
    private(set) var values: [(setting: Setting, flag: String, text: String)] = []
    /// What `--config` names.
    private(set) var file: String?

    static let fileFlag = "--config"

    init(_ arguments: [String], settings: [Setting], faults: inout FaultList) {
        var seen: Set<String> = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--"), argument.utf8.count > 2 else {
                faults.add(Fault(message: "unexpected argument \(JSONValue(.string(argument)).summary)"))
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let flag = parts[0]
            let setting = settings.first { $0.flag == flag }
            guard setting != nil || flag == Self.fileFlag else {
                faults.add(Self.unknown(flag, settings: settings))
                // What follows is its value, most likely, and no fault of its own.
                if parts.count == 1, rest.first?.hasPrefix("--") == false { rest.removeFirst() }
                continue
            }
            let isBoolean = setting?.isBoolean ?? false
            guard
                let text = parts.count == 2
                    ? parts[1] : isBoolean ? "true" : rest.first?.hasPrefix("--") == false ? rest.removeFirst() : nil
            else {
                let expected = setting?.field.type.expectation ?? "a file"
                faults.add(Fault(origin: .flag(flag), message: "needs a value: \(expected)"))
                continue
            }
            guard seen.insert(flag).inserted else {
                faults.add(Fault(origin: .flag(flag), message: "given twice"))
                continue
            }
            if let setting { values.append((setting, flag, text)) } else { file = text }
        }
    }

    private static func unknown(_ flag: String, settings: [Setting]) -> Fault {
        if let secret = settings.first(where: { $0.flag == nil && $0.variable == Self.asVariable(flag) }) {
            return Fault(
                origin: .flag(flag),
                message: "secrets are not taken from the command line; use \(secret.variable) or the file")
        }
        let hint = NearestName.find(flag, among: settings.compactMap(\.flag) + [fileFlag])
        return Fault(origin: .flag(flag), message: "unknown flag" + (hint.map { "; did you mean \($0)?" } ?? ""))
    }

    private static func asVariable(_ flag: String) -> String {
        let words = flag.dropFirst(2).uppercased().map { $0 == "-" ? "_" : $0 }
        return Setting.variablePrefix + String(words)
    }
}
