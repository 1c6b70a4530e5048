internal import COpenSSL

/// The certificates of a PEM file, one after the other.
struct CertificateChain: ~Copyable {
    private let source: MemorySource
    private var count = 0

    init(pem: [UInt8]) { source = MemorySource(pem) }

    /// The next certificate; nothing behind the last.
    mutating func next() throws(TLSServerError) -> Certificate? {
        ERR_clear_error()
        guard let pointer = PEM_read_bio_X509(source.pointer, nil, nil, nil) else {
            let error = ERR_peek_last_error()
            ERR_clear_error()
            if ERR_GET_LIB(error) == ERR_LIB_PEM, ERR_GET_REASON(error) == PEM_R_NO_START_LINE { return nil }
            throw .damagedCertificate(count + 1)
        }
        count += 1
        return Certificate(pointer)
    }
}
