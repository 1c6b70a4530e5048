internal import Configuration
internal import Glibc

/// The server's folder, locked so that no second server uses it.
final class DataDirectory: Sendable {
    /// Why the folder cannot be used, and what to do.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    private let path: String
    private let descriptor: Int32

    /// Makes the folder at `path` where there is none, and locks it.
    init(_ path: String) throws(Unusable) {
        self.path = path
        if mkdir(path, 0o755) != 0, errno != EEXIST {
            throw Unusable(description: "The data folder \(path) cannot be made: \(String(cString: strerror(errno)))")
        }
        let lock = path + "/lock"
        descriptor = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Unusable(description: "\(lock) cannot be written: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Unusable(
                description: "The data folder \(path) is used by another server: stop it, or choose another with --data"
            )
        }
    }

    /// The text of the file `name`, which only the server's user can read; that of `make` where there is none yet. Where it
    /// cannot be kept it is made again at the next start.
    func kept(_ name: String, make: () -> String) -> String {
        let file = path + "/" + name
        if let bytes = try? ConfigurationFile.read(file), !bytes.isEmpty {
            return String(decoding: bytes, as: UTF8.self)
        }
        let text = make()
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return text }
        _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        return text
    }

    deinit { close(descriptor) }
}
