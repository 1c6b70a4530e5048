/// One place where a rule was broken.
public struct Violation: Equatable, Sendable, CustomStringConvertible {
    /// The broken rule.
    public let rule: Rule
    /// Where: a playlist's or resource's URL, with a line or a media sequence number where there is one.
    public let place: String
    /// What was found, and what was expected.
    public let detail: String

    /// A violation of `rule` at `place`.
    public init(_ rule: Rule, at place: String, _ detail: String) {
        self.rule = rule
        self.place = place
        self.detail = detail
    }

    /// The rule's id, the place and the detail on one line.
    public var description: String { "\(rule.rawValue): \(place): \(detail)" }
}
