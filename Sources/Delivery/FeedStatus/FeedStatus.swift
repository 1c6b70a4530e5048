internal import Bytes
public import Channels
public import HTTP
internal import Ingest
internal import Schema
internal import Telemetry

/// What broadcasters ask about their own feed: `GET /v1/feed` with the stream key, or a publish token, as bearer token
/// (RFC 6750 §2.1). The answer is JSON; what is refused is a problem (RFC 9457).
public struct FeedStatus: HTTPHandler {
    /// The path that is answered.
    public static let path = "/v1/feed"

    private let directory: ChannelDirectory

    /// Answers for the channels of `directory`.
    public init(_ directory: ChannelDirectory) { self.directory = directory }

    /// Answers a request for `path`.
    public func respond(to request: HTTPRequest) -> HTTPAnswer {
        guard request.method == .get || request.method == .head else {
            return .response(
                Self.problem(405, "method_not_allowed", "Only GET is answered here", [("Allow", "GET, HEAD")]))
        }
        guard let key = Self.bearer(request.header("Authorization")) else {
            return .response(
                Self.problem(
                    401, "key_missing", "Send your stream key: Authorization: Bearer STREAMKEY",
                    [("WWW-Authenticate", "Bearer realm=\"feed\"")]))
        }
        let asked = PublishRequest(
            scheme: "http", readings: PublishRequest.Reading.each(channel: nil, streamKey: key),
            address: request.remoteAddress, connectionID: "")
        do throws(PublishRefusal) {
            let report = try directory.report(for: asked)
            return .response(
                Self.response(200, "application/json", JSONPrinter.text(of: JSONValue(report))))
        } catch {
            return .response(Self.refusal(error))
        }
    }

    /// The token of an Authorization field, if it is of the scheme `Bearer`.
    private static func bearer(_ field: String?) -> String? {
        guard let words = field?.split(separator: " ", omittingEmptySubsequences: true), words.count == 2,
            words[0].lowercased() == "bearer"
        else { return nil }
        return String(words[1])
    }

    private static func refusal(_ refusal: PublishRefusal) -> HTTPResponse {
        guard refusal.reason == .tooManyFailures else {
            return problem(
                401, refusal.reason.rawValue, refusal.description,
                [("WWW-Authenticate", "Bearer realm=\"feed\", error=\"invalid_token\"")])
        }
        let wait = refusal.retryAfter.map { [("Retry-After", String($0.components.seconds))] } ?? []
        return problem(429, refusal.reason.rawValue, refusal.description, wait)
    }

    private static func problem(
        _ status: Int, _ code: String, _ text: String, _ headers: [(String, String)] = []
    ) -> HTTPResponse {
        let body: JSONValue = [
            "title": JSONValue(.string(text)), "status": JSONValue(.integer(Int64(status))),
            "code": JSONValue(.string(code)),
        ]
        return response(status, "application/problem+json", JSONPrinter.text(of: body), headers)
    }

    private static func response(
        _ status: Int, _ type: String, _ text: String, _ headers: [(String, String)] = []
    ) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [
                ("Content-Type", type), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            ] + headers, body: .chunk(ByteChunk([UInt8](text.utf8))))
    }
}
