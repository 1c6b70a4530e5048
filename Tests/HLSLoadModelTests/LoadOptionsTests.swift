import HLSLoadModel
import Testing

@Suite struct LoadOptionsTests {
    @Test func allFlagsAreRead() throws {
        let line =
            "https://a.example/x.m3u8 --viewers 2000 --seconds 300 --threads 2 --playlists-only --ramp 2.5 --json"
            + " --insecure --variant 1 --addresses 5 --resolve a.example:443:[::1]"
        let options = try LoadOptions(line.split(separator: " ").map(String.init))
        #expect(options.viewers == 2000 && options.seconds == 300 && options.threads == 2 && options.variant == 1)
        #expect(options.isPlaylistsOnly && options.isJSON && options.isInsecure && options.addresses == 5)
        #expect(options.rampSeconds == 2.5)
        #expect(options.resolutions.map { "\($0.host) \($0.port) \($0.address)" } == ["a.example 443 ::1"])
    }

    @Test(arguments: [
        "", "ftp://a/x", "http://a/x http://b/y", "http://a/x --viewers", "http://a/x --viewers 0",
        "http://a/x --seconds x", "http://a/x --ramp -1", "http://a/x --seconds 5 --ramp 5", "http://a/x --fast",
        "http://a/x --resolve a:1", "http://a/x --resolve a:b:c", "http://a/x --addresses 255", "http://:80/x",
        "http://a:0/x", "http://user@a/x", "http://a:99999/x", "http://[::1/x", "http://[::1]x/",
    ])
    func whatIsWrongIsSaid(line: String) {
        #expect(throws: LoadOptions.Fault.self) { _ = try LoadOptions(line.split(separator: " ").map(String.init)) }
    }

    @Test(
        arguments: zip(
            ["http://a", "https://a.example:8443/x?y#z", "http://[::1]:80/x", "https://a?b"] as [String],
            [
                "GET / HTTP/1.1\r\nHost: a\r\n", "GET /x?y HTTP/1.1\r\nHost: a.example:8443\r\n",
                "GET /x HTTP/1.1\r\nHost: [::1]\r\n", "GET /?b HTTP/1.1\r\nHost: a\r\n",
            ] as [String]))
    func aURLBecomesARequest(url: String, start: String) throws {
        let resource = try #require(Resource(url))
        let request = String(decoding: resource.request, as: UTF8.self)
        #expect(request.hasPrefix(start))
        #expect(request.hasSuffix("\r\n\r\n"))
        #expect(request.contains("\r\nAccept-Encoding: gzip\r\n"))
    }
}
