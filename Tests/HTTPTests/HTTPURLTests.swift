import Testing

@testable import HTTP

@Suite struct HTTPURLTests {
    @Test(arguments: [
        ("HTTP://user:pass@Host.example:8080/a/b?c=d#e", "http://Host.example:8080/a/b?c=d"),
        ("https://h", "https://h/"),
        ("http://h?x", "http://h/?x"), ("http://[::1]:81/x", "http://[::1]:81/x"), ("http://h:80/", "http://h/"),
        ("https://h:80/a/../b%20c", "https://h:80/b%20c"), ("http://example.org/hook", "http://example.org/hook"),
        ("https://user:word@[::1]:8443/a?b=c", "https://[::1]:8443/a?b=c"),
    ])
    func addressesAreReadWithoutUserAndFragment(text: String, expected: String) {
        #expect(HTTPURL(text)?.text == expected)
    }

    @Test(arguments: [
        "", "http:", "http:/h", "http://", "http:///x", "ftp://h/", "ftp://example.org/", "file:///etc/passwd",
        "http://h:0/", "http://h:x/", "http://h:99999/", "http://[::1/", "http://h/a b", "http://a b/",
        "http://h/\r\nX: y", "http://h\u{e9}/", "example.org", "x://h/",
    ])
    func whatIsNoneIsRefused(text: String) { #expect(HTTPURL(text) == nil) }

    @Test(arguments: [
        ("http://g/x", "http://g/x"), ("//g/x", "http://g/x"), ("/x?y#z", "http://h/x?y"), ("x", "http://h/a/x"),
        ("?x", "http://h/a/b?x"), ("x?u=http://g/", "http://h/a/x?u=http://g/"), ("../c", "http://h/c"),
        ("./c/../d", "http://h/a/d"), ("../../../c", "http://h/c"), ("/x/./y", "http://h/x/y"),
        ("http://u:p@g/x", "http://g/x"), ("", "http://h/a/b?q"), ("#x", "http://h/a/b?q"),
    ])
    func referencesAreResolved(reference: String, expected: String) throws {
        let url = try #require(HTTPURL("http://user:pass@h/a/b?q")?.resolving(reference))
        #expect(url.text == expected && url.authorizedText == expected)
    }

    @Test(arguments: ["file:///etc/passwd", "gopher://h/", "mailto:a@h", "x y", "a\nb", "http://h:0/"])
    func referencesToSomethingElseAreNone(reference: String) {
        #expect(HTTPURL("http://h/a")?.resolving(reference) == nil)
    }

    @Test func credentialsAreForOneOrigin() throws {
        let source = try #require(HTTPURL("http://u:p%21@h/index.m3u8"))
        #expect(source.authorizedText == "http://u:p%21@h/index.m3u8")
        for same in ["http://h/a.ts", "http://H:80/a.ts"] {
            #expect(HTTPURL(same)?.authorized(like: source).userInformation == "u:p%21")
        }
        for other in ["http://g/a.ts", "https://h/a.ts", "http://h:81/a.ts"] {
            #expect(HTTPURL(other)?.authorized(like: source).userInformation == nil)
        }
        #expect(HTTPURL("http://x:y@h/a.ts")?.authorized(like: source).authorizedText == "http://x:y@h/a.ts")
        #expect(HTTPURL("http://x@h/a.ts")?.authorizedText == "http://x@h/a.ts")
    }
}
