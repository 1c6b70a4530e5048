import Ingest
import Locks
import Media
import Packaging
import Publishing
import RawAnswers
import Telemetry
import Testing
import Time

@testable import Channels

/// Who may publish to which channel.
@Suite struct ChannelDirectoryTests {
    @Test func theKeyFindsItsChannel() throws {
        #expect(try ChannelBench().open("key-of-sport").channelID == "sport")
    }

    @Test(arguments: [nil, "news"])
    func bothKeysOfAChannelAreRight(channel: String?) throws {
        for key in ["key-of-news", "next-key-of-news"] {
            #expect(try ChannelBench().open(key, channel: channel).channelID == "news")
        }
    }

    @Test func aTokenFindsItsChannel() throws {
        var rules = PublishRules()
        rules.tokenSecrets = [Secret("the secret of tokens")]
        let bench = ChannelBench(rules: rules)
        let token = PublishToken(channel: "sport", expiry: bench.clock.wallTime + .seconds(1))
            .signed(with: Secret("the secret of tokens")).exposed
        #expect(try bench.directory.admit(ChannelBench.request(token)).passphrase == nil)
        #expect(try bench.open(token, channel: "sport").channelID == "sport")
    }

    /// Neither is a call of the server's own, nor one that finds no place.
    @Test func theOperatorsServiceIsAskedAboutThoseWhoWouldBeLetIn() throws {
        let server = try RawServer("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        defer { server.stop() }
        var rules = PublishRules()
        rules.webhook = PublishWebhook(url: Secret(server.url), secret: Secret("a secret"), timeout: .seconds(20))
        let bench = ChannelBench(rules: rules)
        _ = try bench.directory.admit(ChannelBench.request("key-of-news"))
        let input = try bench.directory.open(
            .primary, of: "sport", for: ChannelBench.Encoder())
        for key in ["nonsense", "key-of-sport"] { #expect(throws: PublishRefusal.self) { try bench.open(key) } }
        #expect(server.requests.isEmpty)
        var refused: PublishRefusal?
        do { _ = try bench.open() } catch { refused = error }
        #expect(refused?.reason == .webhookRefused && server.requests.count == 1)
        #expect(input.input == .primary)
        input.end()
    }

    /// It publishes already when the answer comes for another one.
    @Test func whoIsAskedAboutHoldsNobodyUp() throws {
        let encoder = ChannelBench.Encoder()
        let bench = Mutex<ChannelBench?>(nil)
        let server = try RawServer { exchange in
            if exchange.request.contains("news"), let bench = bench.withLock({ $0 }) {
                let other = try? bench.open("key-of-sport", for: encoder)
                #expect(other?.channelID == "sport")
            }
            exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        var rules = PublishRules()
        rules.webhook = PublishWebhook(url: Secret(server.url), secret: Secret("a secret"), timeout: .seconds(20))
        let asked = ChannelBench(rules: rules)
        bench.withLock { $0 = asked }
        #expect(try asked.open().channelID == "news" && server.requests.count == 2)
        #expect(throws: PublishRefusal.self) { try asked.open("key-of-sport") }
    }

    @Test(
        arguments: [
            ("news", "key-of-sport", PublishRefusal.Reason.wrongKey), ("films", "key-of-news", .unknownChannel),
            (nil, "nonsense", .wrongKey), (nil, "", .wrongKey),
        ] as [(String?, String, PublishRefusal.Reason)])
    func whatDoesNotFitIsRefusedWithItsReason(channel: String?, key: String, reason: PublishRefusal.Reason) {
        var refused: PublishRefusal?
        do { _ = try ChannelBench().open(key, channel: channel) } catch { refused = error }
        #expect(refused?.reason == reason)
        #expect(refused?.description.contains("key-of") == false, "a refusal gives no key away")
    }

    @Test func aBusyChannelIsRefusedUntilItsPublisherHasGone() throws {
        let bench = ChannelBench()
        let feed = try bench.open()
        #expect(throws: PublishRefusal.self) { try bench.open() }
        feed.end()
        _ = try bench.open()
    }

    @Test func aPublisherThatFellSilentGivesWayToOneWithTheSameKey() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let (old, new) = (ChannelBench.Encoder(), ChannelBench.Encoder())
        let first = try bench.publish(ChannelBench.video, for: old)
        for second in Int64(0)..<4 {
            bench.feed(first, milliseconds: second * 1000..<second * 1000 + 1000)
            bench.clock.advance(by: .seconds(1))
        }
        bench.clock.advance(by: .milliseconds(900))
        #expect(throws: PublishRefusal.self) { try bench.open(for: new) }
        bench.clock.advance(by: .milliseconds(100))
        #expect(throws: PublishRefusal.self) { try bench.open("key-of-sport", channel: "news", for: new) }
        let second = try bench.open("key-of-news", channel: "news", for: new)
        #expect(old.farewells.withLock { $0.count } == 1 && new.farewells.withLock { $0.isEmpty })
        // What the old one still sends, and its end, change nothing.
        let before = try #require(channel.output.snapshot?.rendition("video")).nextPartNumber
        bench.feed(first, milliseconds: 4000..<6000)
        first.end()
        #expect(channel.output.snapshot?.rendition("video")?.nextPartNumber == before)
        second.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        bench.feed(second, milliseconds: 0..<3000)
        let window = try #require(channel.output.snapshot?.rendition("video"))
        #expect(window.segments.filter { $0.isDiscontinuous }.count == 1 && window.nextPartNumber > before)
        #expect(throws: PublishRefusal.self, "the new one is not silent") {
            try bench.open(for: old)
        }
    }

    @Test func aChannelThatIsStoppedSaysSo() throws {
        let bench = ChannelBench()
        bench.directory["news"]?.stop()
        var refused: PublishRefusal?
        do { _ = try bench.open() } catch { refused = error }
        #expect(refused?.reason == .shuttingDown)
    }
}
