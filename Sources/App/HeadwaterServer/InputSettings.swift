internal import Ingest
internal import SRT
public import Schema
public import Telemetry

/// Where the server fetches a channel from itself.
public struct InputSettings: SchemaObject {
    /// The address, with its options.
    public var url = Secret("")
    /// Whether a file begins again when it has ended.
    public var loop = false
    /// Whether the source may be on this machine or its link.
    public var allowLocal = false

    /// No address.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<InputSettings>(
        doc: "Where the server fetches a channel from itself",
        fields: [
            Field(
                "url", \.url,
                Constraint(
                    "srt://HOST:PORT?mode=caller, with streamid, passphrase, pbkeylen, latency or timeout (ms), or a URL"
                        + " of http, https, rtsp, rtsps, rtmp, rtmps, udp or file"
                ) { (try? SRTAddress($0.exposed)) != nil || (try? PullAddress($0.exposed)) != nil },
                isRequired: true, example: "srt://encoder.example:9000?mode=caller",
                doc: "The source: see Inputs in the README"),
            Field("loop", \.loop, doc: "Play a file again and again, without a jump of its clock"),
            Field(
                "allowLocal", \.allowLocal,
                doc:
                    "Let the source have an address of this machine, or a link-local or other reserved one; private networks may always"
            ),
        ])
}

/// An input of any kind, running.
enum RunningInput {
    case srt(SRTPull)
    case media(MediaPull)

    /// Ends what is under way.
    func beginStop() {
        switch self {
        case .srt(let pull): pull.beginStop()
        case .media(let pull): pull.beginStop()
        }
    }

    /// Waits for the end.
    func stop() {
        switch self {
        case .srt(let pull): pull.stop()
        case .media(let pull): pull.stop()
        }
    }
}
