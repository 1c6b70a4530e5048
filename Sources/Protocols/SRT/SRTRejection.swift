internal import CSRT

/// Why a call was refused, as the caller learns it. SRT API, "Rejection Reasons"; SRT Access Control, "Error codes".
///
/// Codes below 1000 are libsrt's own, those from 1000 on are a listener's, and those from 2000 on anyone's.
public struct SRTRejection: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The code.
    public let rawValue: Int32

    /// That code.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The stream id cannot be read.
    public static let badRequest = SRTRejection(rawValue: 1400)
    /// The stream key is wrong.
    public static let unauthorized = SRTRejection(rawValue: 1401)
    /// The server has too much to do.
    public static let overload = SRTRejection(rawValue: 1402)
    /// It is not allowed.
    public static let forbidden = SRTRejection(rawValue: 1403)
    /// There is no such channel.
    public static let notFound = SRTRejection(rawValue: 1404)
    /// The caller wants to receive where it can only send, or the other way round.
    public static let badMode = SRTRejection(rawValue: 1405)
    /// What it asks for cannot be.
    public static let unacceptable = SRTRejection(rawValue: 1406)
    /// Somebody else is sending.
    public static let conflict = SRTRejection(rawValue: 1409)
    /// The channel is locked.
    public static let locked = SRTRejection(rawValue: 1423)
    /// Something broke here.
    public static let internalError = SRTRejection(rawValue: 1500)
    /// What it asks for is not built.
    public static let unimplemented = SRTRejection(rawValue: 1501)
    /// The server is going down.
    public static let down = SRTRejection(rawValue: 1503)
    /// The caller's libsrt is too old.
    public static let version = SRTRejection(rawValue: 1505)

    /// The passphrase is wrong.
    public static let badSecret = SRTRejection(rawValue: Int32(SRT_REJ_BADSECRET.rawValue))
    /// One side encrypts, the other does not.
    public static let unsecure = SRTRejection(rawValue: Int32(SRT_REJ_UNSECURE.rawValue))
    /// Nobody answered.
    public static let timeout = SRTRejection(rawValue: Int32(SRT_REJ_TIMEOUT.rawValue))

    /// A few words and the code.
    public var description: String {
        let text =
            switch self {
            case .badRequest: "bad request"
            case .unauthorized: "unauthorized"
            case .overload: "overload"
            case .forbidden: "forbidden"
            case .notFound: "not found"
            case .badMode: "bad mode"
            case .unacceptable: "unacceptable"
            case .conflict: "conflict"
            case .locked: "locked"
            case .internalError: "internal error"
            case .unimplemented: "unimplemented"
            case .down: "down"
            case .version: "version not supported"
            case let other where other.rawValue >= 1000: "refused"
            default: srt_rejectreason_str(rawValue).map { String(cString: $0) } ?? "refused"
            }
        return "\(text) (\(rawValue))"
    }
}
