internal import CLinux
internal import Glibc

/// The heaps of the C library, of which threads that allocate at the same time have one each.
public enum MemoryArenas {
    /// Has it keep no more of them than threads run at a time, unless `MALLOC_ARENA_MAX` says how many. Of itself it keeps
    /// up to eight for each core, and each holds on to what was freed in it: where publishers come and go, that would be as
    /// much again as they need.
    public static func limit() {
        guard getenv("MALLOC_ARENA_MAX") == nil else { return }
        clinux_limit_arenas(Int32(clamping: UsableCores.count))
    }
}
