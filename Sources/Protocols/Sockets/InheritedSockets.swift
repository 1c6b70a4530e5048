internal import Glibc

/// The listening sockets that whoever started the process has handed over, as sd_listen_fds(3) defines it: descriptors
/// from 3 on, told of in `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`.
///
/// They outlive the process. Who connects between two processes waits in the socket's queue instead of being refused.
public struct InheritedSockets: Sendable {
    /// Why sockets that were handed over cannot be taken.
    public struct Fault: Error, Equatable, CustomStringConvertible {
        /// One sentence.
        public let description: String
    }

    /// Something in the server that listens: what a socket is for.
    public struct Listener: Sendable {
        /// The name in `LISTEN_FDNAMES`.
        public let name: String
        /// Where it listens when nothing is inherited, which a socket of no such name is known by.
        public let address: SocketAddress

        /// A listener of that name.
        public init(name: String, address: SocketAddress) {
            self.name = name
            self.address = address
        }
    }

    /// `LISTEN_FDS` starts to count here.
    static let first: Int32 = 3
    /// More than any server has listeners.
    private static let limit = 64

    private let sockets: [(name: String, socket: ListeningSocket)]

    /// No sockets.
    public init() { sockets = [] }

    init(_ sockets: [(name: String, socket: ListeningSocket)]) { self.sockets = sockets }

    /// Takes what was handed over to this process, once: the variables are unset, and no program that it starts inherits
    /// the descriptors. To be called before another thread is started.
    public static func take() throws(Fault) -> InheritedSockets {
        var variables: [String: String] = [:]
        // LISTEN_PIDFDID is systemd's newer second look at LISTEN_PID.
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
            unsetenv(name)
        }
        let names = try names(in: variables, process: getpid())
        let descriptors = names.indices.map { first + Int32($0) }
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var sockets: [(name: String, socket: ListeningSocket)] = []
        for (descriptor, name) in zip(descriptors, names) {
            guard let socket = ListeningSocket(inherited: descriptor) else {
                throw Fault(
                    description: "descriptor \(descriptor), which LISTEN_FDS hands over, is no TCP socket that listens")
            }
            sockets.append((name, socket))
        }
        return InheritedSockets(sockets)
    }

    /// The names of the descriptors from 3 on that `variables` hand to the process with that id; "" where one has none.
    static func names(in variables: [String: String], process: Int32) throws(Fault) -> [String] {
        guard let owner = variables["LISTEN_PID"], Int32(owner) == process, let text = variables["LISTEN_FDS"] else {
            return []
        }
        guard let count = Int(text), (0...limit).contains(count) else {
            throw Fault(description: "LISTEN_FDS is \"\(text)\", where a number up to \(limit) should be")
        }
        guard let names = variables["LISTEN_FDNAMES"] else { return Array(repeating: "", count: count) }
        let list = names.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard list.count == count || (names.isEmpty && count == 0) else {
            throw Fault(description: "LISTEN_FDNAMES has \(list.count) names for \(count) descriptors")
        }
        return count == 0 ? [] : list
    }

    /// The sockets by the name of the listener that each is for: the one of its name, else the one of its address. (All
    /// sockets of one systemd unit have the same name, the unit's, unless told otherwise.)
    public func assigned(to listeners: [Listener]) throws(Fault) -> [String: ListeningSocket] {
        var assigned: [String: ListeningSocket] = [:]
        for (name, socket) in sockets {
            let listener =
                listeners.first { $0.name == name } ?? listeners.first { $0.address.canonical == socket.address }
            guard let listener else {
                let places = listeners.map { "\($0.name) (\($0.address))" }.joined(separator: ", ")
                throw Fault(
                    description: "the inherited socket at \(socket.address) is for none of \(places): "
                        + "name it so in LISTEN_FDNAMES, or let one of them listen there")
            }
            guard assigned.updateValue(socket, forKey: listener.name) == nil else {
                throw Fault(description: "two sockets are inherited for \(listener.name), which has one")
            }
        }
        return assigned
    }
}
