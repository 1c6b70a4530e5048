import Telemetry
import Testing

@testable import SRT

@Suite struct SRTStreamIDTests {
    /// What an encoder sends, and what it means.
    struct Fixture: Sendable, CustomTestStringConvertible {
        let sender: String
        let text: String
        var mode = SRTStreamID.Mode.unknown
        var channel: String?
        var key: String?
        var user: String?

        var testDescription: String { "\(sender): \(text)" }
    }

    static let uuid = "a6892212-a71c-4c03-a91e-3b7c208c7fa4"
    static let fixtures = [
        Fixture(
            sender: "SRT Access Control", text: "#!::r=news,m=publish,s=4711,key=s3cret,u=admin", mode: .publish,
            channel: "news", key: "s3cret", user: "admin"),
        Fixture(
            sender: "SRT Access Control, another order",
            text: "#!::u=admin,key=s3cret,t=stream,x-other=1,h=example.org,m=publish,r=news", mode: .publish,
            channel: "news", key: "s3cret", user: "admin"),
        Fixture(
            sender: "SRT Access Control, nested", text: "#!:{r=news,key=s3cret,x={a=1,r=other},m=publish}",
            mode: .publish, channel: "news", key: "s3cret"),
        Fixture(sender: "SRT Access Control, a player", text: "#!::r=news,m=request", mode: .request, channel: "news"),
        Fixture(
            sender: "SRT Access Control, both ways", text: "#!::r=news,m=bidirectional", mode: .request,
            channel: "news"),
        Fixture(sender: "SRT Access Control, of another kind", text: "#!::r=news,m=x-archive", channel: "news"),
        Fixture(
            sender: "ffmpeg after an SRS manual", text: "#!::r=live/news?secret=s3cret,m=publish", mode: .publish,
            channel: "news", key: "s3cret"),
        Fixture(
            sender: "OBS after an SRS manual", text: "#!::r=live/news,secret=s3cret,m=publish", mode: .publish,
            channel: "news", key: "s3cret"),
        Fixture(sender: "a shell that took the #", text: "!::r=news,key=s3cret", channel: "news", key: "s3cret"),
        Fixture(
            sender: "VLC, which sends an escape as it stands", text: "%23!::r=news,m=publish,key=s3cret",
            mode: .publish, channel: "news", key: "s3cret"),
        Fixture(
            sender: "Makito, all encoded", text: "%23%21%3A%3Ar%3Dnews%2Cm%3Dpublish%2Ckey%3Ds3cret", mode: .publish,
            channel: "news", key: "s3cret"),
        Fixture(
            sender: "Makito with an address",
            text: "srt%3A%2F%2F192.168.32.19%3A9000%2Flive%2Fnews%3Fkey%3Ds3cret", channel: "news", key: "s3cret"),
        Fixture(
            sender: "Moblin, values encoded", text: "#!::r=Caf%C3%A9%2C%20Live,key=a%2Cb%25", channel: "Café, Live",
            key: "a,b%"),
        Fixture(
            sender: "Makito, encoded twice", text: "%23!::r=news,key=a%252Cb", channel: "news", key: "a%2Cb"),
        Fixture(
            sender: "Blackmagic Web Presenter", text: "#!::u=s3cret,bmd_uuid=\(uuid),bmd_name=NHRL-Y-BZ-Program-Feed",
            key: "s3cret"),
        Fixture(
            sender: "Blackmagic Streaming Encoder", text: "#!::bmd_uuid=\(uuid),bmd_name=ATEM Mini Pro,u=s3cret",
            key: "s3cret"),
        Fixture(
            sender: "Blackmagic with a resource",
            text: "#!::bmd_uuid=0e1df79f-77e6-465c-b099-29a616e964f7,bmd_name=rdt-wp-003,r=test3,m=publish",
            mode: .publish, channel: "test3"),
        Fixture(
            sender: "Blackmagic with an address for a key", text: "#!::u=live/news?key=s3cret,bmd_uuid=\(uuid)",
            channel: "news", key: "s3cret"),
        Fixture(
            sender: "Blackmagic behind a bare key", text: "s3cret,bmd_uuid=\(uuid),bmd_name=Studio, left",
            key: "s3cret"),
        Fixture(
            sender: "Blackmagic without a prefix", text: "bmd_uuid=\(uuid),bmd_name=Studio,u=s3cret", key: "s3cret"),
        Fixture(
            sender: "Restreamer's address", text: "eccb20e1-3585.stream,mode:publish,token:s3cret", mode: .publish,
            channel: "eccb20e1-3585.stream", key: "s3cret"),
        Fixture(
            sender: "ffmpeg", text: "publish:news:s3cret", mode: .publish, channel: "news", key: "s3cret"),
        Fixture(
            sender: "ffmpeg, a colon in the key", text: "publish:news:s3:cret", mode: .publish, channel: "news",
            key: "s3:cret"),
        Fixture(sender: "ffmpeg with a key alone", text: "publish:s3cret", mode: .publish, key: "s3cret"),
        Fixture(
            sender: "ffmpeg with slashes", text: "publish/news/s3cret", mode: .publish, channel: "news", key: "s3cret"),
        Fixture(sender: "a player", text: "read:news", mode: .request, channel: "news"),
        Fixture(sender: "a player with a key", text: "request:news:k", mode: .request, channel: "news", key: "k"),
        Fixture(sender: "a player with slashes", text: "play/news", mode: .request, channel: "news"),
        Fixture(sender: "vMix", text: "s3cret", key: "s3cret"),
        Fixture(
            sender: "Sony, 32 characters at most", text: "0123456789abcdef0123456789abcdef",
            key: "0123456789abcdef0123456789abcdef"),
        Fixture(sender: "a bare key with separators", text: "pub:a/b+c,d==", key: "pub:a/b+c,d=="),
        Fixture(sender: "OBS, cut off behind &", text: "test?key_1=value_1", key: "test"),
        Fixture(sender: "OBS with an RTMP address", text: "live/news?key=s3cret", channel: "news", key: "s3cret"),
        Fixture(sender: "OBS with an RTMP stream key", text: "/live/s3cret", key: "s3cret"),
        Fixture(
            sender: "SRS in 2020", text: "live/news?secret=s3cret&m=push", mode: .publish, channel: "news",
            key: "s3cret"),
        Fixture(sender: "OBS for OvenMediaEngine", text: "srt://example.org:9000/live/s3cret", key: "s3cret"),
        Fixture(sender: "blanks around", text: " \t#!:: r=news , key=s3cret \r\n", channel: "news", key: "s3cret"),
        Fixture(sender: "NULs behind", text: "s3cret\0\0\0", key: "s3cret"),
        Fixture(sender: "a percent sign that begins no escape", text: "100%-safe", key: "100%-safe"),
    ]

    @Test(arguments: fixtures)
    func itIsReadAsItIsMeant(_ fixture: Fixture) throws {
        let id = try SRTStreamID(Array(fixture.text.utf8))
        #expect(id.mode == fixture.mode)
        #expect(id.channel == fixture.channel)
        #expect(id.key?.exposed == fixture.key)
        #expect(id.user == fixture.user)
    }

    static let faults: [(text: String, error: SRTStreamIDError)] = [
        ("", .empty), (" \0", .empty), ("%20", .empty), ("#!::", .nameless), ("#!::m=publish,u=me", .nameless),
        ("#!::r=,key=", .nameless), ("#!:{r=a", .unbalanced), ("#!:{r=a}}", .unbalanced), ("#!::r={a", .unbalanced),
        ("#!::r=a,r=b", .repeated("r")), ("#!::key=a,key=b", .repeated("key")),
        ("#!::m=publish,m=request", .repeated("m")),
        ("#!::r=a%01b", .notText), ("a%FFb", .notText), ("?", .nameless), ("#!::u=?x=1,bmd_name=a", .nameless),
        ("srt://host", .nameless),
        (String(repeating: "k", count: 513), .tooLong(513)),
    ]

    @Test(arguments: faults.indices)
    func whatNamesNothingIsRefused(index: Int) {
        let (text, error) = Self.faults[index]
        #expect(throws: error) { try SRTStreamID(Array(text.utf8)) }
    }

    @Test func theLongestIsRead() throws {
        let key = String(repeating: "k", count: 503)
        #expect(try SRTStreamID(Array("#!::key=\(key)k".utf8)).key?.exposed == key + "k")
        #expect(try SRTStreamID(Array(repeating: UInt8(ascii: "k"), count: 512)).key?.exposed.utf8.count == 512)
    }

    @Test(arguments: fixtures)
    func everyPrefixAndEveryFlippedBitEndsInAValueOrAnError(_ fixture: Fixture) {
        let bytes = Array(fixture.text.utf8)
        for count in bytes.indices { _ = try? SRTStreamID(Array(bytes[..<count])) }
        for bit in 0..<(bytes.count * 8) {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            _ = try? SRTStreamID(flipped)
        }
    }

    static let key = "key,with=comma&and%20more#?/:m=publish,u=x"
    static let literals: [(text: String, channel: String?, key: String?)] = [
        (key, nil, key), ("publish:\(key)", "key,with=comma&and%20more#?/", "m=publish,u=x"),
        ("publish:news:\(key)", "news", key), (" \(key)\r\n\0", nil, key), ("publish:a%2Cb", nil, "a%2Cb"),
        ("#!::r=news,key=a", nil, nil), ("!::key=a", nil, nil), ("#!:{key=a}", nil, nil), ("", nil, nil),
        ("publish:", nil, nil), (String(repeating: "k", count: 513), nil, nil),
    ]

    @Test(arguments: literals.indices) func aKeyIsReadAsItStandsToo(index: Int) {
        let (text, channel, key) = Self.literals[index]
        let id = SRTStreamID.literal(Array(text.utf8))
        #expect(id?.key?.exposed == key && id?.channel == channel && id?.user == nil)
    }

    @Test func noKeyIsPrinted() throws {
        let id = try SRTStreamID(Array("#!::r=news,key=s3cret".utf8))
        #expect(!"\(id)".contains("s3cret") && !String(reflecting: id).contains("s3cret"))
    }
}
