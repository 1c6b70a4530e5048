internal import Media
public import Schema
internal import Time
public import Transcoding

/// What is made of what comes to a channel: a ladder with a name, or one of the operator's own.
public enum OutputSettings: FieldValue {
    /// One of those that everybody needs.
    case named(Name)
    /// The operator's own.
    case custom(CustomOutputSettings)

    /// The outputs with a name.
    public enum Name: String, FieldChoice {
        /// Pictures and sound go out as they come.
        case passthrough
        /// A ladder up to 480 lines.
        case sd
        /// A ladder up to 720 lines.
        case hd
        /// A ladder up to 1080 lines.
        case fullhd
    }

    /// A name, or an object.
    public static var fieldType: FieldType {
        .wordOrObject(Name.allCases.map(\.rawValue), CustomOutputSettings.schema.fields.map(\.description))
    }

    /// The name or the object.
    public static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> OutputSettings? {
        switch json.content {
        case .string: return Name.decode(json, at: path, into: &faults).map(OutputSettings.named)
        case .object: return CustomOutputSettings.decode(json, at: path, into: &faults).map(OutputSettings.custom)
        default:
            faults.add(path, json.origin, "expected \(fieldType.expectation), got \(json.summary)")
            return nil
        }
    }

    /// The name or the object.
    public var shown: JSONValue {
        switch self {
        case .named(let name): name.shown
        case .custom(let settings): settings.shown
        }
    }

    /// What it means.
    public var profile: OutputProfile {
        switch self {
        case .named(let name): OutputPreset(rawValue: name.rawValue).map { OutputProfile($0) } ?? .passthrough
        case .custom(let settings): settings.profile
        }
    }

    /// Adds what cannot be on such a channel.
    func check(_ terms: OutputTerms, at path: FieldPath, into faults: inout FaultList) {
        var found = FaultList()
        profile.check(terms, at: path, into: &found)
        add(found, at: path, to: &faults)
    }

    /// Adds what needs an encoder that is not there.
    func check(_ inventory: EncoderInventory, at path: FieldPath, into faults: inout FaultList) {
        var found = FaultList()
        profile.check(inventory, at: path, into: &found)
        add(found, at: path, to: &faults)
    }

    /// What is told of a ladder with a name is told of the name: nobody wrote its renditions.
    private func add(_ found: FaultList, at path: FieldPath, to faults: inout FaultList) {
        let renditions = path["renditions"].steps
        for fault in found.faults {
            switch self {
            case .named: faults.add(path, nil, fault.message)
            case .custom(let settings) where settings.ladder != nil && fault.path.steps.starts(with: renditions):
                faults.add(path["ladder"], nil, fault.message)
            case .custom: faults.add(fault)
            }
        }
    }
}
