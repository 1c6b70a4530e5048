internal import CMicroHTTPD
internal import Glibc
internal import Locks
internal import Runtime
internal import Sockets

/// The thread that takes new connections and hands them to libmicrohttpd's workers.
///
/// libmicrohttpd 0.9.75 does not accept by itself, because it cannot stop to: `MHD_quiesce_daemon` aborts the process when
/// a worker takes the socket out of its epoll set at the same moment, and `MHD_stop_daemon` shuts the socket down for all
/// processes that have it.
final class Acceptor: Sendable {
    private let listener: TCPListener
    private let core: ServerCore
    private let daemon: Daemon
    private let isStopping = Atomic(false)
    private let thread = Mutex<NamedThread?>(nil)

    /// Accepts from `listener` once it is started, and closes it in the end. The daemon must outlive the thread.
    init(_ listener: TCPListener, _ core: ServerCore, _ daemon: Daemon) {
        self.listener = listener
        self.core = core
        self.daemon = daemon
    }

    func start() {
        let accepting = NamedThread("http-accept") { [self] in
            while awaitRoom(), let socket = listener.acceptSocket() { handOver(socket) }
        }
        thread.withLock { $0 = accepting }
    }

    /// Takes no connection any more, and closes the socket. Connections that wait are left to whoever else has it.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        listener.shutDown()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
        listener.close()
    }

    /// Waits until there may be one more connection; false when there will not be another.
    ///
    /// Asked a hundred times a second, and only while the server is full.
    private func awaitRoom() -> Bool {
        while !isStopping.load(ordering: .acquiring) {
            if core.sockets.hasRoom { return true }
            usleep(10_000)
        }
        return false
    }

    private func handOver(_ socket: AcceptedSocket) {
        socket.withPeer { address, length in
            let client = client_key(address)
            guard core.admit(socket.descriptor, of: client) else {
                close(socket.descriptor)
                return
            }
            // Where it fails, it has closed the socket.
            if MHD_add_connection(daemon.handle, socket.descriptor, address, length) != .YES {
                core.sockets.turnAway(socket.descriptor, of: client)
            }
        }
    }
}

/// libmicrohttpd's daemon. `@unchecked Sendable`: it takes connections from any thread, and is stopped once.
struct Daemon: @unchecked Sendable { let handle: OpaquePointer }
