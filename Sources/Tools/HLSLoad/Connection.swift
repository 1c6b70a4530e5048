internal import Crypto
internal import HLSLoadModel
internal import Sockets

/// One keep-alive connection of a viewer, with the request that is under way on it.
final class Connection {
    enum State { case closed, idle, connecting, shakingHands, sending, receiving }

    /// What a request is for.
    enum Purpose {
        case presentation
        case playlist(rendition: Int, awaited: MediaView.Place?)
        case media(rendition: Int, RenditionProgress.Fetch)

        var keepsBody: Bool { if case .media = self { false } else { true } }
    }

    /// How far the connection came.
    enum Step {
        case waits(SocketPoller.Interest)
        case answered(ResponseReader.Body)
        /// The connection ended before the answer did.
        case lost(FailureKind)
        case failed(FailureKind)
    }

    let viewer: Viewer
    let index: Int
    /// Tells this connection from those that had its place before.
    private var generation: UInt64 = 0
    private var transport: Transport?
    private var state = State.closed
    private var interest = SocketPoller.Interest.writing
    private(set) var resource: Resource?
    private(set) var purpose = Purpose.presentation
    private(set) var requestedAt: Int64 = 0
    private(set) var reader = ResponseReader(keepsBody: false)
    private var sent = 0
    private var isReused = false
    private var hasReceived = false
    /// True once the server has closed it between two requests.
    private(set) var wasClosed = false
    /// True while it waits for a retry or for the time of the next reload.
    var isWaiting = false

    init(index: Int, viewer: Viewer) {
        self.index = index
        self.viewer = viewer
    }

    var token: UInt64 { generation << 32 | UInt64(index) }
    var isBusy: Bool { state != .closed && state != .idle }
    /// True when another request may begin.
    var isFree: Bool { !isBusy && !isWaiting }
    /// True where browsers repeat a request: the server closed the connection before it saw it.
    var mayRepeat: Bool { isReused && !hasReceived }

    /// Prepares a request. Returns whether the connection that stands can take it.
    func begin(_ resource: Resource, _ purpose: Purpose, at now: Int64) -> Bool {
        self.resource = resource
        self.purpose = purpose
        requestedAt = now
        reader = ResponseReader(keepsBody: purpose.keepsBody)
        sent = 0
        hasReceived = false
        isReused = state == .idle && transport?.server == resource.server
        if isReused { state = .sending }
        return isReused
    }

    /// Connects for the request that was prepared.
    func open(
        to address: SocketAddress, of server: ServerAddress, _ client: TLSClient, _ poller: SocketPoller
    ) throws(FailureKind) {
        close()
        (isReused, wasClosed, sent) = (false, false, 0)
        let transport = try Transport(to: address, of: server, from: viewer.source, client)
        self.transport = transport
        state = .connecting
        interest = .writing
        poller.add(transport.descriptor, token: token, .writing)
    }

    /// Ends the connection; `byServer` when it was the server's decision, between two requests.
    func close(byServer: Bool = false) {
        transport = nil
        generation &+= 1
        state = .closed
        if byServer { wasClosed = true }
    }

    func wait(for interest: SocketPoller.Interest, _ poller: SocketPoller) {
        guard interest != self.interest, let transport else { return }
        self.interest = interest
        poller.change(transport.descriptor, token: token, interest)
    }

    /// Goes on as far as the socket allows. What is read passes through `buffer`; `count` grows by it.
    func proceed(_ buffer: UnsafeMutableRawBufferPointer, counting count: inout Int) -> Step {
        guard let transport else { return .lost(.closed) }
        if state == .connecting {
            if let failure = transport.failure { return .failed(failure) }
            state = .shakingHands
        }
        if state == .shakingHands {
            switch transport.handshake() {
            case .done: state = .sending
            case .wantsReading: return .waits(.reading)
            case .wantsWriting: return .waits(.writing)
            case .closed, .failed: return .failed(.tls)
            }
        }
        if state == .sending {
            if let step = send(over: transport) { return step }
            state = .receiving
            return .waits(.reading)
        }
        return receive(from: transport, buffer, &count)
    }

    /// Sends the rest of the request; nothing when it is out.
    private func send(over transport: Transport) -> Step? {
        guard let request = resource?.request else { return nil }
        while sent < request.count {
            let result = request.withUnsafeBytes { bytes in
                transport.write(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            }
            switch result {
            case .done(let count): sent += count
            case .wantsReading: return .waits(.reading)
            case .wantsWriting: return .waits(.writing)
            case .closed: return .lost(.closed)
            case .failed: return .lost(.reset)
            }
        }
        return nil
    }

    private func receive(
        from transport: Transport, _ buffer: UnsafeMutableRawBufferPointer, _ count: inout Int
    ) -> Step {
        while true {
            let discardable = reader.discardable
            // Of a body that nobody reads, little comes along with the head or with the size of a chunk.
            let room = discardable > 0 ? discardable : purpose.keepsBody ? buffer.count : 2048
            switch transport.read(into: buffer, room: room, discarding: discardable > 0) {
            case .done(let received):
                hasReceived = true
                count += received
                do throws(MalformedResponse) {
                    let bytes = Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(buffer))
                    let body =
                        discardable > 0
                        ? reader.skip(received) : try reader.receive(bytes.extracting(0..<received))
                    guard let body else { continue }
                    state = .idle
                    return .answered(body)
                } catch {
                    return .failed(.malformed(error))
                }
            case .wantsReading: return .waits(.reading)
            case .wantsWriting: return .waits(.writing)
            case .closed:
                guard reader.endsWithConnection, state == .receiving else { return .lost(.closed) }
                state = .idle
                return .answered(.collected)
            case .failed: return .lost(.reset)
            }
        }
    }
}
