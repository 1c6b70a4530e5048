import Configuration
import HeadwaterServer
import Ingest
import Sockets
import Telemetry
import Testing
import Time

@Suite struct TokenCommandTests {
    static let now = WallTime(microseconds: 1_800_000_000_500_000)
    static let configuration = """
        { channels: [{ id: 'news', streamKey: 'a-long-key' }], publishTokens: { secret: 'the secret of today' } }
        """

    static func faults(_ arguments: [String], _ configuration: String = configuration) throws -> [String] {
        let settings = try ServerSettingsTests.load(configuration)
        do throws(TokenCommand.UsageError) {
            _ = try TokenCommand(arguments).token(settings, now: now)
            return []
        } catch { return error.faults }
    }

    @Test func theTokenSaysWhatTheCommandSays() throws {
        let command = try TokenCommand([
            "--channel", "news", "--config", "file.json5", "--valid=90m", "--not-before", "2027-01-15T10:00:00+01:00",
            "--from", "203.0.113.0/24", "--log-level=debug",
        ])
        #expect(command.configurationArguments == ["--config", "file.json5", "--log-level=debug"])
        let token = try command.token(ServerSettingsTests.load(Self.configuration), now: Self.now)
        let start = WallTime(microseconds: 1_800_003_600_000_000)
        let expected = PublishToken(
            channel: "news", notBefore: start, expiry: start + .seconds(5400), range: IPRange("203.0.113.0/24"))
        #expect(token == expected.signed(with: Secret("the secret of today")))
    }

    @Test func itIsValidFromNowOnWhereNothingIsSaid() throws {
        let token = try TokenCommand(["--channel", "news", "--valid", "2h"])
            .token(ServerSettingsTests.load(Self.configuration), now: Self.now)
        #expect(token.exposed.hasPrefix("hw1.news..1800007200.."))
    }

    @Test func itIsSignedWithTheFirstSecretThatThereIs() throws {
        let command = try TokenCommand(["--channel", "news", "--valid", "2h"])
        let channels = "channels: [{ id: 'news', streamKey: 'a-long-key' }]"
        func token(_ secrets: String) throws -> Secret<String> {
            try command.token(ServerSettingsTests.load("{ \(channels), publishTokens: { \(secrets) } }"), now: Self.now)
        }
        let expected = try token("secret: 'the secret of today'")
        #expect(try token("secret: 'the secret of today', secondSecret: 'the former secret'") == expected)
        #expect(try token("secondSecret: 'the secret of today'") == expected)
    }

    @Test func theDemoHasChannelsToo() throws {
        let configuration = "{ demo: true, publishTokens: { secret: 'the secret of today' } }"
        #expect(try Self.faults(["--channel", "studio", "--valid", "1h"], configuration).isEmpty)
        #expect(try Self.faults(["--channel", "studio", "--valid", "1h"]).count == 1)
    }

    @Test func everyFaultIsToldAtOnce() throws {
        #expect(try Self.faults([]).count == 2)
        let wrong = [
            "--valid", "0s", "--not-before", "noon", "--from", "1.2.3.4/33", "--channel", "", "--channel", "a",
        ]
        #expect(try Self.faults(wrong).count == 4)
        #expect(try Self.faults(["--channel", "films", "--valid", "1h"]).count == 1)
        #expect(try Self.faults(["--channel", "films", "--valid", "1h"], "{}").count == 2)
    }
}
