import Crypto
import Glibc
import Sockets

/// The other end of an RTMPS connection.
final class TLSStranger {
    private let socket: Int32
    private let client: TLSClientConnection?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private var heard: [UInt8] = []

    init(_ port: UInt16) {
        signal(SIGPIPE, SIG_IGN)
        let address = SocketAddress(host: "127.0.0.1", port: port)
        let socket = (try? ConnectingSocket(to: address).descriptor) ?? -1
        self.socket = socket
        client = TLSClient(verifies: false).flatMap {
            TLSClientConnection($0, descriptor: socket, host: "localhost")
        }
    }

    deinit {
        close(socket)
        buffer.deallocate()
    }

    func shakesHands() -> Bool { goesOn { self.client?.handshake() == .done(1) } }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        _ = goesOn {
            let step = bytes.withUnsafeBytes { self.client?.write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
            if case .done(let count) = step { sent += count }
            return sent == bytes.count || step == .failed
        }
    }

    /// Waits for `text` in what the server says.
    func hears(_ text: String) -> Bool {
        goesOn {
            _ = self.listen()
            return String(decoding: self.heard, as: UTF8.self).contains(text)
        }
    }

    /// Waits for the end that the server tells (close_notify).
    func isToldTheEnd() -> Bool { goesOn { self.listen() == .closed } }

    private func listen() -> TLSClientConnection.Step? {
        let step = client?.read(into: buffer)
        if case .done(let count) = step { heard += buffer[..<count] }
        return step
    }

    /// True when that comes to pass within a minute.
    private func goesOn(_ isDone: () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while !isDone() {
            if ContinuousClock.now > deadline { return false }
            usleep(2000)
        }
        return true
    }
}
