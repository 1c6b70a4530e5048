internal import Configuration

/// What a command line asks for.
public enum Command: Sendable, Hashable {
    /// `serve`: run the server. The arguments are for the configuration.
    case serve([String])
    /// `config check`: say what is wrong with a configuration.
    case checkConfiguration([String])
    /// `config print`: show the configuration in force.
    case printConfiguration([String])
    /// `config example`: show a configuration file with everything in it.
    case showExample
    /// `config table`: show all keys as a table.
    case showTable
    /// `token`: make a publish token. The arguments are a `TokenCommand`'s.
    case makeToken([String])
    /// `help`, or `--help` anywhere.
    case showHelp
    /// `--version`.
    case showVersion

    /// A command line that asks for nothing that there is.
    public struct UsageError: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong, in a sentence.
        public let description: String
    }

    /// The command of `arguments`, which follow the program's name.
    public init(_ arguments: [String]) throws(UsageError) {
        let rest = Array(arguments.dropFirst())
        switch arguments.first {
        case _ where arguments.contains("--help") || arguments.contains("-h"), "help": self = .showHelp
        case "--version", "version": self = .showVersion
        case "serve": self = .serve(rest)
        case "token": self = .makeToken(rest)
        case "config": self = try Self.configuration(rest)
        case let other?: throw UsageError(description: "There is no command \"\(other)\".")
        case nil: throw UsageError(description: "A command is missing.")
        }
    }

    private static func configuration(_ arguments: [String]) throws(UsageError) -> Command {
        let rest = Array(arguments.dropFirst())
        switch arguments.first {
        case "check": return .checkConfiguration(rest)
        case "print": return .printConfiguration(rest)
        case "example": return .showExample
        case "table": return .showTable
        default: throw UsageError(description: "headwater config takes check, print, example or table.")
        }
    }

    /// All commands and flags.
    public static let help = """
        headwater serve [--config FILE] [flags]        run the server
        headwater config check [--config FILE] [flags] say what is wrong with a configuration
        headwater config print [--config FILE] [flags] show the configuration in force, secrets masked
        headwater token --channel ID --valid 2h [--not-before TIME] [--from RANGE] [--config FILE]
                                                       make a publish token
        headwater config example                       show a configuration file with everything in it
        headwater config table                         show all keys, variables and defaults as a table
        headwater --version                            show the version

        Flags of serve:
        \(ConfigurationLoader<ServerSettings>().flagHelp())
        """
}
