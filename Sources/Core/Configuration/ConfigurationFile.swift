internal import Glibc

/// Reads the configuration file, and files that it names.
public enum ConfigurationFile {
    /// What is read when no file is named, if it is there.
    public static let defaultName = "headwater.json5"
    /// The largest file that is read, in bytes.
    public static let limit = 1 << 20

    /// Why a file cannot be read.
    public enum ReadError: Error, Equatable, Sendable, CustomStringConvertible {
        /// There is none of that name.
        case missing
        /// It is larger than such a file should be.
        case tooLarge
        /// The system's reason.
        case system(String)

        /// The reason in words.
        public var description: String {
            switch self {
            case .missing: "there is no such file"
            case .tooLarge: "the file is larger than \(ConfigurationFile.limit) bytes"
            case .system(let reason): "cannot be read: \(reason)"
            }
        }
    }

    /// The bytes of the file at `path`.
    public static func read(_ path: String) throws(ReadError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw lastError() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes += buffer.prefix(count)
                guard bytes.count <= limit else { throw .tooLarge }
            } else if errno != EINTR {
                throw lastError()
            }
        }
    }

    private static func lastError() -> ReadError {
        let code = errno
        return code == ENOENT ? .missing : .system(String(cString: strerror(code)))
    }
}
