import Crypto
import Ingest
import Sockets
import Telemetry
import Time

private let secrets = [Secret("the secret of today"), Secret("the secret of tomorrow")]
private let now = WallTime(microseconds: 1_800_000_000_000_000)

/// What a stranger may give as a publish token, what somebody with the secret may have signed, and what an operator may
/// write as a range of addresses.
@c(LLVMFuzzerTestOneInput) public func fuzzPublishToken(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    precondition(taken(text) == nil || text.hasPrefix("hw1."), "a token begins with its version")
    let token = PublishToken(payload: text[...])
    if let token { precondition(token.payload == text, "there is one way to write a token") }
    // Only the secret makes a token of it.
    precondition(taken("\(text).\(signature(of: text, secret: Secret("another secret")))") == nil)
    let signed = "\(text).\(signature(of: text, secret: secrets[1]))"
    if let good = taken(signed) {
        precondition(good == token && good.expiry > now, "what was signed is what is believed")
        precondition(good.notBefore.map { $0 <= now } ?? true)
    }
    if let range = IPRange(text) {
        precondition(range.contains(range.first), "a range begins with its first address")
        precondition(IPRange(range.first, prefixLength: range.prefixLength) == range)
    }
    return 0
}

private func taken(_ text: String) -> PublishToken? {
    try? PublishTokenCheck(secrets: secrets).check(Secret(text), channel: nil, address: "203.0.113.9", at: now)
}

private func signature(of text: String, secret: Secret<String>) -> String {
    let code = SHA256.authenticationCode(of: Array(text.utf8).span, key: Array(secret.exposed.utf8).span)
    return Base64URL.encode(code.span)
}
