internal import COpenSSL

/// What all TLS connections of a client share: protocol versions, trust, and ALPN (RFC 7301) for HTTP/1.1.
public final class TLSClient: Sendable {
    // An SSL_CTX counts its references atomically and is not changed once `init` is done.
    nonisolated(unsafe) let context: OpaquePointer

    /// A client that trusts the system's certificates, or any certificate where `verifies` is false; nothing when
    /// OpenSSL cannot be set up.
    public init?(verifies: Bool) {
        guard let context = SSL_CTX_new(TLS_client_method()) else { return nil }
        self.context = context
        copenssl_prepare_for_polling(context)
        copenssl_tolerate_truncation(context)
        let offer: [UInt8] = [8] + Array("http/1.1".utf8)
        guard SSL_CTX_set_alpn_protos(context, offer, UInt32(offer.count)) == 0 else { return nil }
        if verifies {
            guard SSL_CTX_set_default_verify_paths(context) == 1 else { return nil }
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        }
    }

    deinit { SSL_CTX_free(context) }

    /// Gives `context`, another library's `SSL_CTX`, the authorities of this one, which were read once.
    public func lendAuthorities(to context: UnsafeMutableRawPointer) {
        let other = OpaquePointer(context)
        SSL_CTX_set1_cert_store(other, SSL_CTX_get_cert_store(self.context))
        copenssl_tolerate_truncation(other)
    }
}
