internal import CSRT
internal import Glibc

/// Why an SRT socket could not be opened. Its description can be shown to anyone.
public enum SRTError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The text is no address, and no host of that name is known.
    case unknownHost(String)
    /// The host has an address that may not be called.
    case forbiddenAddress
    /// Another socket has the port.
    case addressInUse(String)
    /// An option has a value that libsrt does not take: its name.
    case invalidOption(String)
    /// The other end refused.
    case refused(SRTRejection)
    /// Nobody answered in time.
    case timedOut
    /// The answer was not waited for any longer.
    case givenUp
    /// Anything else: the call, and what libsrt says.
    case failed(call: String, reason: String)

    /// One sentence.
    public var description: String {
        switch self {
        case .unknownHost(let host): "no host \"\(host)\" is known"
        case .forbiddenAddress: "the host has an address that may not be called"
        case .addressInUse(let address): "\(address) is taken by another socket: stop it, or choose another port"
        case .invalidOption(let name): "the SRT option \(name) does not take this value"
        case .refused(let reason): "the other end refused: \(reason)"
        case .timedOut: "nobody answered"
        case .givenUp: "the call was given up"
        case .failed(let call, let reason): "\(call) failed: \(reason)"
        }
    }

    /// What libsrt says about the call that failed last on this thread.
    static func last(_ call: String, at address: String) -> SRTError {
        var system: Int32 = 0
        let code = srt_getlasterror(&system)
        if system == EADDRINUSE || code == SRT_EDUPLISTEN.rawValue || code == SRT_EBINDCONFLICT.rawValue {
            return .addressInUse(address)
        }
        return .failed(call: call, reason: String(cString: srt_getlasterror_str()))
    }
}
