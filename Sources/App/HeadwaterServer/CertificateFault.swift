/// Why a certificate and its key cannot be used, in a sentence that names the file.
struct CertificateFault: Error, Equatable, CustomStringConvertible {
    /// True where the file of the key is at fault, and not the certificate's.
    let isInKey: Bool
    let description: String
}
