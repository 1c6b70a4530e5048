internal import COpenSSL

/// Why a server has ended a TLS connection.
public enum TLSFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// What the peer sends is another protocol, and begins with that byte.
    case notTLS(firstByte: UInt8)
    /// The peer knows no version from TLS 1.2 on.
    case oldVersion
    /// The peer knows none of the ciphers, groups or signatures.
    case nothingInCommon
    /// The peer has ended the handshake or the connection with that alert (RFC 8446 §6), which OpenSSL calls so.
    case alert(UInt8, name: String)
    /// OpenSSL's reason.
    case other(String)

    /// The first error in OpenSSL's queue.
    init(error: UInt) {
        let reason = ERR_GET_REASON(error)
        let text = ERR_reason_error_string(error).map { String(cString: $0) } ?? "the connection is broken"
        guard ERR_GET_LIB(error) == ERR_LIB_SSL else {
            self = .other(text)
            return
        }
        switch reason {
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW: self = .oldVersion
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SUITABLE_KEY_SHARE:
            self = .nothingInCommon
        case SSL_AD_REASON_OFFSET...(SSL_AD_REASON_OFFSET + 255):
            self = .alert(UInt8(truncatingIfNeeded: reason - SSL_AD_REASON_OFFSET), name: text)
        default: self = .other(text)
        }
    }

    /// True where the peer does not accept the certificate: bad_certificate, unsupported_certificate,
    /// certificate_revoked, certificate_expired, certificate_unknown, unknown_ca.
    public var isRefusedCertificate: Bool {
        if case .alert(let number, _) = self { [42, 43, 44, 45, 46, 48].contains(number) } else { false }
    }

    /// A few words, safe to show to anyone.
    public var description: String {
        switch self {
        case .notTLS: "no TLS"
        case .oldVersion: "older than TLS 1.2"
        case .nothingInCommon: "no cipher, group or signature in common"
        case .alert(_, let name): isRefusedCertificate ? "the certificate is not accepted: \(name)" : name
        case .other(let reason): reason
        }
    }
}
