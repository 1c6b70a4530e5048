internal import FFmpeg
internal import HTTP
internal import SRT

/// Why a source brought nothing, or nothing more.
struct PullFault: Error {
    /// The stable code in logs and metrics.
    let code: String
    /// One sentence, without addresses.
    let detail: String

    init(_ code: String, _ detail: String) { (self.code, self.detail) = (code, detail) }

    init(_ error: DemuxerError) {
        switch error {
        case .input(let error as HTTPFault): self.init(error)
        case .input(let error as PullFault): self = error
        default: self.init(error.code, error.description)
        }
    }

    init(_ fault: HTTPFault) {
        var remedy = ""
        if case .forbiddenAddress = fault { remedy = ": where that is meant, set the input's allowLocal" }
        self.init(fault.code, fault.description + remedy)
    }

    init(_ error: SRTError) {
        switch error {
        case .unknownHost: self = .unknownHost
        case .forbiddenAddress: self = .forbiddenAddress
        case .refused: self.init("refused_by_source", error.description)
        case .timedOut: self.init("no_answer", error.description)
        case .givenUp: self = .stopped
        case .addressInUse, .invalidOption, .failed: self.init("failed", error.description)
        }
    }

    static let endlessPlaylists = PullFault("endless_playlists", "one playlist after another leads elsewhere")
    static let largePlaylist = PullFault("endless_playlists", "a playlist is larger than 4 MiB")
    static let stopped = PullFault("stopped", "stopped")
    static let unknownHost = PullFault(HTTPFault.unknownHost)
    static let forbiddenAddress = PullFault(HTTPFault.forbiddenAddress(isRedirect: false))
}

extension DemuxerError {
    fileprivate var code: String {
        switch self {
        case .libraryMissing: "library_missing"
        case .stopped: "stopped"
        case .timedOut: "silent"
        case .unreadable: "unreadable"
        case .refused: "forbidden_protocol"
        case .redirected: "redirected"
        case .empty: "no_media"
        case .unreachable: "unreachable"
        case .input, .failed: "failed"
        }
    }
}

extension HTTPFault {
    fileprivate var code: String {
        switch self {
        case .badAddress: "bad_address"
        case .unknownHost: "unknown_host"
        case .forbiddenAddress(let isRedirect): isRedirect ? "forbidden_redirect" : "forbidden_address"
        case .badRedirect: "forbidden_protocol"
        case .endlessRedirects: "endless_redirects"
        case .unreachable: "unreachable"
        case .insecure: "insecure"
        case .malformed, .tooLong: "malformed_answer"
        case .endlessHeaders: "endless_headers"
        case .noAnswer: "no_answer"
        case .silent: "silent"
        case .hungUp, .cutOff: "cut_off"
        case .status: "refused_by_source"
        case .stopped: "stopped"
        }
    }
}
