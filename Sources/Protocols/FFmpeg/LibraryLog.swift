internal import CFFmpeg
internal import Locks
internal import Telemetry
internal import Time

/// What libavformat complains of, as events of the lowest level.
///
/// Only the constant text of a message goes into the log, and never what is filled in: there are addresses in it, with
/// passwords and tokens.
enum LibraryLog {
    /// Where they go.
    private static let logger = Mutex<Logger?>(nil)
    private static let limiter = Mutex(LogRateLimiter())

    /// What comes from now on goes to `logger`.
    static func tell(_ logger: Logger) { self.logger.withLock { $0 = logger } }

    /// Errors and warnings go into the log from now on.
    static func attach() {
        cffmpeg_log_to(AV_LOG_WARNING) { _, level, format, _ in
            // It is called with messages of all levels.
            guard level <= AV_LOG_WARNING, let format else { return }
            LibraryLog.write(String(cString: format), isError: level <= AV_LOG_ERROR)
        }
    }

    private static func write(_ format: String, isError: Bool) {
        guard let logger = logger.withLock({ $0 }),
            case .log(let folded) = limiter.withLock({ $0.admit(at: SystemClocks().now) })
        else { return }
        let text = format.split(whereSeparator: \.isNewline).joined(separator: " ")
        logger.debug(
            "ffmpeg.message",
            ["message": .public(text), "error": .public(isError), "folded": .public(folded)])
    }
}
