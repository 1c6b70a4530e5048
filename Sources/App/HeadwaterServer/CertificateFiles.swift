internal import Configuration
internal import Crypto
internal import Glibc
internal import Locks
internal import Telemetry
internal import Time

/// A certificate and its key in two files, which are looked at again when somebody connects, at most once a second.
///
/// Whoever puts new ones there has them in force for the next connections, and nothing else to do. What cannot be used is
/// said once, and what was in force stays so.
final class CertificateFiles: Sendable {
    /// How long nobody looks.
    static let pace = Duration.seconds(1)

    private struct State {
        var server: TLSServer
        var stamps: [FileStamp?]
        var looked: Instant
        var isLooking = false
        /// What was said last of the certificate's time.
        var judgement = Validity.valid
    }

    /// Whether a certificate's time has come.
    private enum Validity {
        case early, valid, expired

        init(_ server: TLSServer, at time: WallTime) {
            let seconds = time.microseconds / 1_000_000
            self = seconds < server.notBefore ? .early : seconds > server.notAfter ? .expired : .valid
        }
    }

    private let paths: (certificate: String, key: String)
    private let logger: Logger
    private let clock: any Clocks
    private let state: Mutex<State>

    /// Reads both files.
    init(certificate: String, key: String, logger: Logger, clock: any Clocks) throws(CertificateFault) {
        paths = (certificate, key)
        self.logger = logger
        self.clock = clock
        // Before the files themselves: what changes in between is read again.
        let stamps = [FileStamp(certificate), FileStamp(key)]
        let server = try Self.load(certificate: certificate, key: key)
        state = Mutex(State(server: server, stamps: stamps, looked: clock.now))
        tell("rtmps.certificate_loaded", of: server)
        judge(server)
    }

    /// The certificate in force, after a look at the files where it is time for one. The look may wait for the disk, and
    /// only the one who looks waits.
    func current() -> TLSServer {
        let now = clock.now
        let (server, stamps, isDue) = state.withLock { state in
            let isDue = !state.isLooking && now - state.looked >= Self.pace
            if isDue { (state.isLooking, state.looked) = (true, now) }
            return (state.server, state.stamps, isDue)
        }
        guard isDue else { return server }
        let next = look(since: stamps)
        judge(next ?? server)
        state.withLock { $0.isLooking = false }
        return next ?? server
    }

    /// What is new in the files, where anything is and can be used.
    private func look(since stamps: [FileStamp?]) -> TLSServer? {
        let found = [FileStamp(paths.certificate), FileStamp(paths.key)]
        guard found != stamps else { return nil }
        do throws(CertificateFault) {
            let server = try Self.load(certificate: paths.certificate, key: paths.key)
            state.withLock { ($0.server, $0.stamps, $0.judgement) = (server, found, .valid) }
            tell("rtmps.certificate_loaded", of: server)
            return server
        } catch {
            state.withLock { $0.stamps = found }
            logger.warning(
                "rtmps.certificate_not_loaded",
                [
                    "reason": .public(error.description),
                    "hint": .public("the one that was loaded before stays in force"),
                ])
            return nil
        }
    }

    /// Says once that a certificate is not valid at present.
    private func judge(_ server: TLSServer) {
        let validity = Validity(server, at: clock.wallTime)
        let isNew = state.withLock { state in
            defer { state.judgement = validity }
            return state.judgement != validity
        }
        guard isNew else { return }
        switch validity {
        case .early: tell("rtmps.certificate_not_yet_valid", of: server, .warning)
        case .expired: tell("rtmps.certificate_expired", of: server, .warning)
        case .valid: break
        }
    }

    private func tell(_ event: StaticString, of server: TLSServer, _ level: LogLevel = .info) {
        logger.log(
            level, event,
            [
                "certificate.file": .public(paths.certificate), "certificate.sha256": .public(server.fingerprint),
                "certificate.from": .public(WallTime(microseconds: server.notBefore * 1_000_000).rfc3339),
                "certificate.until": .public(WallTime(microseconds: server.notAfter * 1_000_000).rfc3339),
            ])
    }

    /// The server that the files make.
    static func load(certificate: String, key: String) throws(CertificateFault) -> TLSServer {
        let certificates = try read(certificate, isKey: false)
        let secret = try read(key, isKey: true)
        do throws(TLSServerError) {
            return try TLSServer(certificates: certificates, key: secret)
        } catch {
            let name = error.concernsKey ? key : certificate
            throw CertificateFault(isInKey: error.concernsKey, description: "\(name): \(error)")
        }
    }

    private static func read(_ path: String, isKey: Bool) throws(CertificateFault) -> [UInt8] {
        do throws(ConfigurationFile.ReadError) {
            return try ConfigurationFile.read(path)
        } catch {
            throw CertificateFault(isInKey: isKey, description: "\(path): \(error)")
        }
    }
}
