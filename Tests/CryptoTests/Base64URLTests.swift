import Crypto
import Testing

@Suite struct Base64URLTests {
    /// RFC 4648 §10, without padding, and the two characters that differ from §4.
    @Test(
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func publishedTextsComeOut(bytes: String, text: String) {
        #expect(Base64URL.encode(Array(bytes.utf8).span) == text)
    }

    @Test func nothingInItMeansAnythingInAURL() {
        #expect(Base64URL.encode(([0xFB, 0xEF, 0xFF, 0xFF] as [UInt8]).span) == "--___w")
    }
}
