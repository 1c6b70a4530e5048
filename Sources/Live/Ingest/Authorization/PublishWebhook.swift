internal import Bytes
internal import Crypto
internal import Glibc
internal import HTTP
internal import Schema
public import Telemetry
package import Time

/// The operator's own service, which is asked whether somebody with a right key may publish.
///
/// It gets a POST of `{"channel":"news","protocol":"srt","address":"203.0.113.9","connection":"4f0c…"}`, with
/// `Headwater-Timestamp` (seconds since 1970) and `Headwater-Signature`: `v1=` and the HMAC-SHA256, in hexadecimal, of the
/// timestamp, a dot and the body, under the secret.
public struct PublishWebhook: Sendable {
    /// What it has come to.
    package enum Answer: Sendable, Equatable {
        /// 2xx.
        case admitted
        /// 4xx, and what the body said.
        case refused(status: Int, reason: String)
        /// No answer, or none that could be one: the stable code, and more for the log.
        case failed(PublishRefusal.Reason, detail: String)
        /// The publisher does not wait for it any longer.
        case abandoned
    }

    /// How much of a body is read, and how much of it is logged.
    private static let (bodyLimit, reasonLimit) = (65_536, 200)

    private let url: Secret<String>
    private let secret: Secret<String>
    private let client: HTTPClient
    /// True when a publisher with a right key is let in while the service is down: when nobody answers, not in time, or with
    /// 5xx.
    public let admitsWhenDown: Bool

    /// A service at `url`, which has `timeout` for each answer.
    public init(url: Secret<String>, secret: Secret<String>, timeout: Duration, admitsWhenDown: Bool = false) {
        (self.url, self.secret, self.admitsWhenDown) = (url, secret, admitsWhenDown)
        client = HTTPClient(timeout: timeout, bodyLimit: Self.bodyLimit)
    }

    /// Asks about a publisher to `channel`, and waits for the answer as long as `isWanted`.
    package func ask(
        _ request: PublishRequest, channel: String, at time: WallTime, while isWanted: () -> Bool
    ) -> Answer {
        let body = JSONPrinter.text(of: [
            "channel": JSONValue(.string(channel)), "protocol": JSONValue(.string(request.scheme)),
            "address": JSONValue(.string(request.address)), "connection": JSONValue(.string(request.connectionID)),
        ])
        let timestamp = "\(time.microseconds / 1_000_000)"
        let code = SHA256.authenticationCode(
            of: Array("\(timestamp).\(body)".utf8).span, key: Array(secret.exposed.utf8).span)
        let headers = [
            ("Content-Type", "application/json"), ("Headwater-Timestamp", timestamp),
            ("Headwater-Signature", "v1=\(Hexadecimal.encode(code.span))"),
        ]
        do throws(HTTPFault) {
            return Self.answer(
                try client.post(Array(body.utf8), to: url.exposed, headers: headers, while: isWanted))
        } catch {
            switch error {
            case .stopped: return .abandoned
            case .noAnswer, .unreachable(ETIMEDOUT): return .failed(.webhookTimeout, detail: "no whole answer in time")
            case .endlessHeaders, .tooLong: return .failed(.webhookBadAnswer, detail: "longer than is read")
            case .malformed, .cutOff: return .failed(.webhookBadAnswer, detail: error.description)
            default: return .failed(.webhookUnreachable, detail: error.description)
            }
        }
    }

    private static func answer(_ answer: HTTPClientAnswer) -> Answer {
        switch answer.status {
        case 200..<300: .admitted
        case 300..<400: .failed(.webhookRedirect, detail: "status \(answer.status), which is not followed")
        case 400..<500: .refused(status: answer.status, reason: reason(answer.body))
        case 500..<600: .failed(.webhookError, detail: "status \(answer.status)")
        default: .failed(.webhookBadAnswer, detail: "status \(answer.status)")
        }
    }

    /// The beginning of a body, on one line.
    private static func reason(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(reasonLimit * 4), as: UTF8.self)
        let words = text.unicodeScalars.split { $0.value <= 0x20 || (0x7F..<0xA0).contains($0.value) }
        return String(String.UnicodeScalarView(words.joined(separator: " ".unicodeScalars).prefix(reasonLimit)))
    }
}
