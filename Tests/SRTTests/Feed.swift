import Glibc
import Sockets

/// Datagrams for a program that waits for them.
final class Feed: Sendable {
    private let descriptor: Int32
    private let port: UInt16

    /// The port is free when it is looked for.
    init() {
        let probe = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        address.sin_family = sa_family_t(AF_INET)
        port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(probe, $0, size)
                _ = getsockname(probe, $0, &size)
                return SocketAddress($0).port
            }
        }
        close(probe)
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    }

    deinit { close(descriptor) }

    /// For srt-live-transmit.
    var address: String { "udp://127.0.0.1:\(port)" }

    func send(_ datagram: [UInt8]) {
        _ = SocketAddress(host: "127.0.0.1", port: port).withSystemAddress {
            sendto(descriptor, datagram, datagram.count, 0, $0, $1)
        }
    }
}
