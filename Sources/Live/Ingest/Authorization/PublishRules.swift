public import Telemetry

/// What publishers must fulfil besides having a key.
public struct PublishRules: Sendable {
    /// What publish tokens are signed with, each of which is right. Without any there are no tokens.
    public var tokenSecrets: [Secret<String>] = []
    /// Who is asked about each publisher with a right key; nobody where not set.
    public var webhook: PublishWebhook?
    /// When an address with wrong keys is held off.
    public var backoff = PublishBackoffLimits()

    /// A key is enough.
    public init() {}
}
