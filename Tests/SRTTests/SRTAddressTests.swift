import SRT
import Telemetry
import Testing

@Suite struct SRTAddressTests {
    @Test func allOptionsAreRead() throws {
        let address = try SRTAddress(
            "srt://example.org:9000?mode=caller&transtype=live&streamid=%23!::r=news,m=request&passphrase=correct%26horse"
                + "&pbkeylen=32&latency=250&timeout=1500")
        #expect(address.host == "example.org" && address.port == 9000)
        #expect(address.streamID == Array("#!::r=news,m=request".utf8))
        #expect(address.passphrase?.exposed == "correct&horse")
        #expect(address.keyLength == .bits256)
        #expect(address.latency == .milliseconds(250) && address.timeout == .milliseconds(1500))
    }

    @Test(arguments: ["srt://[::1]:9000", "srt://[::1]:9000/", "srt://[::1]:9000?", "srt://[::1]:9000/?mode=caller"])
    func optionsNeedNotBe(text: String) throws {
        let address = try SRTAddress(text)
        #expect(address.host == "::1" && address.port == 9000 && address.streamID.isEmpty)
        #expect(address.passphrase == nil && address.keyLength == nil && address.latency == nil)
        #expect(address.timeout == .seconds(3))
    }

    static let faults: [(text: String, fault: SRTAddress.Fault)] = [
        ("", .scheme), ("udp://a:1", .scheme), ("srt://a", .port), ("srt://a:0", .port), ("srt://a:65536", .port),
        ("srt://a:1x", .port), ("srt://:9000", .host), ("srt://::1:9000", .host), ("srt://a:1/live", .path),
        ("srt://a:1?mode=listener", .invalidOption("mode")), ("srt://a:1?transtype=file", .invalidOption("transtype")),
        ("srt://a:1?pbkeylen=128", .invalidOption("pbkeylen")), ("srt://a:1?latency=-1", .invalidOption("latency")),
        ("srt://a:1?latency=120000", .invalidOption("latency")), ("srt://a:1?timeout=0", .invalidOption("timeout")),
        ("srt://a:1?timeout", .invalidOption("timeout")),
        ("srt://a:1?passphrase=too-short", .invalidOption("passphrase")),
        ("srt://a:1?passphrase=ten-bytes%00", .invalidOption("passphrase")),
        ("srt://a:1?passphrase=" + String(repeating: "p", count: 81), .invalidOption("passphrase")),
        ("srt://a:1?streamid=" + String(repeating: "s", count: 513), .invalidOption("streamid")),
        ("srt://a:1?streamid=a&streamid=b", .invalidOption("streamid")),
        ("srt://a:1?oheadbw=25", .unknownOption("oheadbw")),
        ("srt://a:1?streamid=%FF", .invalidOption("streamid")),
    ]

    @Test(arguments: faults.indices)
    func whatIsNoAddressSaysWhy(index: Int) {
        let (text, fault) = Self.faults[index]
        #expect(throws: fault) { try SRTAddress(text) }
    }

    @Test func noPassphraseIsPrinted() throws {
        let address = try SRTAddress("srt://a:1?passphrase=correct-horse")
        #expect(!"\(address)".contains("horse") && !String(reflecting: address).contains("horse"))
        let fault = #expect(throws: SRTAddress.Fault.self) { try SRTAddress("srt://a:1?passphrase=horse") }
        #expect(fault?.description.contains("horse") == false)
    }
}
