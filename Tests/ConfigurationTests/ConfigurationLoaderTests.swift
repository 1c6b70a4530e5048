import Configuration
import Glibc
import Schema
import Telemetry
import Testing

enum Latency: String, FieldChoice {
    case standard, low, ultra
}

struct HTTPSettings: SchemaObject {
    var port = 8080
    var address = "::"
    var idleTimeout = Duration.seconds(30)

    static let schema = ObjectSchema<HTTPSettings>(
        doc: "HTTP",
        fields: [
            Field("port", \.port, .range(0...65_535), doc: "The TCP port"),
            Field("address", \.address, doc: "The address to listen on"),
            Field("idleTimeout", \.idleTimeout, .atLeast(.seconds(1)), doc: "How long a quiet connection stays"),
        ])
}

struct ChannelSettings: SchemaObject {
    var id = ""
    var streamKey = Secret("")
    var latency = Latency.low
    var targetDuration: Int?

    static let schema = ObjectSchema<ChannelSettings>(
        doc: "A channel",
        fields: [
            Field("id", \.id, .identifier, isRequired: true, example: "news", doc: "What URLs call it"),
            Field(
                "streamKey", \.streamKey, .secret(.length(8...64)), isRequired: true, example: "choose-a-long-key",
                doc: "What an encoder must know"),
            Field("latency", \.latency, doc: "How far players are behind"),
            Field("targetDuration", \.targetDuration, .range(1...30), doc: "Seconds in a segment"),
        ])
}

struct Settings: SchemaObject {
    var data = "./data"
    var isDemo = false
    var token: Secret<String>?
    var http = HTTPSettings()
    var channels: [ChannelSettings] = []

    static let schema = ObjectSchema<Settings>(
        doc: "Test server",
        fields: [
            Field("data", \.data, doc: "The folder | of data"),
            Field("demo", \.isDemo, doc: "Feed a demo channel"),
            Field("token", \.token, .secret(.length(4...64)), doc: "The token"),
            Field("http", \.http, doc: "HTTP"),
            Field("channels", \.channels, unique: [["id"], ["streamKey"]], doc: "The channels"),
        ])
}

/// A loader of a file that is not on a disk.
func loader(_ file: String?, name: String = "headwater.json5") -> ConfigurationLoader<Settings> {
    ConfigurationLoader { path throws(ConfigurationFile.ReadError) in
        guard let file, path == name else { throw .missing }
        return Array(file.utf8)
    }
}

@Suite struct ConfigurationLoaderTests {
    private func faults(
        _ file: String?, _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) -> [String] {
        do {
            _ = try loader(file).load(arguments: arguments, environment: environment)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test func withoutAnythingDefaultsStand() throws {
        let configuration = try loader(nil).load(arguments: [], environment: ["PATH": "/bin"])
        #expect(configuration.settings.http.port == 8080)
        #expect(configuration.settings.data == "./data")
        #expect(configuration.settings.channels.isEmpty)
        #expect(configuration.origin(of: FieldPath.root["http"]["port"]) == nil)
    }

    static let layers: [(String?, [String: String], [String], Int, String?)] = [
        (nil, [:], [], 8080, nil),
        ("{http: {port: 1}}", [:], [], 1, "headwater.json5:1:15"),
        ("{http: {port: 1}}", ["HEADWATER_HTTP_PORT": "2"], [], 2, "HEADWATER_HTTP_PORT"),
        ("{http: {port: 1}}", ["HEADWATER_HTTP_PORT": "2"], ["--http-port", "3"], 3, "--http-port"),
        (nil, ["HEADWATER_HTTP_PORT": "2"], ["--http-port=3"], 3, "--http-port"),
        ("{}", [:], ["--http-port=0"], 0, "--http-port"),
    ]

    @Test(arguments: layers)
    func flagsWinOverVariablesOverTheFileOverDefaults(
        file: String?, environment: [String: String], arguments: [String], port: Int, origin: String?
    ) throws {
        let configuration = try loader(file).load(arguments: arguments, environment: environment)
        #expect(configuration.settings.http.port == port)
        #expect(configuration.settings.http.address == "::")
        #expect(configuration.origin(of: FieldPath.root["http"]["port"])?.description == origin)
    }

    @Test func flagsTakeTheirValuesInBothForms() throws {
        let configuration = try loader(nil).load(
            arguments: ["--demo", "--data", "/srv/a=b", "--http-address=", "--http-idle-timeout", "5s"],
            environment: [:])
        #expect(configuration.settings.isDemo)
        #expect(configuration.settings.data == "/srv/a=b")
        #expect(configuration.settings.http.address.isEmpty)
        #expect(configuration.settings.http.idleTimeout == .seconds(5))
        #expect(try loader(nil).load(arguments: ["--demo=false"], environment: [:]).settings.isDemo == false)
    }

    @Test func theFileIsNamedByFlagBeforeVariable() throws {
        let loader = loader("{http: {port: 5}}", name: "other.json5")
        let environment = ["HEADWATER_CONFIG": "other.json5"]
        #expect(try loader.load(arguments: [], environment: environment).settings.http.port == 5)
        #expect(try loader.load(arguments: ["--config", "other.json5"], environment: [:]).settings.http.port == 5)
        let error = #expect(throws: ConfigurationError.self) {
            try loader.load(arguments: ["--config=gone.json5"], environment: environment)
        }
        #expect(error?.description == "gone.json5: there is no such file")
    }

    @Test func whoNeedsAFileIsToldThatThereIsNone() throws {
        func load(_ file: String?, _ arguments: [String] = []) throws -> String? {
            try loader(file).load(arguments: arguments, environment: [:], needsFile: true).file
        }
        #expect(try load("{}") == "headwater.json5")
        #expect(try loader(nil).load(arguments: [], environment: [:]).file == nil)
        let error = #expect(throws: ConfigurationError.self) { try load(nil) }
        #expect(
            error?.description == "headwater.json5: there is no such file in this folder; name another with --config")
        // Flags or variables alone are a configuration, too.
        #expect(try load(nil, ["--http-port", "80"]) == nil)
        let environment = ["HEADWATER_HTTP_PORT": "80"]
        #expect(try loader(nil).load(arguments: [], environment: environment, needsFile: true).file == nil)
        #expect(throws: ConfigurationError.self) { try load(nil, ["--config", "gone.json5", "--http-port", "80"]) }
    }

    @Test func everyFaultOfEverySourceIsToldAtOnce() {
        let found = faults(
            """
            { htpp: {}, http: { port: -1, address: 5 },
              channels: [
                {id: 'a', streamKey: 'hunter2'}, {id: 'b', streamKey: 12345678}, {id: 'a'},
                {id: 'c', streamKey: 'long-enough'}, {id: 'd', streamKey: 'long-enough'},
              ] }
            """,
            [
                "--http-prot", "81", "--http-port", "x", "--data", "--demo=maybe", "--demo", "stray", "--token",
                "hunter2",
                "--http-idle-timeout=0s",
            ],
            ["HEADWATER_HTTP_PROT": "1", "HEADWATER_HTTP_PORT": "many", "HEADWATER_TOKEN": "abc"])
        #expect(
            found == [
                "--http-prot: unknown flag; did you mean --http-port?",
                "--data: needs a value: a string",
                "--demo: given twice",
                "unexpected argument \"stray\"",
                "--token: secrets are not taken from the command line; use HEADWATER_TOKEN or the file",
                "HEADWATER_HTTP_PROT: unknown variable; did you mean HEADWATER_HTTP_PORT?",
                "headwater.json5:1:27: http.port: expected 0 to 65535, got -1",
                "HEADWATER_HTTP_PORT: http.port: expected an integer, got \"many\"",
                "headwater.json5:1:3: htpp: unknown key; did you mean http?",
                "--demo: demo: expected true or false, got \"maybe\"",
                "HEADWATER_TOKEN: token: expected 4 to 64 characters",
                "--http-port: http.port: expected an integer, got \"x\"",
                "headwater.json5:1:40: http.address: expected a string, got 5",
                "--http-idle-timeout: http.idleTimeout: expected at least 1s, got \"0s\"",
                "headwater.json5:3:75: channels[2].id: the same as channels[0].id",
                "headwater.json5:4:63: channels[4].streamKey: the same as channels[3].streamKey",
                "headwater.json5:3:26: channels[0].streamKey: expected 8 to 64 characters",
                "headwater.json5:3:59: channels[1].streamKey: expected a string, got something else",
                "headwater.json5:3:70: channels[2].streamKey: missing: What an encoder must know",
            ])
        #expect(!found.contains { $0.contains("hunter2") || $0.contains("12345678") || $0.contains("long-enough") })
    }

    @Test func aSyntaxErrorDoesNotHideFaultsElsewhere() {
        #expect(
            faults("{\n  http: { port 8080 }\n}", ["--http-port", "x"]) == [
                "headwater.json5:2:16: unexpected character \"8\"",
                "--http-port: http.port: expected an integer, got \"x\"",
            ])
        #expect(
            faults("{\n  http: { port: 8080 }\n  demo: true\n}") == [
                "headwater.json5:2:23: a comma is missing behind this value"
            ])
    }

    @Test func aValueUnderSomethingThatIsNoSectionIsStillChecked() {
        #expect(
            faults("{http: 8080}", ["--http-port", "x"]) == [
                "--http-port: http.port: expected an integer, got \"x\"",
                "headwater.json5:1:8: http: expected an object, got 8080",
            ])
        #expect(faults("[]") == ["headwater.json5:1:1: expected an object, got an empty list"])
    }

    @Test func variablesThatOthersUseCanBeLeftAlone() throws {
        let loader = ConfigurationLoader<Settings>(ignoredVariables: ["HEADWATER_FUZZ"]) {
            path throws(ConfigurationFile.ReadError) in
            throw .missing
        }
        #expect(throws: Never.self) { try loader.load(arguments: [], environment: ["HEADWATER_FUZZ": "1"]) }
    }

    @Test func aSecretCanComeFromTheEnvironment() throws {
        let configuration = try loader(nil).load(arguments: [], environment: ["HEADWATER_TOKEN": "hunter2"])
        #expect(configuration.settings.token?.exposed == "hunter2")
        #expect(!configuration.printed().contains("hunter2"))
        #expect(!"\(configuration)".contains("hunter2"))
    }
}

@Suite struct ConfigurationTextTests {
    @Test func thePrintedConfigurationNamesSourcesAndHidesSecrets() throws {
        let file = """
            { http: { address: "::1" },
              channels: [{ id: 'a', streamKey: 'hunter2-hunter2', targetDuration: 0x6 }] }
            """
        let configuration = try loader(file).load(
            arguments: ["--http-port", "0"], environment: ["HEADWATER_DATA": "a\"b"])
        #expect(
            configuration.printed() == #"""
                {
                  data: "a\"b", // HEADWATER_DATA
                  demo: false, // default
                  token: null, // default
                  http: {
                    port: 0, // --http-port
                    address: "::1", // headwater.json5:1:20
                    idleTimeout: "30s", // default
                  },
                  channels: [
                    {
                      id: "a", // headwater.json5:2:20
                      streamKey: "***", // headwater.json5:2:36
                      latency: "low", // default
                      targetDuration: 6, // headwater.json5:2:71
                    },
                  ],
                }

                """#)
        let again = try loader(configuration.printed().replacing("***", with: "hunter2-hunter2"))
            .load(arguments: [], environment: [:])
        #expect(again.settings.shown == configuration.settings.shown)
    }

    @Test func theTableHasEveryKey() {
        #expect(
            loader(nil).documentationTable() == """
                | Key | Environment | Flag | Type | Default | Allowed | |
                |---|---|---|---|---|---|---|
                | `data` | `HEADWATER_DATA` | `--data` | string | `./data` |  | The folder \\| of data |
                | `demo` | `HEADWATER_DEMO` | `--demo` | boolean | `false` |  | Feed a demo channel |
                | `token` | `HEADWATER_TOKEN` |  | string, secret |  | 4 to 64 characters | The token |
                | `http.port` | `HEADWATER_HTTP_PORT` | `--http-port` | integer | `8080` | 0 to 65535 | The TCP port |
                | `http.address` | `HEADWATER_HTTP_ADDRESS` | `--http-address` | string | `::` |  | \
                The address to listen on |
                | `http.idleTimeout` | `HEADWATER_HTTP_IDLE_TIMEOUT` | `--http-idle-timeout` | duration | `30s` | \
                at least 1s | How long a quiet connection stays |
                | `channels` |  |  | list of objects | `[]` |  | The channels |
                | `channels[].id` |  |  | string | required | 1 to 64 lower-case letters, digits, hyphens and \
                underscores, the first a letter or digit | What URLs call it |
                | `channels[].streamKey` |  |  | string, secret | required | 8 to 64 characters | \
                What an encoder must know |
                | `channels[].latency` |  |  | `standard`, `low`, `ultra` | `low` |  | How far players are behind |
                | `channels[].targetDuration` |  |  | integer |  | 1 to 30 | Seconds in a segment |

                """)
    }

    @Test func theExampleFileChangesNothingUntilItsLinesAreUncommented() throws {
        let example = loader(nil).exampleFile()
        #expect(
            example.hasPrefix(
                """
                // Test server
                {
                  // The folder | of data
                  //data: "./data",
                """))
        #expect(example.contains("// - streamKey: What an encoder must know (required; 8 to 64 characters)"))
        let defaults = try loader(nil).load(arguments: [], environment: [:]).settings
        #expect(try loader(example).load(arguments: [], environment: [:]).settings.shown == defaults.shown)

        let lines = example.split(separator: "\n").map { line -> String in
            let text = line.drop { $0 == " " }
            return text.hasPrefix("//") && !text.hasPrefix("// ") ? String(text.dropFirst(2)) : String(line)
        }
        let uncommented = lines.joined(separator: "\n").replacing("token: \"***\"", with: "token: \"1234\"")
        let settings = try loader(uncommented).load(arguments: [], environment: [:]).settings
        #expect(settings.channels.map(\.id) == ["news"])
        #expect(settings.channels.map(\.streamKey.exposed) == ["choose-a-long-key"])
        #expect(settings.http.shown == defaults.http.shown)
    }

    @Test func everyFlagHasALineOfHelp() {
        #expect(
            loader(nil).flagHelp() == """
                  --config FILE                 The configuration file (headwater.json5)
                  --data STRING                 The folder | of data (./data)
                  --demo                        Feed a demo channel
                  --http-port INTEGER           The TCP port (8080)
                  --http-address STRING         The address to listen on (::)
                  --http-idle-timeout DURATION  How long a quiet connection stays (30s)

                """)
    }
}

@Suite struct ConfigurationFileTests {
    @Test func filesAreReadWholeUpToTheLimit() throws {
        var template = Array("/tmp/headwater-test-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { unlink(path) }
        defer { close(descriptor) }
        #expect(try ConfigurationFile.read(path).isEmpty)
        try #require(ftruncate(descriptor, off_t(ConfigurationFile.limit)) == 0)
        #expect(try ConfigurationFile.read(path).count == ConfigurationFile.limit)
        try #require(ftruncate(descriptor, off_t(ConfigurationFile.limit + 1)) == 0)
        #expect(throws: ConfigurationFile.ReadError.tooLarge) { try ConfigurationFile.read(path) }
    }

    @Test func whatCannotBeReadSaysWhy() {
        #expect(throws: ConfigurationFile.ReadError.missing) { try ConfigurationFile.read("/nowhere/headwater.json5") }
        #expect(throws: ConfigurationFile.ReadError.system("Is a directory")) { try ConfigurationFile.read("/") }
    }
}
