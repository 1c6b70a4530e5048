internal import CSRT
internal import Glibc

/// libsrt itself: it is started with the first socket.
///
/// It is never told to clean up: its own destructor does so in `exit`, and ends the threads that it has. All sockets have
/// to be closed, and the threads that use them joined, before the process exits.
enum SRTLibrary {
    private static let isStarted: Bool = {
        // It is one for the whole process and each call of it may be under way on another thread, so that it stays. It is
        // called within libsrt's lock of the log, so that it uses no socket.
        srt_setloghandler(nil) { _, _, _, _, _, text in
            if let text { SRTCallGate.hear(String(cString: text)) }
        }
        srt_setlogflags(
            SRT_LOGF_DISABLE_TIME | SRT_LOGF_DISABLE_THREADNAME | SRT_LOGF_DISABLE_SEVERITY | SRT_LOGF_DISABLE_EOL)
        // What has to do with connecting, and of that nothing that is said for each packet of a good connection.
        srt_resetlogfa([SRT_LOGFA_CONN], 1)
        srt_setloglevel(LOG_WARNING)
        return srt_startup() >= 0
    }()

    static func start() { _ = isStarted }
}
