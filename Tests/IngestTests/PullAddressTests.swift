import Sockets
import Testing

@testable import Ingest

@Suite struct PullAddressTests {
    @Test(arguments: [
        "http://h/x.m3u8", "HTTPS://user:pass@h:8443/x?token=y", "rtsp://h/stream",
        "rtsps://user:p%40ss@[2001:db8::1]/x",
        "rtmp://h/app/stream", "rtmps://h:444/app/instance/stream?key=x", "udp://239.1.2.3:5000",
        "udp://@239.1.2.3:5000?localaddr=10.0.0.1", "udp://:5000", "udp://[ff15::1]:5000", "file:///films/a film.mp4",
    ])
    func theseAreAddresses(text: String) throws { _ = try PullAddress(text) }

    @Test(arguments: [
        "concat:a.ts|b.ts", "data:text/plain,x", "pipe:0", "subfile,,start,0,end,1,,:x", "ftp://h/x", "gopher://h/x",
        "crypto+http://h/x", "tcp://h:1", "srtp://h:1", "unix:///x", "sftp://h/x", "mmsh://h/x", "x", "", "://x",
        "async:file:///x", "tls://h:1", "rtp://h:1", "rtmpt://h/a/b", "srt://h:1",
    ])
    func otherSchemesAreNot(text: String) { #expect(throws: PullAddress.Fault.scheme) { try PullAddress(text) } }

    @Test(arguments: [
        "http://", "http:///x", "http://h:99999/", "rtsp://", "rtsp://h:x/", "rtsp://h/a b", "rtmp://h", "rtmp://h/app",
        "rtmp://h/app/", "rtmp://h//x", "udp://h:5000", "udp://239.1.2.3", "udp://:5000?fifo_size=1",
        "udp://:5000?localaddr=eth0", "file://host/x", "file://", "http://h/\nx",
    ])
    func neitherAreAddressesWithoutTheirParts(text: String) {
        #expect(throws: PullAddress.Fault.address) { try PullAddress(text) }
    }

    @Test func filesMayHaveAnyName() throws {
        guard case .file(let path) = try PullAddress("file:///films/100%25%20of%20a film.mp4").kind else {
            Issue.record("it is a file")
            return
        }
        #expect(path == "/films/100% of a film.mp4")
    }

    /// libavformat gets an address that was checked, and the server is told the name all the same.
    @Test func aNameGivesWayToANumber() throws {
        let url = try #require(SessionURL("rtmps://user:pass@live.example/app/instance/name?key=x"))
        let address = SocketAddress(host: "2001:db8::1", port: url.port)
        #expect(url.text(at: address) == "rtmps://user:pass@[2001:db8::1]:443/app/instance/name?key=x")
        let options = Dictionary(uniqueKeysWithValues: url.rtmpOptions)
        #expect(options["rtmp_app"] == "app/instance" && options["rtmp_playpath"] == "name?key=x")
        #expect(options["rtmp_tcurl"] == "rtmps://live.example:443/app/instance")
        #expect(SessionURL("rtsp://h")?.port == 554 && SessionURL("rtsps://h")?.port == 322)
    }
}
