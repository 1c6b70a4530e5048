public import Schema

/// Everything that is wrong with a configuration, told at once.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The faults, each with the flag, the variable or the place in the file, and the key.
    public let faults: [Fault]

    /// One fault on each line.
    public var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// A configuration as it stands after flags, environment, file and defaults were put together.
public struct EffectiveConfiguration<Settings: SchemaObject>: Sendable {
    /// The settings. This is what the server is built from.
    public let settings: Settings
    /// The file that was read, if there is one.
    public let file: String?
    /// Every value, in the form in which it may be shown, with where it came from.
    let values: JSONValue

    /// Where the value of the key at `path` was written, or nothing where it is the default.
    public func origin(of path: FieldPath) -> ValueOrigin? { values[path]?.origin }
}

/// Reads a configuration from flags, the environment and a file, in this order of precedence.
///
/// Each target declares its section, a `SchemaObject`; the server's settings are a `SchemaObject` too, whose fields
/// are the sections. A key `http.port` is set by the flag `--http-port`, the variable `HEADWATER_HTTP_PORT`, and
/// `{ http: { port: 8080 } }` in the file. Lists are set in the file only; secrets have no flag.
///
///     let configuration = try ConfigurationLoader<ServerSettings>().load(arguments: ["--http-port", "8081"])
///     configuration.settings.http.port
public struct ConfigurationLoader<Settings: SchemaObject>: Sendable {
    /// Reads the bytes of a named file.
    public typealias FileReader = @Sendable (_ path: String) throws(ConfigurationFile.ReadError) -> [UInt8]

    /// The variable that names the file, like the flag `--config`.
    public static var fileVariable: String { Setting.variablePrefix + "CONFIG" }

    let settings = Setting.all(of: Settings.fieldType)
    private let ignoredVariables: Set<String>
    private let readFile: FileReader

    /// A loader that reads files with `readFile`. Variables in `ignoredVariables` may be set though they mean nothing.
    public init(
        ignoredVariables: Set<String> = [],
        readFile: @escaping FileReader = { path throws(ConfigurationFile.ReadError) in
            try ConfigurationFile.read(path)
        }
    ) {
        precondition(
            Set(settings.map(\.variable)).count == settings.count, "no two keys share a variable and a flag")
        self.ignoredVariables = ignoredVariables
        self.readFile = readFile
    }

    /// The configuration that `arguments` (without program and subcommand) and `environment` make with the file that
    /// they name, or with `headwater.json5` where there is one. With `needsFile` it is a fault that there is nothing at all.
    public func load(
        arguments: [String], environment: [String: String], needsFile: Bool = false
    ) throws(ConfigurationError) -> EffectiveConfiguration<Settings> {
        var early = FaultList()
        let flags = CommandLineFlags(arguments, settings: settings, faults: &early)
        addUnknownVariables(environment, to: &early)
        let name = flags.file ?? environment[Self.fileVariable]
        let isAlone = flags.values.isEmpty && !settings.contains { environment[$0.variable] != nil }
        let file = readDocument(named: name, isNeeded: name != nil || needsFile && isAlone, into: &early)

        var faults = FaultList(reportsMissing: file != nil)
        for fault in early.faults { faults.add(fault) }
        var document = file ?? JSONValue(.object([]))
        func overlay(_ setting: Setting, _ text: String, _ origin: ValueOrigin) {
            var value = setting.field.fromText(text)
            value.origin = origin
            if let (result, replaced) = document.setting(setting.names[...], to: value) {
                document = result
                // What loses is looked at too: it would be the fault of the day on which the winner is taken away.
                if let replaced { setting.field.check(replaced, setting.path, &faults) }
            } else {
                setting.field.check(value, setting.path, &faults)
            }
        }
        for setting in settings {
            if let text = environment[setting.variable] { overlay(setting, text, .environment(setting.variable)) }
        }
        for (setting, flag, text) in flags.values { overlay(setting, text, .flag(flag)) }

        let decoded = Settings.decode(document, at: .root, into: &faults)
        guard let decoded, faults.isEmpty else { throw ConfigurationError(faults: faults.faults) }
        return EffectiveConfiguration(
            settings: decoded, file: file?.origin?.textName, values: decoded.shown.withOrigins(of: document))
    }

    /// The document of the file; an empty one where there need be none, nothing where it has a fault.
    private func readDocument(
        named path: String?, isNeeded: Bool, into faults: inout FaultList
    ) -> JSONValue? {
        let name = path ?? ConfigurationFile.defaultName
        do {
            let bytes = try readFile(name)
            let limits = JSON5Limits(byteCount: ConfigurationFile.limit)
            do {
                return try JSONValue(json5: bytes, name: name, limits: limits)
            } catch {
                faults.add(Fault(origin: .text(name: name, error.position), message: error.message))
                return nil
            }
        } catch {
            if !isNeeded, error == .missing { return JSONValue(.object([])) }
            let hint =
                path == nil && error == .missing
                ? " in this folder; name another with \(CommandLineFlags.fileFlag)" : ""
            faults.add(Fault(message: "\(name): \(error)\(hint)"))
            return nil
        }
    }

    private func addUnknownVariables(_ environment: [String: String], to faults: inout FaultList) {
        let known = settings.map(\.variable) + [Self.fileVariable]
        let allowed = ignoredVariables.union(known)
        let unknown = environment.keys.filter { $0.hasPrefix(Setting.variablePrefix) && !allowed.contains($0) }
        for name in unknown.sorted() {
            let hint = NearestName.find(name, among: known).map { "; did you mean \($0)?" } ?? ""
            faults.add(Fault(origin: .environment(name), message: "unknown variable" + hint))
        }
    }
}

extension ValueOrigin {
    /// The name of the text that the value stands in.
    fileprivate var textName: String? { if case .text(let name, _) = self { name } else { nil } }
}

extension JSONValue {
    /// This value with the origins that the same values have in `document`.
    fileprivate func withOrigins(of document: JSONValue?) -> JSONValue {
        guard let document else { return self }
        switch (content, document.content) {
        case (.object(let members), .object):
            let located = members.map { Member($0.name, $0.value.withOrigins(of: document[$0.name])) }
            return JSONValue(.object(located), origin: document.origin)
        case (.array(let elements), .array(let others)) where elements.count == others.count:
            let located = zip(elements, others).map { $0.withOrigins(of: $1) }
            return JSONValue(.array(located), origin: document.origin)
        default:
            return JSONValue(content, origin: document.origin)
        }
    }
}
