import HeadwaterServer
import Testing

@Suite struct CommandTests {
    @Test(
        arguments: [
            (["serve", "--demo"], .serve(["--demo"])), (["token", "--valid", "1h"], .makeToken(["--valid", "1h"])),
            (["config", "check"], .checkConfiguration([])),
            (["config", "print", "--config", "a"], .printConfiguration(["--config", "a"])),
            (["config", "example"], .showExample), (["config", "table"], .showTable), (["--version"], .showVersion),
            (["version"], .showVersion),
        ] as [([String], Command)])
    func theFirstWordsAreTheCommand(arguments: [String], command: Command) throws {
        #expect(try Command(arguments) == command)
    }

    @Test(arguments: [
        ["help"], ["help", "serve"], ["--help"], ["-h"], ["serve", "--help"], ["serve", "--http-port", "1", "-h"],
        ["config", "--help"], ["config", "check", "--help"], ["token", "--help"], ["nonsense", "--help"],
    ])
    func helpIsThereForWhoeverAsks(arguments: [String]) throws {
        #expect(try Command(arguments) == .showHelp)
        #expect(Command.help.contains("--http-port"))
    }

    @Test(arguments: [([], "missing"), (["serv"], "serv"), (["config"], "check"), (["config", "chekc"], "check")])
    func whatThereIsNotIsTold(arguments: [String], hint: String) throws {
        let error = #expect(throws: Command.UsageError.self) { try Command(arguments) }
        #expect(error?.description.contains(hint) == true)
    }
}
