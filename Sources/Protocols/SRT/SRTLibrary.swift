internal import CSRT
internal import Glibc

/// libsrt itself: it is started with the first socket, and says nothing unless it is asked to.
///
/// It is never told to clean up: its own destructor does so in `exit`, and ends the threads that it has. All sockets have
/// to be closed, and the threads that use them joined, before the process exits.
public enum SRTLibrary {
    /// How grave a message is.
    public enum Severity: Int32, Sendable, Comparable {
        /// libsrt cannot go on.
        case critical = 2
        /// Something that should not be, such as a caller with a wrong passphrase.
        case error = 3
        /// Something that harms, such as packets that came too late.
        case warning = 4
        /// Something worth telling.
        case notice = 5

        /// The graver one is the lower one.
        public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    /// Something that libsrt has to say, with addresses and socket numbers in it, and no secrets.
    public struct Message: Sendable {
        /// How grave it is.
        public let severity: Severity
        /// One line.
        public let text: String
    }

    /// Whoever listens to libsrt.
    private final class Ear: Sendable {
        let hear: @Sendable (Message) -> Void

        init(hear: @escaping @Sendable (Message) -> Void) { self.hear = hear }
    }

    private static let isStarted: Bool = {
        // It is one for the whole process and each call of it may be under way on another thread, so that it stays.
        srt_setloghandler(nil) { _, _, _, _, _, _ in }
        srt_setloglevel(Severity.critical.rawValue)
        return srt_startup() >= 0
    }()

    static func start() { _ = isStarted }

    /// Has `hear` called with each message of that severity or graver: on libsrt's threads, several at a time, within its
    /// locks. It must neither block nor use a socket. It takes the place of the one before, which is kept in memory.
    public static func listen(from severity: Severity, _ hear: @escaping @Sendable (Message) -> Void) {
        start()
        srt_setlogflags(
            SRT_LOGF_DISABLE_TIME | SRT_LOGF_DISABLE_THREADNAME | SRT_LOGF_DISABLE_SEVERITY | SRT_LOGF_DISABLE_EOL)
        srt_setloghandler(Unmanaged.passRetained(Ear(hear: hear)).toOpaque()) { ear, level, _, _, _, text in
            guard let ear, let text, let severity = Severity(rawValue: level) else { return }
            Unmanaged<Ear>.fromOpaque(ear).takeUnretainedValue().hear(
                Message(severity: severity, text: String(cString: text)))
        }
        srt_setloglevel(severity.rawValue)
    }
}
