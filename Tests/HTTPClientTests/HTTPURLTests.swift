import Testing

@testable import HTTPClient

@Suite struct HTTPURLTests {
    @Test func thePartsAreFound() throws {
        let url = try #require(HTTPURL("HTTP://user:pass@Host.example:8080/a/b?c=d#e"))
        #expect(url.host == "Host.example" && url.port == 8080 && url.target == "/a/b?c=d" && !url.isSecure)
        #expect(url.text == "http://Host.example:8080/a/b?c=d")
        #expect(HTTPURL("https://h")?.port == 443 && HTTPURL("https://h")?.target == "/")
        #expect(HTTPURL("http://h?x")?.target == "/?x")
        #expect(HTTPURL("http://[::1]:81/x")?.host == "::1")
        #expect(HTTPURL("http://[::1]:81/x")?.text == "http://[::1]:81/x")
    }

    @Test(arguments: [
        "", "http:", "http://", "http:///x", "ftp://h/", "file:///etc/passwd", "http://h:0/", "http://h:x/",
        "http://[::1/",
        "http://h/a b", "http://h/\r\nX: y", "http://h\u{e9}/",
    ])
    func whatIsNoneIsRefused(text: String) { #expect(HTTPURL(text) == nil) }

    @Test(arguments: [
        ("http://g/x", "http://g/x"), ("//g/x", "http://g/x"), ("/x?y#z", "http://h/x?y"), ("x", "http://h/a/x"),
        ("?x", "http://h/a/b?x"), ("", "http://h/a/b?q"), ("x?u=http://g/", "http://h/a/x?u=http://g/"),
    ])
    func referencesAreResolved(reference: String, expected: String) {
        #expect(HTTPURL("http://h/a/b?q")?.resolving(reference)?.text == expected)
    }

    @Test(arguments: ["file:///etc/passwd", "gopher://h/", "x y", "a\nb"])
    func referencesToSomethingElseAreNone(reference: String) {
        #expect(HTTPURL("http://h/a")?.resolving(reference) == nil)
    }

    @Test func credentialsAreForOneHost() throws {
        let source = try #require(HTTPURL("http://u:p@h/index.m3u8"))
        #expect(HTTPURL("http://h/a.ts")?.authorized(like: source).userInformation == "u:p")
        for other in ["http://g/a.ts", "https://h/a.ts", "http://h:81/a.ts"] {
            #expect(HTTPURL(other)?.authorized(like: source).userInformation == nil)
        }
        #expect(HTTPURL("http://x:y@h/a.ts")?.authorized(like: source).userInformation == "x:y")
    }

    @Test func basicCredentialsAreEncoded() {
        #expect(Base64.encoded(Array("Aladdin:open sesame".utf8)) == "QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        #expect(Base64.encoded([]) == "" && Base64.encoded([0xFF]) == "/w==" && Base64.encoded([1, 2, 3]) == "AQID")
        #expect(PercentEncoded.decoded("a%3Ab%") == Array("a:b%".utf8))
    }
}
