internal import COpenSSL

/// A private key.
struct PrivateKey: ~Copyable {
    let pointer: OpaquePointer

    /// The first key in `pem`.
    init(pem: [UInt8]) throws(TLSServerError) {
        let source = MemorySource(pem)
        var isEncrypted = false
        // Without a function of ours OpenSSL would ask for the passphrase on the terminal.
        let pointer = PEM_read_bio_PrivateKey(
            source.pointer, nil,
            { _, _, _, isEncrypted in
                isEncrypted?.storeBytes(of: true, as: Bool.self)
                return -1
            }, &isEncrypted)
        guard let pointer else { throw isEncrypted ? .encryptedKey : .noKey }
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(pointer) }
}
