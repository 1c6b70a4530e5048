/// Why a server cannot use a certificate or a key.
public enum TLSServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing in the file of certificates is one.
    case noCertificate
    /// The certificate of that place in the file, from 1, is damaged.
    case damagedCertificate(Int)
    /// OpenSSL takes no certificate with such a key or signature, for that reason.
    case weakCertificate(String)
    /// Nothing in the file of the key is one.
    case noKey
    /// The key has a passphrase.
    case encryptedKey
    /// The key is another certificate's.
    case keyDoesNotFit
    /// OpenSSL cannot be set up.
    case unavailable

    /// True where the key is at fault, and not the certificate.
    public var concernsKey: Bool {
        switch self {
        case .noKey, .encryptedKey, .keyDoesNotFit: true
        case .noCertificate, .damagedCertificate, .weakCertificate, .unavailable: false
        }
    }

    /// One sentence that says what to do, without a full stop.
    public var description: String {
        switch self {
        case .noCertificate: "there is no certificate in it (PEM, beginning with -----BEGIN CERTIFICATE-----)"
        case .damagedCertificate(let place): "certificate \(place) in it is damaged: copy it again"
        case .weakCertificate(let reason): "OpenSSL does not take the certificate (\(reason)): make a stronger one"
        case .noKey: "there is no private key in it (PEM, beginning with -----BEGIN PRIVATE KEY-----), or a damaged one"
        case .encryptedKey: "the key has a passphrase: take it away with openssl pkey -in OLD -out NEW"
        case .keyDoesNotFit:
            "the key does not belong to the certificate; of several certificates the server's own must be the first"
        case .unavailable: "OpenSSL cannot be set up: is there memory, and is openssl.cnf in order?"
        }
    }
}
