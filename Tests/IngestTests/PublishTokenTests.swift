import Crypto
import Ingest
import Sockets
import Telemetry
import Testing
import Time

/// What publish tokens look like, and what they are good for.
@Suite struct PublishTokenTests {
    static let (secret, next) = (Secret("the secret of today"), Secret("the secret of tomorrow"))
    static let (start, end) = (
        WallTime(microseconds: 1_800_000_000_000_000), WallTime(microseconds: 1_800_000_060_000_000)
    )
    static let inside = start + .seconds(30)

    static func token(channel: String = "news", from range: String? = nil, notBefore: WallTime? = start) -> PublishToken
    {
        PublishToken(channel: channel, notBefore: notBefore, expiry: end, range: range.flatMap { IPRange($0) })
    }

    /// What becomes of `text` from that address at that time; nothing when it is good.
    static func refusal(
        _ text: Secret<String>, secrets: [Secret<String>] = [secret], channel: String? = "news",
        address: String = "203.0.113.9", at time: WallTime = inside
    ) -> PublishRefusal.Reason? {
        do throws(PublishRefusal) {
            _ = try PublishTokenCheck(secrets: secrets).check(text, channel: channel, address: address, at: time)
            return nil
        } catch { return error.reason }
    }

    /// Anyone can make one, with what every language has: this one was made by OpenSSL on the command line.
    @Test func itIsWrittenAsItIsDocumented() {
        let text = Self.token(from: "203.0.113.0/24").signed(with: Self.secret).exposed
        let payload = "hw1.news.1800000000.1800000060.cb007100-24"
        let code = SHA256.authenticationCode(
            of: Array(payload.utf8).span, key: Array("the secret of today".utf8).span)
        #expect(text == "\(payload).\(Base64URL.encode(code.span))")
        #expect(Self.token(notBefore: nil).payload == "hw1.news..1800000060.")
        #expect(Self.token(from: "2001:db8::/32").payload.hasSuffix(".20010db8000000000000000000000000-32"))
    }

    @Test func theLongestFitsAStreamID() {
        let token = PublishToken(
            channel: String(repeating: "c", count: 64), notBefore: Self.start, expiry: WallTime(microseconds: .max),
            range: IPRange("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))
        let text = token.signed(with: Self.secret).exposed
        #expect("#!::r=\(token.channel),m=publish,token=\(text)".utf8.count <= 512)
        #expect(text.utf8.allSatisfy { $0 == 0x2D || $0 == 0x2E || $0 == 0x5F || (0x30...0x7A).contains($0) })
    }

    @Test(
        arguments: [
            (PublishTokenTests.start, nil), (PublishTokenTests.start - .microseconds(1), .tokenNotYetValid),
            (PublishTokenTests.end - .microseconds(1), nil), (PublishTokenTests.end, .tokenExpired),
        ] as [(WallTime, PublishRefusal.Reason?)])
    func itIsValidFromItsFirstSecondToItsLast(time: WallTime, reason: PublishRefusal.Reason?) {
        #expect(Self.refusal(Self.token().signed(with: Self.secret), at: time) == reason)
    }

    @Test func withoutABeginningItHasAlwaysBeenValid() {
        #expect(Self.refusal(Self.token(notBefore: nil).signed(with: Self.secret), at: .epoch) == nil)
    }

    @Test(
        arguments: [
            ("203.0.113.0/24", "203.0.113.9", nil), ("203.0.113.0/24", "203.0.114.9", .tokenWrongAddress),
            ("203.0.113.9", "::ffff:203.0.113.9", nil), ("203.0.113.0/24", "2001:db8::1", .tokenWrongAddress),
            ("2001:db8::/32", "2001:db8:1::1", nil), ("2001:db8::/32", "", .tokenWrongAddress),
        ] as [(String, String, PublishRefusal.Reason?)])
    func itIsGoodForItsAddressesAlone(range: String, address: String, reason: PublishRefusal.Reason?) {
        #expect(Self.refusal(Self.token(from: range).signed(with: Self.secret), address: address) == reason)
    }

    @Test func itIsGoodForItsChannelAlone() {
        let text = Self.token().signed(with: Self.secret)
        #expect(Self.refusal(text, channel: "sport") == .tokenOtherChannel)
        #expect(Self.refusal(text, channel: nil) == nil)
    }

    @Test func bothSecretsAreTakenWhileTheyAreExchangedAndNoneAfterwards() {
        let text = Self.token().signed(with: Self.secret)
        #expect(Self.refusal(text, secrets: [Self.next, Self.secret]) == nil)
        #expect(Self.refusal(text, secrets: [Self.secret, Self.next]) == nil)
        #expect(Self.refusal(text, secrets: [Self.next]) == .tokenBadSignature)
        #expect(Self.refusal(text, secrets: []) == .tokenBadSignature)
    }

    /// The signature is looked at first: who changed a token learns nothing else.
    @Test func everyPrefixAndEveryFlippedBitIsABadSignature() {
        let text = Array(Self.token(from: "203.0.113.0/24").signed(with: Self.secret).exposed.utf8)
        for count in text.indices {
            #expect(
                Self.refusal(Secret(String(decoding: text[..<count], as: UTF8.self)), at: Self.end)
                    == .tokenBadSignature)
        }
        for bit in 0..<(text.count * 8) {
            var flipped = text
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(
                Self.refusal(Secret(String(decoding: flipped, as: UTF8.self)), at: Self.end) == .tokenBadSignature)
        }
    }

    /// Even with the secret there is one way to write a token.
    @Test(
        arguments: [
            "hw1.news.1800000000.1800000060", "hw1.news.1800000000.1800000060..", "hw1..1800000000.1800000060.",
            "hw2.news.1800000000.1800000060.", "hw1.news.01800000000.1800000060.", "hw1.news.+1.1800000060.",
            "hw1.news.-1.1800000060.", "hw1.news..1e9.", "hw1.news..9999999999999.", "hw1.news...",
            "hw1.news..1800000060.cb007100", "hw1.news..1800000060.cb007100-33", "hw1.news..1800000060.cb0071-24",
            "hw1.news..1800000060.CB007100-24", "hw1.news..1800000060.cb007109-24", "hw1.news..1800000060.cb007100-024",
            "hw1.news..1800000060.-24", "hw1.news..1800000060.00000000000000000000ffffcb007100-24", "",
        ])
    func whatIsWrittenOtherwiseIsNone(payload: String) {
        let code = SHA256.authenticationCode(
            of: Array(payload.utf8).span, key: Array(Self.secret.exposed.utf8).span)
        #expect(Self.refusal(Secret("\(payload).\(Base64URL.encode(code.span))")) == .tokenBadSignature)
        #expect(PublishToken(payload: payload[...]) == nil)
    }

    @Test func partsOfASecondDoNotCount() {
        let token = PublishToken(
            channel: "a", notBefore: Self.start + .milliseconds(999), expiry: Self.end + .milliseconds(1))
        #expect(token.notBefore == Self.start && token.expiry == Self.end)
        #expect(PublishToken(payload: token.payload[...]) == token)
    }
}
