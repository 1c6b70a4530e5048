/// Something wrong in one line of a playlist.
public struct PlaylistFault: Error, Equatable, Sendable {
    /// The rule that the line breaks.
    public let rule: Rule
    /// The line's number, counted from 1; 0 when the fault is that of the whole playlist.
    public let line: Int
    /// What is wrong.
    public let detail: String

    /// A fault in `line`.
    public init(_ rule: Rule, line: Int, _ detail: String) {
        self.rule = rule
        self.line = line
        self.detail = detail
    }
}
