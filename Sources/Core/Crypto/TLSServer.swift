internal import COpenSSL

/// What all TLS connections of a server share: its certificate and key, TLS 1.2 (RFC 5246) and 1.3 (RFC 8446) with
/// ciphers that keep the past secret.
public final class TLSServer: Sendable {
    /// Seconds since 1970.
    public typealias Seconds = Int64

    // An SSL_CTX counts its references atomically and is not changed once `init` is done.
    nonisolated(unsafe) let context: OpaquePointer
    /// The SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` shows it but in lower case without colons.
    public let fingerprint: String
    /// When the certificate begins to be valid.
    public let notBefore: Seconds
    /// When the certificate ends to be valid.
    public let notAfter: Seconds

    /// A server that shows the first certificate of `certificates`, with the others as the chain to an authority, all in
    /// PEM form (RFC 7468), and has the key in `key`.
    public init(certificates: [UInt8], key: [UInt8]) throws(TLSServerError) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        var chain = CertificateChain(pem: certificates)
        guard let own = try chain.next() else { throw .noCertificate }
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw .unavailable }
        self.context = context
        (fingerprint, notBefore, notAfter) = (own.fingerprint, own.notBefore, own.notAfter)
        copenssl_tolerate_truncation(context)
        guard copenssl_prepare_server(context) == 1,
            SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
        else { throw .unavailable }
        guard SSL_CTX_use_certificate(context, own.pointer) == 1 else { throw .weakCertificate(Self.lastReason) }
        while let further = try chain.next() {
            guard X509_up_ref(further.pointer) == 1, copenssl_add_to_chain(context, further.pointer) == 1 else {
                throw .weakCertificate(Self.lastReason)
            }
        }
        let key = try PrivateKey(pem: key)
        guard SSL_CTX_use_PrivateKey(context, key.pointer) == 1, SSL_CTX_check_private_key(context) == 1 else {
            throw .keyDoesNotFit
        }
    }

    deinit { SSL_CTX_free(context) }

    private static var lastReason: String {
        ERR_reason_error_string(ERR_peek_last_error()).map { String(cString: $0) } ?? "no reason given"
    }
}
