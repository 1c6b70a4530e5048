internal import Glibc

/// What tells a file from what was under its name before: it was exchanged, or written to.
struct FileStamp: Equatable {
    private let device: UInt64
    private let number: UInt64
    private let size: Int64
    private let modified: [Int]
    /// Of the owner and the rights as well.
    private let changed: [Int]

    /// The file at `path`, where links lead to; nothing where there is none that can be reached.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        (device, number, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
        modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
}
