import Bytes
import Crypto
import Testing

@Suite struct SHA256Tests {
    /// FIPS 180-4 examples.
    static let hashes: [(String, String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ]

    @Test(arguments: hashes)
    func publishedHashesComeOut(message: String, expected: String) {
        #expect(Hexadecimal.encode(SHA256.hash(Array(message.utf8).span).span) == expected)
    }

    /// RFC 4231 §4.2, §4.3 and §4.7 (a key longer than a block), and the well-known code of nothing under no key.
    static let codes: [([UInt8], String, String)] = [
        (
            Array(repeating: 0x0B, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            Array(repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ]

    @Test(arguments: codes)
    func publishedAuthenticationCodesComeOut(key: [UInt8], message: String, expected: String) {
        let code = SHA256.authenticationCode(of: Array(message.utf8).span, key: key.span)
        #expect(Hexadecimal.encode(code.span) == expected)
    }
}

@Suite struct RandomTests {
    @Test func bytesHaveTheLengthAskedForAndDiffer() {
        #expect(Random.bytes(0).isEmpty)
        #expect(Random.bytes(1000).count == 1000)
        #expect(Random.bytes(16) != Random.bytes(16))
        #expect(Random.identifier(byteCount: 8).utf8.count == 16)
        #expect(Hexadecimal.decode(Random.identifier())?.count == 8)
    }
}

@Suite struct ConstantTimeTests {
    @Test func bytesAndTextsAreComparedWhole() {
        #expect(ConstantTime.areEqual("", ""))
        #expect(ConstantTime.areEqual("key", "key"))
        #expect(!ConstantTime.areEqual("key", "kez"))
        #expect(!ConstantTime.areEqual("key", "ke"))
        // Canonically equivalent for Swift, but other bytes.
        #expect(!ConstantTime.areEqual("\u{E9}", "e\u{301}"))
    }
}
