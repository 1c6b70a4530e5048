/// How much an event matters to whoever runs the server.
public enum LogLevel: UInt8, Comparable, Sendable, CaseIterable, CustomStringConvertible {
    /// For finding a fault in the server itself.
    case debug
    /// The ordinary course of things.
    case info
    /// Ordinary but rare: a start, a stop, a change of configuration.
    case notice
    /// Something is not as it should be, and the server goes on.
    case warning
    /// Something was lost or refused that should not have been.
    case error

    /// The level called `name`.
    public init?(name: String) {
        guard let level = Self.allCases.first(where: { $0.description == name }) else { return nil }
        self = level
    }

    /// The level's name, as it stands in a log line.
    public var description: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// True when `left` matters less.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
