public import Schema

/// The server that RTMP publishers talk to with TLS.
public struct RTMPSSettings: SchemaObject {
    /// The address to listen at.
    public var address = "::"
    /// The port.
    public var port = 1936
    /// The file of the certificate.
    public var certificate: String?
    /// The file of its key.
    public var key: String?

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<RTMPSSettings>(
        doc: "The server that RTMP publishers talk to with TLS; there is none without a certificate",
        fields: [
            Field("address", \.address, .length(2...45), doc: "The IPv4 or IPv6 address to listen at; :: takes both"),
            Field(
                "port", \.port, .range(0...65_535),
                doc: "The TCP port; 0 takes a free one. Encoders take 443 for rtmps:// without a port"),
            Field(
                "certificate", \.certificate, .length(1...4096), example: "/etc/headwater/rtmps.crt",
                doc: "The PEM file of the certificate with its chain; looked at again when it changes"),
            Field(
                "key", \.key, .length(1...4096), example: "/etc/headwater/rtmps.key",
                doc: "The PEM file of the certificate's private key, without a passphrase"),
        ],
        validate: { settings, path, faults in
            switch (settings.certificate, settings.key) {
            case (nil, nil): break
            case (nil, _?): faults.add(path["certificate"], nil, "missing: rtmps.key has no certificate")
            case (_?, nil): faults.add(path["key"], nil, "missing: the private key of rtmps.certificate")
            case (let certificate?, let key?):
                do throws(CertificateFault) {
                    _ = try CertificateFiles.load(certificate: certificate, key: key)
                } catch {
                    faults.add(path[error.isInKey ? "key" : "certificate"], nil, error.description)
                }
            }
        })
}
