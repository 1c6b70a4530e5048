internal import Configuration
internal import Ingest
internal import Schema
internal import Sockets
public import Telemetry
public import Time

/// `headwater token --channel news --valid 2h`: makes a publish token, signed with the secret of the configuration.
public struct TokenCommand: Sendable {
    /// Everything that is wrong with a command, told at once.
    public struct UsageError: Error, Sendable, Hashable, CustomStringConvertible {
        /// One sentence for each fault.
        public let faults: [String]

        /// One fault on each line.
        public var description: String { faults.joined(separator: "\n") }
    }

    /// The arguments that are for the configuration.
    public private(set) var configurationArguments: [String] = []
    private var channel = ""
    private var valid = Duration.zero
    private var notBefore: WallTime?
    private var range: IPRange?

    /// The command with those arguments, which follow its name.
    public init(_ arguments: [String]) throws(UsageError) {
        var given: [String: String] = [:]
        var faults: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard ["--channel", "--valid", "--not-before", "--from"].contains(parts[0]) else {
                configurationArguments.append(argument)
                continue
            }
            if given[parts[0]] != nil { faults.append("\(parts[0]): given twice") }
            given[parts[0]] = parts.count > 1 ? parts[1] : rest.popFirst() ?? ""
        }
        channel = given["--channel"] ?? ""
        if channel.isEmpty { faults.append("--channel: the id of a channel is missing") }
        if let duration = Duration(fieldText: given["--valid"] ?? ""), duration > .zero {
            valid = duration
        } else {
            faults.append("--valid: expected \(Duration.textForm)")
        }
        if let text = given["--not-before"] {
            notBefore = try? WallTime(rfc3339: text)
            if notBefore == nil { faults.append("--not-before: expected a time such as 2026-11-22T18:00:00Z") }
        }
        if let text = given["--from"] {
            range = IPRange(text)
            if range == nil {
                faults.append("--from: expected an address or a range such as 203.0.113.0/24 or 2001:db8::/32")
            }
        }
        guard faults.isEmpty else { throw UsageError(faults: faults) }
    }

    /// The token, which begins to be valid at `now` where the command does not say when.
    public func token(_ settings: ServerSettings, now: WallTime) throws(UsageError) -> Secret<String> {
        var faults: [String] = []
        let channels = settings.channels.map(\.id) + (settings.demo ? DemoChannels.ids : [])
        if !channels.contains(channel) {
            faults.append("--channel: the configuration has no channel of that id")
        }
        let secret = settings.publishTokens.secrets.first
        if secret == nil {
            faults.append("publishTokens.secret: missing in the configuration, and tokens are signed with it")
        }
        guard faults.isEmpty, let secret else { throw UsageError(faults: faults) }
        return PublishToken(channel: channel, notBefore: notBefore, expiry: (notBefore ?? now) + valid, range: range)
            .signed(with: secret)
    }
}
