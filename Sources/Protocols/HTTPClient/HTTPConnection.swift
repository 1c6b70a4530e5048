internal import Crypto
internal import Glibc
internal import Sockets
internal import Time

/// One connection to a host, with TLS where it has to be; for one thread.
final class HTTPConnection {
    /// How often it is asked whether anybody still wants what comes.
    private static let pace: Int32 = 100

    private let descriptor: Int32
    private var tls: TLSClientConnection?
    private let patience: HTTPPatience

    /// A connection to the first of the host's addresses that answers, if all of them may be asked.
    static func open(
        _ url: HTTPURL, _ client: TLSClient?, isRedirect: Bool, permits: (SocketAddress) -> Bool,
        deadline: Instant, _ patience: HTTPPatience
    ) throws(HTTPFault) -> HTTPConnection {
        let addresses = SocketAddress.addresses(of: url.host, port: url.port)
        guard !addresses.isEmpty else { throw .unknownHost }
        // A name that has forbidden addresses among others is not to be trusted with any.
        guard addresses.allSatisfy(permits) else { throw .forbiddenAddress(isRedirect: isRedirect) }
        var fault = HTTPFault.unknownHost
        for address in addresses {
            do throws(HTTPFault) {
                let connection = HTTPConnection(try connect(to: address, deadline, patience), patience)
                if url.isSecure { try connection.secure(client, host: url.host, deadline) }
                return connection
            } catch {
                fault = error
                if error == .stopped || error == .insecure { break }
            }
        }
        throw fault
    }

    private init(_ descriptor: Int32, _ patience: HTTPPatience) {
        (self.descriptor, self.patience) = (descriptor, patience)
    }

    deinit {
        tls = nil
        close(descriptor)
    }

    private static func connect(
        to address: SocketAddress, _ deadline: Instant, _ patience: HTTPPatience
    ) throws(HTTPFault) -> Int32 {
        let descriptor: Int32
        do throws(SocketError) {
            descriptor = try ConnectingSocket(to: address).descriptor
        } catch {
            throw .unreachable(error.code)
        }
        do throws(HTTPFault) {
            try wait(descriptor, for: POLLOUT, deadline, patience, late: .unreachable(ETIMEDOUT))
        } catch {
            close(descriptor)
            throw error
        }
        let code = ConnectingSocket.failure(of: descriptor)
        guard code == 0 else {
            close(descriptor)
            throw .unreachable(code)
        }
        return descriptor
    }

    private func secure(_ client: TLSClient?, host: String, _ deadline: Instant) throws(HTTPFault) {
        guard let client, let tls = TLSClientConnection(client, descriptor: descriptor, host: host) else {
            throw .insecure
        }
        self.tls = tls
        while true {
            switch tls.handshake() {
            case .done: return
            case .wantsReading: try wait(for: POLLIN, deadline, late: .noAnswer)
            case .wantsWriting: try wait(for: POLLOUT, deadline, late: .noAnswer)
            case .closed, .failed: throw .insecure
            }
        }
    }

    /// Sends all of `bytes`.
    func write(_ bytes: [UInt8], _ deadline: Instant) throws(HTTPFault) {
        var sent = 0
        while sent < bytes.count {
            let step = bytes.withUnsafeBytes { all -> TLSClientConnection.Step in
                let rest = UnsafeRawBufferPointer(rebasing: all[sent...])
                if let tls { return tls.write(rest) }
                let count = send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count >= 0 { return .done(count) }
                return errno == EAGAIN || errno == EINTR ? .wantsWriting : .failed
            }
            switch step {
            case .done(let count): sent += count
            case .wantsReading: try wait(for: POLLIN, deadline, late: .noAnswer)
            case .wantsWriting: try wait(for: POLLOUT, deadline, late: .noAnswer)
            case .closed, .failed: throw .cutOff
            }
        }
    }

    /// Waits for bytes and puts them at the start of `buffer`; 0 when the connection has ended.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, _ deadline: Instant, late: HTTPFault
    ) throws(HTTPFault) -> Int {
        while true {
            let step: TLSClientConnection.Step
            if let tls {
                step = tls.read(into: buffer)
            } else {
                let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                step =
                    count > 0
                    ? .done(count) : count == 0 ? .closed : errno == EAGAIN || errno == EINTR ? .wantsReading : .failed
            }
            switch step {
            case .done(let count): return count
            case .closed: return 0
            case .wantsReading: try wait(for: POLLIN, deadline, late: late)
            case .wantsWriting: try wait(for: POLLOUT, deadline, late: late)
            case .failed: throw .cutOff
            }
        }
    }

    private func wait(for events: Int32, _ deadline: Instant, late: HTTPFault) throws(HTTPFault) {
        try Self.wait(descriptor, for: events, deadline, patience, late: late)
    }

    private static func wait(
        _ descriptor: Int32, for events: Int32, _ deadline: Instant, _ patience: HTTPPatience, late: HTTPFault
    ) throws(HTTPFault) {
        while true {
            guard patience.isWanted() else { throw .stopped }
            guard patience.clock.now < deadline else { throw late }
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            if poll(&entry, 1, pace) > 0 { return }
        }
    }
}
