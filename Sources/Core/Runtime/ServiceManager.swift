internal import Glibc

/// The service manager that started the process, such as systemd, and wants to hear how it stands: sd_notify(3).
public struct ServiceManager: Sendable {
    /// What it can be told.
    public enum State: String, Sendable {
        /// The process serves.
        case ready = "READY=1"
        /// The process is about to end.
        case stopping = "STOPPING=1"
    }

    /// The path of its socket; of an abstract one behind an `@`.
    private let socketPath: String

    /// The one in `NOTIFY_SOCKET`, if there is one. The variable is unset: no program that the process starts speaks for
    /// it. To be called before another thread is started.
    public static func take() -> ServiceManager? {
        defer { unsetenv("NOTIFY_SOCKET") }
        return getenv("NOTIFY_SOCKET").map { ServiceManager(socketPath: String(cString: $0)) }
    }

    init(socketPath: String) { self.socketPath = socketPath }

    /// Says it. Returns false when nobody hears it, which is nothing to stop for.
    @discardableResult
    public func tell(_ state: State) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socketPath.utf8)
        guard path.count > 1, path.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        // An abstract socket's name begins with a NUL, and ends where its address does.
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path).map { socklen_t($0 + path.count) } ?? 0
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let message = Array(state.rawValue.utf8)
        let sent = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
        return sent == message.count
    }
}
