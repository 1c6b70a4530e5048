/// A place in a text.
public struct TextPosition: Hashable, Sendable {
    /// The line, from 1.
    public let line: Int
    /// The character of the line, counted in Unicode scalars from 1.
    public let column: Int

    /// The character `column` of `line`.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// Where a value was written, so that a fault in it can be found.
public enum ValueOrigin: Hashable, Sendable, CustomStringConvertible {
    /// In a text; `name` is its file's, where it has one.
    case text(name: String?, TextPosition)
    /// In an environment variable of this name.
    case environment(String)
    /// In a flag of the command line, named with its hyphens.
    case flag(String)

    /// The origin in one word: `headwater.json5:3:14`, `HEADWATER_HTTP_PORT`, `--http-port`.
    public var description: String {
        switch self {
        case .text(let name?, let position): "\(name):\(position.line):\(position.column)"
        case .text(nil, let position): "line \(position.line), column \(position.column)"
        case .environment(let name): name
        case .flag(let name): name
        }
    }
}
