/// An enumeration of words, one of which a field takes.
///
///     enum Latency: String, FieldChoice { case standard, low, ultra }
public protocol FieldChoice: FieldValue, RawRepresentable<String>, CaseIterable {
    /// What else people call it, in small letters; who writes that is told the right word.
    static var otherNames: [String: Self] { get }
}

extension FieldChoice {
    /// None.
    public static var otherNames: [String: Self] { [:] }

    /// One of the words.
    public static var fieldType: FieldType { .choice(allCases.map(\.rawValue)) }

    /// The case of exactly that word.
    public static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Self? {
        guard case .string(let word) = json.content, let value = Self(rawValue: word) else {
            var message = "expected \(fieldType.expectation), got \(json.summary)"
            if case .string(let word) = json.content,
                let meant = otherNames[word.lowercased()]?.rawValue
                    ?? NearestName.find(word, among: allCases.map(\.rawValue))
            {
                message += "; did you mean \(meant)?"
            }
            faults.add(path, json.origin, message)
            return nil
        }
        return value
    }

    /// The word.
    public var shown: JSONValue { JSONValue(.string(rawValue)) }
}
