internal import Glibc

/// Why a source cannot be read, or not any further.
public enum DemuxerError: Error, Sendable, CustomStringConvertible {
    /// libavformat is not installed, or not the one that this program was built for.
    case libraryMissing(String)
    /// Nobody wants it any more.
    case stopped
    /// It took too long.
    case timedOut
    /// It is nothing that could be read.
    case unreadable
    /// It leads to where it must not lead, such as from one protocol to another.
    case refused
    /// It names another address to go to, and libavformat would go there unseen.
    case redirected
    /// There are no streams in it.
    case empty
    /// No connection: the system's error number.
    case unreachable(Int32)
    /// The input that was given has failed.
    case input(any Error)
    /// The system, or the library, says so: an AVERROR.
    case failed(Int32)

    /// One sentence, without addresses.
    public var description: String {
        switch self {
        case .libraryMissing: "libavformat cannot be loaded: install libavformat59"
        case .stopped: "stopped"
        case .timedOut: "nothing came in time"
        case .unreadable: "what came is no stream of a known kind"
        case .refused: "the source leads to where it must not lead"
        case .redirected: "the source leads elsewhere"
        case .empty: "there is no stream in it"
        case .unreachable(let code): "no connection: \(String(cString: strerror(code)))"
        case .input(let error): "\(error)"
        case .failed(let code): "libavformat answered \(code)"
        }
    }
}
