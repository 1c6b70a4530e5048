internal import Ingest

extension ServerSettings {
    /// What publishers must fulfil besides having a key.
    var publishRules: PublishRules {
        var rules = PublishRules()
        rules.tokenSecrets = publishTokens.secrets
        rules.webhook = publishWebhook?.webhook
        rules.backoff = publishBackoff.limits
        return rules
    }
}
