internal import Crypto
internal import Sockets
package import Telemetry
package import Time

/// Says what a publish token is good for.
package struct PublishTokenCheck: Sendable {
    private let secrets: [Secret<String>]

    /// Takes tokens that were signed with any of `secrets`; none where there are none.
    package init(secrets: [Secret<String>]) { self.secrets = secrets }

    /// True when `text` is meant as a token, right or wrong.
    package static func isToken(_ text: Secret<String>) -> Bool {
        text.exposed.hasPrefix(PublishToken.version + ".")
    }

    /// The token that `text` is, if the publisher at `address` may use it at `time`: for `channel`, where one was named.
    package func check(
        _ text: Secret<String>, channel: String?, address: String, at time: WallTime
    ) throws(PublishRefusal) -> PublishToken {
        guard let token = read(text.exposed) else {
            throw PublishRefusal(
                .tokenBadSignature, "This publish token was not signed for this server, or it is not whole")
        }
        if let channel, channel != token.channel {
            throw PublishRefusal(.tokenOtherChannel, "This publish token is for another channel")
        }
        if let range = token.range, IPAddress(address).map({ range.contains($0) }) != true {
            throw PublishRefusal(.tokenWrongAddress, "This publish token must not be used from your address")
        }
        if let start = token.notBefore, time < start {
            throw PublishRefusal(.tokenNotYetValid, "This publish token is not valid yet")
        }
        guard time < token.expiry else {
            throw PublishRefusal(.tokenExpired, "This publish token has expired: ask for a new one")
        }
        return token
    }

    /// What was signed is believed, and nothing is read that was not.
    private func read(_ text: String) -> PublishToken? {
        guard text.utf8.count <= PublishToken.longest, let dot = text.lastIndex(of: ".") else { return nil }
        let signature = String(text[text.index(after: dot)...])
        var isSigned = false
        for secret in secrets
        where ConstantTime.areEqual(PublishToken.signature(of: text[..<dot], secret: secret), signature) {
            isSigned = true
        }
        return isSigned ? PublishToken(payload: text[..<dot]) : nil
    }
}
