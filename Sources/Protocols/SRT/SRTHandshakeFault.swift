internal import CSRT

/// Why libsrt refused a caller that the listener had accepted.
public enum SRTHandshakeFault: Sendable, Hashable {
    /// Both ends encrypt, with different passphrases.
    case wrongPassphrase
    /// The listener wants a passphrase, and the caller has none.
    case missingPassphrase
    /// The caller encrypts, and the listener has no passphrase.
    case unexpectedPassphrase
    /// Anything else, such as a caller that is not in live mode.
    case other(SRTRejection)

    /// How the caller learns of it.
    public var rejection: SRTRejection {
        switch self {
        case .wrongPassphrase: .badSecret
        case .missingPassphrase, .unexpectedPassphrase: .unsecure
        case .other(let rejection): rejection
        }
    }

    init(_ rejection: SRTRejection, listenerHasPassphrase: Bool) {
        self =
            switch rejection {
            case .badSecret: .wrongPassphrase
            case .unsecure: listenerHasPassphrase ? .missingPassphrase : .unexpectedPassphrase
            default: .other(rejection)
            }
    }
}
