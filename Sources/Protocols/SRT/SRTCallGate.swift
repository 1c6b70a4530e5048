internal import CSRT
internal import Locks

/// Whoever decides about the callers of a listener, and hears of those that libsrt refuses afterwards.
///
/// libsrt 1.5.1 has no call that tells a listener of those: their sockets are gone with their reasons before anybody could
/// ask. It only says so in its log, with the number of the socket and the name of the reason.
final class SRTCallGate: Sendable {
    /// The call that was accepted last. libsrt ends one handshake of a port before it begins another.
    private struct Acceptance {
        let number: SRTSOCKET
        let call: SRTCallRequest
        let hasPassphrase: Bool
    }

    /// Those that are open, few of them.
    private static let open = Mutex<[SRTCallGate]>([])
    /// The names of the reasons, by their codes.
    private static let names = [
        "UNKNOWN", "SYSTEM", "PEER", "RESOURCE", "ROGUE", "BACKLOG", "IPE", "CLOSE", "VERSION", "RDVCOOKIE",
        "BADSECRET", "UNSECURE", "MESSAGEAPI", "CONGESTION", "FILTER", "GROUP", "TIMEOUT",
    ]

    /// How the listener's connections are to be.
    let options: SRTOptions
    private let decide: @Sendable (SRTCallRequest) -> SRTDecision
    private let failed: @Sendable (SRTCallRequest, SRTHandshakeFault) -> Void
    private let acceptance = Mutex<Acceptance?>(nil)

    /// A gate that is closed.
    init(
        options: SRTOptions,
        decide: @escaping @Sendable (SRTCallRequest) -> SRTDecision,
        failed: @escaping @Sendable (SRTCallRequest, SRTHandshakeFault) -> Void
    ) {
        (self.options, self.decide, self.failed) = (options, decide, failed)
    }

    /// From here on it hears of refusals.
    func beginHearing() { Self.open.withLock { $0.append(self) } }

    /// It hears of none any more.
    func endHearing() { Self.open.withLock { $0.removeAll { $0 === self } } }

    /// Decides about the socket of that number, which is being connected.
    func decision(about call: SRTCallRequest, number: SRTSOCKET) -> SRTDecision {
        let decision = decide(call)
        if case .accept(let passphrase, _) = decision {
            let accepted = Acceptance(number: number, call: call, hasPassphrase: passphrase != nil)
            acceptance.withLock { $0 = accepted }
        }
        return decision
    }

    /// Takes note of a line of libsrt's log: `@42:newConnection: connection rejected due to: … - ERROR:BADSECRET`.
    static func hear(_ line: String) {
        guard let place = line.firstRange(of: ":newConnection: connection rejected"),
            let start = line[..<place.lowerBound].lastIndex(of: "@"),
            let number = SRTSOCKET(line[start..<place.lowerBound].dropFirst())
        else { return }
        let name = line.split(separator: ":").last.map(String.init) ?? ""
        // The listener's own codes have a number instead.
        let code = names.firstIndex(of: name) ?? Int(name).map { $0 &+ 1000 } ?? 0
        let rejection = SRTRejection(rawValue: Int32(clamping: code))
        for gate in open.withLock({ $0 }) { gate.hear(rejection, of: number) }
    }

    private func hear(_ rejection: SRTRejection, of number: SRTSOCKET) {
        let accepted = acceptance.withLock { acceptance -> Acceptance? in
            guard acceptance?.number == number else { return nil }
            return acceptance.take()
        }
        guard let accepted else { return }
        failed(accepted.call, SRTHandshakeFault(rejection, listenerHasPassphrase: accepted.hasPassphrase))
    }
}
