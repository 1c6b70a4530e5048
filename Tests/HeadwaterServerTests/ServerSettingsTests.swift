import Configuration
import HeadwaterServer
import Schema
import Testing

@Suite struct ServerSettingsTests {
    static func load(_ text: String, _ arguments: [String] = []) throws(ConfigurationError) -> ServerSettings {
        let loader = ConfigurationLoader<ServerSettings>(
            readFile: { _ throws(ConfigurationFile.ReadError) in [UInt8](text.utf8) })
        return try loader.load(arguments: ["--config", "test.json5"] + arguments, environment: [:]).settings
    }

    @Test func channelsComeFromTheFileAndPortsFromFlags() throws {
        let settings = try Self.load(
            "{ channels: [{ id: 'news', streamKey: 'a-long-key', latency: 'ultra', targetDuration: 4 }] }",
            ["--http-port", "8081", "--demo"])
        #expect(settings.http.port == 8081)
        #expect(settings.demo)
        #expect(settings.channels.map(\.id) == ["news"])
        #expect(settings.channels[0].targetDuration == 4)
    }

    @Test func everyFaultIsToldAtOnce() {
        var faults: [String] = []
        do {
            _ = try Self.load(
                """
                { http: { prot: 1 }, metrics: { listen: "nowhere" },
                  channels: [{ id: "a b", streamKey: "short", latency: "fast" }, { streamKey: "long-enough" },
                             { id: "c", backup: { switchAfter: "1ms" } }] }
                """)
        } catch { faults = error.faults.map { "\($0.path)" } }
        #expect(
            Set(faults) == [
                "http.prot", "metrics.listen", "channels[0].id", "channels[0].streamKey", "channels[0].latency",
                "channels[1].id", "channels[2].streamKey", "channels[2].backup.streamKey",
                "channels[2].backup.switchAfter",
            ])
    }

    @Test func noChannelIsNamedLikeThoseOfTheDemo() throws {
        let text = "{ channels: [{ id: 'studio', streamKey: '12345678' }] }"
        #expect(try Self.load(text).channels.count == 1)
        #expect(throws: ConfigurationError.self) { try Self.load(text, ["--demo"]) }
    }

    @Test(
        arguments: [
            ("rtmp: { port: 8080 }", "rtmp.port"), ("metrics: { listen: '127.0.0.1:1935' }", "metrics.listen"),
            ("rtmp: { address: '0.0.0.0', port: 9464 }", "metrics.listen"),
            ("http: { address: '127.0.0.1' }, rtmp: { address: '127.0.0.1', port: 8080 }", "rtmp.port"),
            ("http: { address: '::1' }, rtmp: { address: '0:0::1', port: 8080 }", "rtmp.port"),
            ("http: { address: '127.0.0.2' }, rtmp: { address: '127.0.0.1', port: 8080 }", nil),
            ("http: { address: '::1' }, rtmp: { address: '0.0.0.0', port: 8080 }", nil),
            ("http: { port: 0 }, rtmp: { port: 0 }", nil), ("rtmps: { port: 1935 }", nil), ("srt: { port: 1935 }", nil),
        ])
    func twoListenersWithOnePortAreAFault(text: String, place: String?) {
        var faults: [String] = []
        do { _ = try Self.load("{ \(text) }") } catch { faults = error.faults.map { "\($0.path)" } }
        #expect(faults == [place].compactMap(\.self))
    }

    @Test func whatIsFetchedNeedsNoKey() throws {
        let settings = try Self.load("{ channels: [{ id: 'a', input: { url: 'https://example.org/live.m3u8' } }] }")
        #expect(settings.channels[0].streamKey == nil)
    }

    @Test func twoChannelsNeverShareAnIdOrAKey() {
        #expect(throws: ConfigurationError.self) {
            try Self.load("{ channels: [{ id: 'a', streamKey: '12345678' }, { id: 'a', streamKey: '87654321' }] }")
        }
        #expect(throws: ConfigurationError.self) {
            try Self.load("{ channels: [{ id: 'a', streamKey: '12345678' }, { id: 'b', streamKey: '12345678' }] }")
        }
    }

    @Test func aBackupHasAKeyOfItsOwn() throws {
        let settings = try Self.load(
            "{ channels: [{ id: 'a', streamKey: '12345678', backup: { streamKey: '87654321', prefer: 'either' } }] }")
        #expect(settings.channels[0].backup?.prefer == .either)
        for backup in ["{ streamKey: '12345678' }", "{ streamKey: 'of-the-other' }", "{}"] {
            do {
                _ = try Self.load(
                    """
                    { channels: [{ id: 'a', streamKey: '12345678', backup: \(backup) },
                                 { id: 'b', streamKey: 'abcdefgh', backup: { streamKey: 'of-the-other' } }] }
                    """)
                Issue.record("\(backup) was taken")
            } catch {
                #expect(error.faults.allSatisfy { "\($0.path)".contains("backup") })
            }
        }
    }

    /// The second key of one channel is the first of another, or of itself.
    @Test(
        arguments: [
            "{ id: 'a', streamKey: '12345678', secondStreamKey: '12345678' }",
            "{ id: 'a', streamKey: '12345678' }, { id: 'b', streamKey: '87654321', secondStreamKey: '12345678' }",
            "{ id: 'a', secondStreamKey: '12345678' }, { id: 'b', secondStreamKey: '12345678' }",
        ])
    func noKeyOpensTwoPlaces(channels: String) {
        var faults: [String] = []
        do { _ = try Self.load("{ channels: [\(channels)] }") } catch { faults = error.faults.map(\.description) }
        #expect(faults.count == 1 && faults[0].contains("the same as channels[0]") && !faults[0].contains("12345678"))
    }

    @Test func oneOfTheTwoKeysIsEnough() throws {
        #expect(try Self.load("{ channels: [{ id: 'a', secondStreamKey: '12345678' }] }").channels.count == 1)
        var faults: [String] = []
        do { _ = try Self.load("{ channels: [{ id: 'a' }, { id: 'b', streamKey: null }] }") } catch {
            faults = error.faults.map { "\($0.path)" }
        }
        #expect(faults == ["channels[0].streamKey", "channels[1].streamKey"])
    }

    @Test(
        arguments: [
            "url: 'ftp://a/', secret: '0123456789abcdef'", "secret: '0123456789abcdef'", "url: 'https://a/'",
            "url: 'https://a/', secret: 'short'", "url: 'https://a/', secret: '0123456789abcdef', timeout: '60s'",
            "url: 'https://a/', secret: '0123456789abcdef', whenDown: 'open'",
        ])
    func aServiceThatCannotBeAskedIsAFault(service: String) {
        #expect(throws: ConfigurationError.self) { try Self.load("{ publishWebhook: { \(service) } }") }
    }

    @Test func secretsOfPublishersAreNotShown() throws {
        let text = """
            { channels: [{ id: 'a', streamKey: 'hush-hush-1', secondStreamKey: 'hush-hush-2' }],
              publishTokens: { secret: 'hush-hush-hush-3', secondSecret: 'hush-hush-hush-4' },
              publishWebhook: { url: 'https://hush:hush@a/', secret: 'hush-hush-hush-5' } }
            """
        let loader = ConfigurationLoader<ServerSettings>(
            readFile: { _ throws(ConfigurationFile.ReadError) in [UInt8](text.utf8) })
        let configuration = try loader.load(arguments: ["--config", "test.json5"], environment: [:])
        #expect(!configuration.printed().contains("hush"))
        var dumped = ""
        dump(configuration.settings, to: &dumped)
        #expect(!dumped.contains("hush") && !"\(configuration.settings)".contains("hush"))
    }
}
