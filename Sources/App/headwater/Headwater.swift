import Configuration
@preconcurrency import Glibc
import HeadwaterServer
import Runtime
import Schema
import Sockets
import Telemetry
import Time

/// The command line: carries out the `Command`.
@main struct Headwater {
    /// Exit codes: 1 when something failed while running, 2 for a wrong command line or configuration.
    private enum Exit {
        static let failure: Int32 = 1
        static let usage: Int32 = 2
    }

    static func main() {
        do throws(Command.UsageError) {
            switch try Command(Array(CommandLine.arguments.dropFirst())) {
            case .serve(let arguments): serve(arguments)
            case .checkConfiguration(let arguments): print(check(arguments))
            case .printConfiguration(let arguments): print(load(arguments).printed())
            case .showExample: print(ConfigurationLoader<ServerSettings>().exampleFile())
            case .showTable: print(ConfigurationLoader<ServerSettings>().documentationTable())
            case .makeToken(let arguments): token(arguments)
            case .showHelp: print(Command.help)
            case .showVersion: print("headwater \(Server.version)")
            }
        } catch {
            complain(error.description, Command.help)
            exit(Exit.usage)
        }
    }

    private static func serve(_ arguments: [String]) {
        TerminationSignals.block()
        MemoryArenas.limit()
        let settings = loadWhatCanBe(arguments).settings
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

    private static func check(_ arguments: [String]) -> String {
        let configuration = loadWhatCanBe(arguments, needsFile: true)
        return configuration.file.map { "\($0) is right." }
            ?? "There is no file; what flags and variables say is right."
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

    private static func load(
        _ arguments: [String], needsFile: Bool = false
    ) -> EffectiveConfiguration<ServerSettings> {
        do throws(ConfigurationError) {
            return try ConfigurationLoader<ServerSettings>().load(
                arguments: arguments, environment: environment(), needsFile: needsFile)
        } catch {
            refuse(error.faults)
        }
    }

    /// The configuration, which this machine can live up to.
    private static func loadWhatCanBe(
        _ arguments: [String], needsFile: Bool = false
    ) -> EffectiveConfiguration<ServerSettings> {
        let configuration = load(arguments, needsFile: needsFile)
        let faults = configuration.settings.encodingFaults()
        guard faults.isEmpty else {
            refuse(
                faults.map {
                    Fault(path: $0.path, origin: configuration.origin(of: $0.path), message: $0.message)
                })
        }
        return configuration
    }

    private static func refuse(_ faults: [Fault]) -> Never {
        complain("The configuration has faults:", faults.map(\.description).joined(separator: "\n"))
        exit(Exit.usage)
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
}
