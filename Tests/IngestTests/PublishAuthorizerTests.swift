import Ingest
import Locks
import RawAnswers
import Sockets
import Telemetry
import Testing
import Time

/// Who may publish where.
@Suite(.timeLimit(.minutes(10))) struct PublishAuthorizerTests {
    /// A publisher that waits until it is told not to.
    final class Waiting: Publisher {
        let isWaiting = Mutex(true)
        var awaitsAnswer: Bool { isWaiting.withLock { $0 } }
        func warn(code: String, description: String) {}
        func disconnect(reason: String) {}
    }

    static let places = [
        PublishPlace(channel: "news", streamKeys: [Secret("key-of-news"), Secret("next-key-of-news")]),
        PublishPlace(channel: "sport", streamKeys: [Secret("key-of-sport")]),
    ]
    static let secret = Secret("the secret of tokens")

    let clock = ManualClock(wallTime: WallTime(microseconds: 1_800_000_000_000_000))
    let lines = Lines()
    let registry = MetricsRegistry()

    private func authorizer(_ change: (inout PublishRules) -> Void = { _ in }) -> PublishAuthorizer {
        var rules = PublishRules()
        rules.tokenSecrets = [Self.secret]
        change(&rules)
        return PublishAuthorizer(rules, clock: clock, logger: Logger(sink: lines), registry: registry)
    }

    private static func request(_ key: String, channel: String? = nil, from address: String = "203.0.113.9")
        -> PublishRequest
    {
        PublishRequest(scheme: "rtmp", channel: channel, streamKey: Secret(key), address: address, connectionID: "c1")
    }

    private func token(_ channel: String = "news") -> String {
        PublishToken(channel: channel, expiry: clock.wallTime + .seconds(60)).signed(with: Self.secret).exposed
    }

    /// The refusal that `ask` ends with, if it does.
    private func refusal(_ ask: () throws(PublishRefusal) -> Void) -> PublishRefusal? {
        do throws(PublishRefusal) {
            try ask()
            return nil
        } catch { return error }
    }

    @Test(arguments: [nil, "news"])
    func eachKeyAndEachTokenOpensItsChannel(channel: String?) throws {
        for key in ["key-of-news", "next-key-of-news", token()] {
            #expect(try authorizer().place(for: Self.request(key, channel: channel), among: Self.places) == 0)
        }
        #expect(try authorizer().place(for: Self.request("key-of-sport"), among: Self.places) == 1)
        #expect(try authorizer().place(for: Self.request(token("sport")), among: Self.places) == 1)
    }

    @Test(
        arguments: [
            ("sport", "next-key-of-news", .wrongKey), ("films", "key-of-news", .unknownChannel),
            (nil, "news", .wrongKey),
            (nil, "", .wrongKey), (nil, "hw1.news", .tokenBadSignature), ("news", "hw1.", .tokenBadSignature),
        ] as [(String?, String, PublishRefusal.Reason)])
    func whatDoesNotFitIsRefusedByName(channel: String?, key: String, reason: PublishRefusal.Reason) {
        let refused = refusal { () throws(PublishRefusal) in
            _ = try authorizer().place(for: Self.request(key, channel: channel), among: Self.places)
        }
        #expect(refused?.reason == reason)
        #expect(refused?.description.contains("key-of") == false, "a refusal gives no key away")
    }

    @Test func aTokenOfAChannelThatIsNoMoreOpensNothing() {
        let refused = refusal { () throws(PublishRefusal) in
            _ = try authorizer().place(for: Self.request(token("films")), among: Self.places)
        }
        #expect(refused?.reason == .unknownChannel)
    }

    /// A key may look like a token; an encoder may add to either.
    @Test func theFirstReadingThatFitsCounts() throws {
        let places = [PublishPlace(channel: "odd", streamKeys: [Secret("hw1.is-my-key")])] + Self.places
        #expect(try authorizer().place(for: Self.request("hw1.is-my-key"), among: places) == 0)
        for key in ["key-of-news", token()] {
            let readings = [
                PublishRequest.Reading(channel: nil, streamKey: Secret(key + ",m=publish")),
                PublishRequest.Reading(channel: nil, streamKey: Secret(key)),
            ]
            let request = PublishRequest(scheme: "srt", readings: readings, address: "192.0.2.1", connectionID: "")
            #expect(try authorizer().place(for: request, among: Self.places) == 0)
        }
    }

    // MARK: Back-off

    @Test func wrongKeysFromOneAddressAreHeldAgainstItAlone() throws {
        let authorizer = authorizer()
        func reason(_ key: String, from address: String = "203.0.113.9") -> PublishRefusal? {
            refusal { () throws(PublishRefusal) in
                _ = try authorizer.place(for: Self.request(key, from: address), among: Self.places)
            }
        }
        for guess in 0..<10 { #expect(reason("nonsense\(guess)")?.reason == .wrongKey) }
        #expect(lines.count("ingest.backoff") == 1 && lines.count("203.0.113.9") == 0 && lines.count("nonsense") == 0)
        for _ in 0..<5 { #expect(reason("key-of-news")?.reason == .tooManyFailures, "a right key too") }
        #expect(reason("key-of-news")?.description.contains("try again in 10 s") == true)
        #expect(lines.count("ingest.backoff") == 1, "told once")
        #expect(reason("key-of-news", from: "203.0.113.10") == nil && reason("key-of-news", from: "2001:db8::1") == nil)
        #expect(registry.prometheusText().contains("headwater_ingest_backoffs_total 1\n"))
        clock.advance(by: .seconds(10))
        #expect(reason("key-of-news") == nil)
        #expect(reason("nonsense10")?.reason == .wrongKey && reason("key-of-news")?.reason == .tooManyFailures)
        #expect(lines.count("ingest.backoff") == 2)
    }

    @Test func whoHasAKeyCannotGuessTheOthers() throws {
        let authorizer = authorizer()
        var held = 0
        for guess in 0..<100 {
            do throws(PublishRefusal) {
                _ = try authorizer.place(for: Self.request("key-of-news"), among: Self.places)
                _ = try authorizer.place(for: Self.request("guess-\(guess)"), among: Self.places)
            } catch {
                if error.reason == .tooManyFailures { held += 1 }
            }
        }
        #expect(held == 90)
    }

    @Test func anEncoderWithAWrongKeyKeepsNobodyOutWhoSharesItsAddress() throws {
        let authorizer = authorizer()
        for _ in 0..<100 {
            #expect(throws: PublishRefusal.self) {
                try authorizer.place(for: Self.request("nonsense", channel: "news"), among: Self.places)
            }
        }
        #expect(try authorizer.place(for: Self.request("key-of-news"), among: Self.places) == 0)
        // With one key from channel to channel it is another guess each time.
        for number in 0..<9 {
            #expect(lines.count("ingest.backoff") == 0)
            #expect(throws: PublishRefusal.self) {
                try authorizer.place(for: Self.request("nonsense", channel: "c\(number)"), among: Self.places)
            }
        }
        #expect(lines.count("ingest.backoff") == 1)
    }

    @Test func oneCallThatCanBeReadInTwoWaysIsOneFailure() {
        let authorizer = authorizer()
        for number in 0..<9 {
            let readings = ["nonsense\(number)", "absurdity\(number)"].map {
                PublishRequest.Reading(channel: nil, streamKey: Secret($0))
            }
            let request = PublishRequest(scheme: "srt", readings: readings, address: "203.0.113.9", connectionID: "")
            #expect(throws: PublishRefusal.self) { try authorizer.place(for: request, among: Self.places) }
        }
        #expect(lines.count("ingest.backoff") == 0)
    }

    /// Some encoders add the time, or a number.
    @Test func whatStandsBesideAKeyMakesItNoOther() {
        let authorizer = authorizer()
        for number in 0..<50 {
            let readings = [
                PublishRequest.Reading(channel: nil, streamKey: Secret("news?key=nonsense&ts=\(number)")),
                PublishRequest.Reading(channel: "news", streamKey: Secret("nonsense")),
            ]
            let request = PublishRequest(scheme: "rtmp", readings: readings, address: "203.0.113.9", connectionID: "")
            #expect(throws: PublishRefusal.self) { try authorizer.place(for: request, among: Self.places) }
        }
        #expect(lines.count("ingest.backoff") == 0)
    }

    /// It knows a secret, and will be right: it must not come too late for that.
    @Test func whoIsTooEarlyIsNotHeldOff() throws {
        let start = clock.wallTime + .seconds(60)
        let early = PublishToken(channel: "news", notBefore: start, expiry: start + .seconds(60)).signed(
            with: Self.secret)
        let authorizer = authorizer()
        for _ in 0..<50 {
            let refused = refusal { () throws(PublishRefusal) in
                _ = try authorizer.place(for: Self.request(early.exposed), among: Self.places)
            }
            #expect(refused?.reason == .tokenNotYetValid)
        }
        clock.advance(by: .seconds(60))
        #expect(try authorizer.place(for: Self.request(early.exposed), among: Self.places) == 0)
    }

    // MARK: The operator's service

    private func confirm(
        _ server: RawServer, timeout: Duration = .seconds(20), admitsWhenDown: Bool = false,
        _ publisher: Waiting = Waiting()
    ) -> PublishRefusal? {
        let authorizer = authorizer {
            $0.webhook = PublishWebhook(
                url: Secret(server.url), secret: Secret("the webhook's"), timeout: timeout,
                admitsWhenDown: admitsWhenDown)
        }
        return refusal { () throws(PublishRefusal) in
            try authorizer.confirm(Self.request("key-of-news"), for: "news", publisher: publisher)
        }
    }

    @Test func theServiceHasTheLastWord() throws {
        let no = try RawServer("HTTP/1.1 403 No\r\nContent-Length: 11\r\n\r\nnot on air\n")
        defer { no.stop() }
        let refused = try #require(confirm(no))
        #expect(refused.reason == .webhookRefused && refused.detail == "not on air")
        #expect(!refused.description.contains("not on air"), "what it said is the operator's")
        let yes = try RawServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        defer { yes.stop() }
        #expect(confirm(yes) == nil)
        let text = registry.prometheusText()
        #expect(text.contains("headwater_ingest_webhook_total{outcome=\"webhook_refused\"} 1\n"))
        #expect(text.contains("headwater_ingest_webhook_total{outcome=\"admitted\"} 1\n"))
    }

    @Test func aServiceThatIsDownAdmitsWhereTheOperatorSaysSo() throws {
        let server = try RawServer("HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n")
        defer { server.stop() }
        #expect(confirm(server)?.reason == .webhookError)
        #expect(confirm(server, admitsWhenDown: true) == nil)
        #expect(lines.count("ingest.webhook_down") == 1 && lines.count("webhook_error") == 1)
    }

    /// What comes from somebody else than the service is no outage.
    @Test(
        arguments: [
            ("302 There\r\nLocation: http://127.0.0.1/\r\n", PublishRefusal.Reason.webhookRedirect),
            ("200 OK\r\nContent-Length: 9\r\n\r\nok", .webhookBadAnswer), ("403 No\r\n", .webhookRefused),
        ])
    func aWrongAnswerNeverAdmits(text: String, reason: PublishRefusal.Reason) throws {
        let server = try RawServer("HTTP/1.1 \(text)\r\n")
        defer { server.stop() }
        #expect(confirm(server, admitsWhenDown: true)?.reason == reason)
    }

    @Test func nobodyIsAskedLongerThanThePublisherWaits() throws {
        let publisher = Waiting()
        let server = try RawServer { exchange in
            publisher.isWaiting.withLock { $0 = false }
            _ = exchange.isLeft()
        }
        defer { server.stop() }
        #expect(confirm(server, timeout: .seconds(60), publisher)?.reason == .left)
    }
}
