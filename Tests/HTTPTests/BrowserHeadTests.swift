import Bytes
import HTTP
import HTTPTestClient
import Testing

/// Request heads of the size that browsers send, with what sites add to them.
@Suite(.timeLimit(.minutes(30))) struct BrowserHeadTests {
    /// What Chromium sends for a playlist of another site: 15 fields.
    static let chromium = [
        "Connection: keep-alive", "Pragma: no-cache", "Cache-Control: no-cache",
        "sec-ch-ua: \"Chromium\";v=\"130\", \"Google Chrome\";v=\"130\", \"Not?A_Brand\";v=\"99\"",
        "sec-ch-ua-mobile: ?0", "sec-ch-ua-platform: \"Windows\"",
        "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            + "Chrome/130.0.0.0 Safari/537.36",
        "Accept: */*", "Origin: https://www.example.org", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors",
        "Sec-Fetch-Dest: empty", "Referer: https://www.example.org/sports/live/the-match-of-the-day?from=front-page",
        "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
    ]

    /// As many fields as the origin's own answers have.
    private static let answer = HTTPResponse(
        status: 200,
        headers: [
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Expose-Headers", "Age, Content-Length, Content-Range, Date"),
            ("Content-Type", "application/vnd.apple.mpegurl"), ("Cache-Control", "max-age=24"),
            ("Vary", "Accept-Encoding"), ("Content-Encoding", "gzip"),
        ], body: .chunk(ByteChunk([1])))

    /// Three kibibytes are accepted whatever fills them: one cookie, many cookies, one field, many fields.
    @Test(arguments: ["one cookie", "twenty cookies", "forty cookies", "one field", "twenty fields", "the query"])
    func threeKibibytesOfABrowsersFieldsAreAccepted(filling: String) throws {
        let server = try startServer { _ in .response(Self.answer) }
        defer { server.stop() }
        let fields = Self.chromium.map { $0 + "\r\n" }.joined()
        let room = 3072 - fields.utf8.count
        #expect(room > 1500)
        let (rest, query) =
            switch filling {
            case "one cookie": ("Cookie: t=" + String(repeating: "c", count: room - 12) + "\r\n", "")
            case "twenty cookies": (Self.cookies(20, room), "")
            case "forty cookies": (Self.cookies(40, room), "")
            case "one field": ("X-Token: " + String(repeating: "v", count: room - 11) + "\r\n", "")
            case "twenty fields":
                (
                    (0..<20).map { "X-Field-\($0 + 10): " + String(repeating: "v", count: room / 20 - 15) + "\r\n" }
                        .joined(), ""
                )
            default: ("", "?token=" + String(repeating: "q", count: room))
            }
        let client = try TestClient(server.port)
        for _ in 0..<2 { #expect(try client.get("/live/news/index.m3u8\(query)", fields + rest).status == 200) }
    }

    /// Memory is short then, and what a client has sent beyond the request takes some of it.
    @Test func whatFollowsThreeKibibytesOfCookiesNeverCostsTheAnswer() throws {
        let server = try startServer { _ in .response(Self.answer) }
        defer { server.stop() }
        let fields = "Host: t\r\n" + Self.chromium.map { $0 + "\r\n" }.joined()
        let head =
            "GET /live/news/index.m3u8 HTTP/1.1\r\n" + fields + Self.cookies(40, 3072 - fields.utf8.count) + "\r\n"
        var statuses: Set<Int> = []
        for length in stride(from: 0, to: 4000, by: 100) {
            let client = try TestClient(server.port)
            client.send(head + "GET /" + String(repeating: "a", count: length))
            let status = try client.receive().status
            #expect(status == 200 || status == 431, "\(length) bytes")
            statuses.insert(status)
        }
        #expect(statuses == [200, 431])
    }

    @Test(arguments: [0, 1000, 3000]) func manyRequestsAfterOneAnotherLeaveTheMemoryAsItWas(bodyLength: Int) throws {
        let server = try startServer { _ in .response(Self.answer) }
        defer { server.stop() }
        let client = try TestClient(server.port)
        let fields = Self.chromium.map { $0 + "\r\n" }.joined()
        for _ in 0..<4 {
            client.send(
                "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: \(bodyLength)\r\n\r\n"
                    + String(repeating: "b", count: bodyLength))
            #expect(try client.receive().status == 200)
            let cookies = Self.cookies(40, 3072 - fields.utf8.count)
            #expect(try client.get("/live/news/index.m3u8", fields + cookies).status == 200)
        }
    }

    private static func cookies(_ count: Int, _ room: Int) -> String {
        let value = String(repeating: "c", count: (room - 10) / count - 7)
        return "Cookie: " + (0..<count).map { "k\($0 + 10)=\(value)" }.joined(separator: "; ") + "\r\n"
    }
}
