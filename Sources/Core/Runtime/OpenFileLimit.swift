internal import Glibc

/// How many files and sockets the process may have open.
public enum OpenFileLimit {
    /// Raises the limit as far as the system allows without asking anyone, and returns it. Shells start processes with
    /// 1,024, for the sake of programs that use `select`.
    public static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
