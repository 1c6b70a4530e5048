internal import COpenSSL

/// Bytes that OpenSSL reads from.
struct MemorySource: ~Copyable {
    /// Nothing where there is no memory; OpenSSL's readers find nothing in it then.
    let pointer: OpaquePointer?

    init(_ bytes: [UInt8]) {
        pointer = BIO_new(BIO_s_mem())
        bytes.withUnsafeBytes { _ = BIO_write(pointer, $0.baseAddress, Int32(clamping: $0.count)) }
    }

    deinit { BIO_free(pointer) }
}
