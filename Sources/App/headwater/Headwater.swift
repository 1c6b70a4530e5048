import Configuration
@preconcurrency import Glibc
import HeadwaterServer
import Runtime
import Sockets
import Telemetry
import Time

/// The command line: `headwater serve`, `headwater config check|print`, `headwater token`.
@main struct Headwater {
    /// Exit codes: 1 when something failed while running, 2 for a wrong command line or configuration.
    private enum Exit {
        static let failure: Int32 = 1
        static let usage: Int32 = 2
    }

    static func main() {
        var arguments = CommandLine.arguments.dropFirst()
        switch arguments.popFirst() {
        case "serve": serve(Array(arguments))
        case "config": config(Array(arguments))
        case "token": token(Array(arguments))
        case "--help", "-h", "help": print(usage)
        case let other:
            complain(other.map { "There is no command \"\($0)\"." } ?? "A command is missing.", usage)
            exit(Exit.usage)
        }
    }

    private static func serve(_ arguments: [String]) {
        TerminationSignals.block()
        let settings = load(arguments).settings
        let logger = Logger(level: settings.log.logLevel)
        let manager = ServiceManager.take()
        do {
            let server = try Server(settings, inherited: .take(), logger: logger)
            print(server.welcome)
            fflush(stdout)
            manager?.tell(.ready)
            let signal = TerminationSignals.wait()
            manager?.tell(.stopping)
            logger.info("server.stopping", ["signal": .public(signal)])
            server.stop()
        } catch {
            complain("headwater cannot start: \(error)")
            exit(Exit.failure)
        }
    }

    private static func config(_ arguments: [String]) {
        switch arguments.first {
        case "check":
            _ = load(Array(arguments.dropFirst()))
            print("The configuration is right.")
        case "print": print(load(Array(arguments.dropFirst())).printed())
        case "example": print(ConfigurationLoader<ServerSettings>().exampleFile())
        case "table": print(ConfigurationLoader<ServerSettings>().documentationTable())
        default:
            complain("headwater config takes check, print, example or table.")
            exit(Exit.usage)
        }
    }

    private static func token(_ arguments: [String]) {
        do throws(TokenCommand.UsageError) {
            let command = try TokenCommand(arguments)
            let settings = load(command.configurationArguments).settings
            print(try command.token(settings, now: SystemClocks().wallTime).exposed)
        } catch {
            complain(error.description)
            exit(Exit.usage)
        }
    }

    private static func load(_ arguments: [String]) -> EffectiveConfiguration<ServerSettings> {
        do throws(ConfigurationError) {
            return try ConfigurationLoader<ServerSettings>().load(arguments: arguments, environment: environment())
        } catch {
            complain("The configuration has faults:", error.description)
            exit(Exit.usage)
        }
    }

    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee.map({ String(cString: $0) }) {
            entry += 1
            guard text.hasPrefix("HEADWATER_"), let equals = text.firstIndex(of: "=") else { continue }
            variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        return variables
    }

    private static func complain(_ lines: String...) {
        fputs(lines.joined(separator: "\n") + "\n", stderr)
    }

    private static let usage = """
        headwater serve [--config FILE] [flags]        run the server
        headwater config check [--config FILE] [flags] say what is wrong with a configuration
        headwater config print [--config FILE] [flags] show the configuration in force, secrets masked
        headwater token --channel ID --valid 2h [--not-before TIME] [--from RANGE] [--config FILE]
                                                       make a publish token
        headwater config example                       show a configuration file with everything in it
        headwater config table                         show all keys, variables and defaults as a table

        Flags of serve:
        \(ConfigurationLoader<ServerSettings>().flagHelp())
        """
}
