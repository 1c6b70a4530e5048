import Testing

/// All that has connections: one test after the other, since one of them looks at what libsrt holds.
@Suite(.serialized) enum SRTTests {
    static let passphrase = "correct-horse-battery"
}
