internal import CSRT
internal import Glibc
internal import Locks
public import Sockets

/// A UDP port at which SRT callers are awaited. SRT API, "Listener".
///
/// Nobody is heard before `accept` waits, and libsrt costs nothing before the first call. Connections that were accepted
/// outlive it. They keep the port, and libsrt keeps it for another four seconds: until then no other process can have it,
/// while another listener of this process can.
public final class SRTListener: Sendable {
    private let handle: SRTHandle
    /// libsrt has a bare pointer to it until the socket is closed.
    private let gate: SRTCallGate
    private let isOver = Atomic(false)
    /// The port while nobody has called; nothing where libsrt has had it from the start.
    private let port: SRTPort?
    /// Where callers are awaited, with the port that the system chose where 0 was asked for.
    public let address: SocketAddress

    /// Awaits callers at `address`. The unspecified IPv6 address takes IPv4 callers too.
    ///
    /// `decide` is called on libsrt's thread, which serves all connections of the port: it must not wait for anything, and
    /// must not use the listener. A caller that misses the answer calls again, so that `decide` may hear of it twice. Whom
    /// it accepts may still fail at the passphrase: only what `accept` returns is a connection, and `failed` is told of the
    /// others, on that thread too and within a lock of libsrt, so that it uses no socket.
    public init(
        _ address: SocketAddress, options: SRTOptions = SRTOptions(),
        failed: @escaping @Sendable (SRTCallRequest, SRTHandshakeFault) -> Void = { _, _ in },
        decide: @escaping @Sendable (SRTCallRequest) -> SRTDecision
    ) throws(SRTError) {
        let handle = try SRTHandle.open()
        let gate = SRTCallGate(options: options, decide: decide, failed: failed)
        gate.beginHearing()
        do throws(SRTError) {
            try options.apply(to: handle)
            if address.host.contains(":") { try handle.set(SRTO_IPV6ONLY, "ipv6only", Int32(0)) }
            if let port = SRTPort(address, receiveBuffer: options.systemReceiveBuffer) {
                (self.port, self.address) = (port, port.address)
            } else {
                // A port that connections of this process keep, or none at all.
                try Self.bind(handle, to: address)
                self.address = try Self.listen(handle, at: address, gate)
                port = nil
            }
        } catch {
            handle.close()
            gate.endHearing()
            throw error
        }
        self.handle = handle
        self.gate = gate
    }

    deinit { shutDown() }

    private static func bind(_ handle: SRTHandle, to address: SocketAddress) throws(SRTError) {
        let bound = address.withSystemAddress { srt_bind(handle.number, $0, Int32($1)) }
        guard let bound else { throw .unknownHost(address.host) }
        guard bound == 0 else { throw .last("srt_bind", at: address.description) }
    }

    private static func listen(
        _ handle: SRTHandle, at address: SocketAddress, _ gate: SRTCallGate
    ) throws(SRTError) -> SocketAddress {
        let called = srt_listen_callback(
            handle.number,
            { context, socket, version, peer, text in
                guard let context, let peer else { return -1 }
                let length = text.map { strlen($0) } ?? 0
                let streamID = UnsafeRawBufferPointer(start: text, count: length)
                let request = SRTCallRequest(
                    streamID: Array(streamID), peer: SocketAddress(peer), handshakeVersion: Int(version))
                let gate = Unmanaged<SRTCallGate>.fromOpaque(context).takeUnretainedValue()
                return SRTHandle(socket).answer(gate.decision(about: request, number: socket), gate.options)
            }, Unmanaged.passUnretained(gate).toOpaque())
        guard called == 0 else { throw .last("srt_listen_callback", at: address.description) }
        guard srt_listen(handle.number, 256) == 0 else { throw .last("srt_listen", at: address.description) }
        var actual = sockaddr_storage()
        var size = Int32(MemoryLayout<sockaddr_storage>.size)
        let port = withUnsafeMutablePointer(to: &actual) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                srt_getsockname(handle.number, $0, &size) == 0 ? SocketAddress($0).port : address.port
            }
        }
        return SocketAddress(host: address.host, port: port)
    }

    /// Waits for the next connection; nothing once the listener was shut down.
    public func accept() -> SRTSocket? {
        while !isOver.load(ordering: .acquiring) {
            guard hasBegun() else { continue }
            var peer = sockaddr_storage()
            var size = Int32(MemoryLayout<sockaddr_storage>.size)
            let (number, address) = withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    (srt_accept(handle.number, $0, &size), SocketAddress($0))
                }
            }
            if number != SRT_INVALID_SOCK {
                return SRTSocket(SRTHandle(number), peer: address, options: gate.options)
            }
            // A connection can break before it is accepted. Whatever else it is, it does not come as fast as it can.
            usleep(10_000)
        }
        return nil
    }

    /// True when libsrt awaits callers; else waits for the first of them, for a moment.
    private func hasBegun() -> Bool {
        guard let port, port.isOurs else { return true }
        guard port.wait() else { return false }
        let isTaken = port.handOver { srt_bind_acquire(handle.number, $0) == 0 }
        guard isTaken else {
            // There is no thread to be had for it now, say. Who calls calls again.
            usleep(100_000)
            return false
        }
        // The options were taken when it was made: nothing is left that could be wrong.
        _ = try? Self.listen(handle, at: address, gate)
        return true
    }

    /// Ends `accept`, now and from now on, and awaits nobody any more. Connections that were not accepted are closed.
    public func shutDown() {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else { return }
        port?.close()
        // Waits for the decision that is under way, and no other begins after it.
        handle.close()
        gate.endHearing()
    }
}

extension SRTHandle {
    /// Has libsrt do as was decided about this socket, which is being connected: 0 to go on, -1 to refuse.
    fileprivate func answer(_ decision: SRTDecision, _ options: SRTOptions) -> Int32 {
        switch decision {
        case .refuse(let reason):
            srt_setrejectreason(number, reason.rawValue)
            return -1
        case .accept(let passphrase, let latency):
            do throws(SRTError) {
                if let passphrase { try set(passphrase: passphrase) }
                if let latency {
                    try set(SRTO_RCVLATENCY, "latency", latency.milliseconds)
                    // libsrt binds the socket, and makes its buffers, only behind this.
                    try options.setBuffers(of: self, to: options.packets(for: latency))
                }
                return 0
            } catch {
                // Nobody is let in without the passphrase that should have been asked for.
                srt_setrejectreason(number, SRTRejection.internalError.rawValue)
                return -1
            }
        }
    }
}
