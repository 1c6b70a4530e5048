internal import Bytes
internal import CMicroHTTPD
internal import Glibc
internal import Locks

/// One client's connection and the request that it is at: what libmicrohttpd's callbacks become.
///
/// `@unchecked Sendable`: libmicrohttpd gives a connection to one worker for life, and all callbacks of the connection
/// come from that worker; no other thread sees this object.
final class ServerConnection: @unchecked Sendable {
    private enum Phase {
        /// Between two requests.
        case idle
        /// The request line was read.
        case lineRead
        /// The fields were read; the body follows, if there is one.
        case receiving
        case parked(ParkedRequest)
        case answered
    }

    let watch = ConnectionWatch()
    /// Whose connection it is, as `client_key` tells clients apart.
    let client: UInt64

    private let core: ServerCore
    private var phase = Phase.idle
    private var method = HTTPMethod.get
    private var rawQuery = ""
    /// How long the target is, its query included, up to its end or the first NUL in it.
    private var targetLength = 0
    private var framing = mhd_framing()
    /// How long all its requests were, as far as they were read; nothing once there was one whose length is not known.
    private var requestBytes: UInt64? = 0
    private var body: [UInt8] = []
    private var status = 0
    /// True when libmicrohttpd gave the last request up after its line.
    private var wasGivenUp = false
    /// True when it is one too many: its first request is refused.
    private var isOneTooMany = false
    /// What to say before the connection is closed where libmicrohttpd would close it in silence.
    private var lastWords: HTTPResponse?

    init(_ core: ServerCore, client: UInt64) {
        self.core = core
        self.client = client
    }

    /// The connection is open; from here on it counts.
    func begin(_ descriptor: Int32) {
        guard let bound = core.sockets.insert(descriptor, watch) else { return }
        isOneTooMany = true
        core.observer?.boundReached(bound)
    }

    /// The request line is there; `query` is what follows its `?`.
    func readLine(targetLength: Int, query: UnsafeBufferPointer<UInt8>) {
        phase = .lineRead
        self.targetLength = targetLength
        wasGivenUp = false
        rawQuery = query.isEmpty ? "" : String(decoding: query, as: UTF8.self)
    }

    /// The access handler: called when the fields are there, for every piece of the body, when the request is complete,
    /// and again when a parked one was resumed. A response to a request without a body may be queued in the second call
    /// at the earliest, or libmicrohttpd closes the connection after it.
    func handle(
        _ connection: OpaquePointer, target: UnsafePointer<CChar>, method: UnsafePointer<CChar>,
        version: UnsafePointer<CChar>, upload: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        switch phase {
        case .idle, .lineRead:
            core.requestCount.add(1, ordering: .relaxed)
            self.method = HTTPMethod(String(cString: method))
            phase = .receiving
            framing = mhd_read_framing(connection, method)
            requestBytes = framing.codings > 0 ? nil : requestBytes.map { $0 + UInt64(framing.head_size) }
            if isOneTooMany { return queue(core.refusals.tooManyConnections, to: connection) }
            // One space, and no NUL, stands between the parts of the line, CR and LF behind it: RFC 9112 §3. Both are NULs
            // by now.
            guard method + strlen(method) + 1 == target, target + targetLength + 1 == version, version[9] == 0 else {
                return queue(core.refusals.badRequest, to: connection)
            }
            if let refusal = refusal(of: connection, isHTTP11: strcmp(version, "HTTP/1.1") == 0) {
                return queue(refusal, to: connection)
            }
            return true
        case .receiving where !upload.isEmpty: return receive(upload)
        case .receiving:
            guard watch.requestIsWhole() else { return false }
            return answer(connection, target: target)
        case .parked(let ticket):
            guard let response = ticket.takeResponse() else { return true }
            watch.isParked.store(false, ordering: .relaxed)
            return queue(response, to: connection)
        case .answered: return true
        }
    }

    /// The request is over, one way or another.
    func completed(_ reason: MHD_RequestTerminationCode) {
        switch phase {
        case .idle: return
        case .lineRead:
            wasGivenUp = true
            core.observer?.requestRejected()
        case .receiving, .parked, .answered:
            core.observer?.requestCompleted(
                method: method, status: status, wasDelivered: reason == .REQUEST_TERMINATED_COMPLETED_OK)
            core.requestCount.subtract(1, ordering: .releasing)
        }
        phase = .idle
        watch.awaitNextRequest()
        status = 0
        rawQuery = ""
        if !body.isEmpty { body = [] }
    }

    /// The connection is about to be closed; its socket is still open.
    func closing(_ descriptor: Int32) {
        if lastWords == nil, !core.isStopping, isClosedWithoutAnswer(descriptor) {
            // It answers a malformed field; where it stays silent after the line, it lacked memory even for that.
            lastWords = wasGivenUp ? core.refusals.fieldsTooLarge : core.refusals.badRequest
            if !wasGivenUp { core.observer?.requestRejected() }
        }
        if let lastWords {
            let bytes = Refusals.lastWords(lastWords)
            _ = send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        }
        discardInput(descriptor)
    }

    /// What is wrong with a request whose fields are there, before its body is read.
    private func refusal(of connection: OpaquePointer, isHTTP11: Bool) -> HTTPResponse? {
        // RFC 9112 §3.2, §5.1 and §6.1: what is framed in two ways, or in one that is not understood, may be two
        // requests to a proxy on the way. libmicrohttpd takes "Content-Length : 3" for a field that it does not know.
        guard framing.malformed == 0, framing.hosts == 1 || (framing.hosts == 0 && !isHTTP11),
            framing.lengths + framing.codings <= 1
        else { return core.refusals.badRequest }
        if framing.codings == 1 {
            let coding = HTTPRequest.value(of: "Transfer-Encoding", in: connection)
            return isHTTP11 && coding?.lowercased() == "chunked" ? nil : core.refusals.badRequest
        }
        if framing.lengths == 0 { return nil }
        // libmicrohttpd has checked that it is a number.
        guard let length = HTTPRequest.value(of: "Content-Length", in: connection).flatMap({ Int($0) }),
            length <= core.uploadLimit
        else { return core.refusals.contentTooLarge }
        return nil
    }

    private func receive(_ upload: UnsafeBufferPointer<UInt8>) -> Bool {
        if upload.count > core.uploadLimit - body.count { return close(saying: core.refusals.contentTooLarge) }
        body.append(contentsOf: upload)
        requestBytes = requestBytes.map { $0 + UInt64(upload.count) }
        return true
    }

    private func answer(_ connection: OpaquePointer, target: UnsafePointer<CChar>) -> Bool {
        if core.isStopping { return queue(core.refusals.stopping, to: connection) }
        let bytes = UnsafeRawBufferPointer(start: target, count: strlen(target)).bindMemory(to: UInt8.self)
        guard let path = PercentEncoding.path(ofTarget: bytes.span) else {
            return queue(core.refusals.badRequest, to: connection)
        }
        let request = HTTPRequest(
            method: method, path: path, rawQuery: rawQuery, body: body.isEmpty ? ServerCore.emptyBody : ByteChunk(body),
            source: .connection(connection))
        switch core.handler.respond(to: request) {
        case .response(let response): return queue(response, to: connection)
        case .park(let begin): return park(connection, begin)
        }
    }

    private func park(_ connection: OpaquePointer, _ begin: (ParkedRequest) -> Void) -> Bool {
        if let refusal = core.takePlace(client) { return queue(refusal, to: connection) }
        let ticket = ParkedRequest()
        begin(ticket)
        switch ticket.park(connection, of: core, client: client) {
        case .suspended:
            phase = .parked(ticket)
            watch.isParked.store(true, ordering: .relaxed)
            return true
        case .answered(let response): return queue(response, to: connection)
        case .refused: return queue(core.refusals.stopping, to: connection)
        }
    }

    private func queue(_ response: HTTPResponse, to connection: OpaquePointer) -> Bool {
        if core.isDraining, mhd_close_after_response(connection) != 0 { framing.records += 1 }
        guard response.memoryNeeded <= memoryLeft || response.memoryNeeded <= exactMemoryLeft(connection) else {
            return close(saying: core.refusals.fieldsTooLarge)
        }
        guard response.queue(to: connection) else { return close(saying: core.refusals.internalError) }
        status = response.status
        phase = .answered
        return true
    }

    private func close(saying refusal: HTTPResponse) -> Bool {
        lastWords = refusal
        status = refusal.status
        return false
    }

    /// A lower bound of what libmicrohttpd has left for the fields of a response. With less than it needs it would
    /// close the connection without a word.
    ///
    /// Its read buffer is half of the memory, and grows by 128 bytes at a time when the fields alone need more; behind
    /// them it may hold the beginning of the next request. Each field has a record of 64 bytes, and cookies are copied.
    private var memoryLeft: Int { memoryLeft(reading: max(core.connectionMemory / 2, framing.head_size + 160)) }

    /// The same for a connection on which memory is short: with what the read buffer really holds, as libmicrohttpd gives
    /// the rest of it away for records, cookies and the fields of the response. The kernel knows how much came in, and
    /// what is no part of a request that was answered stands behind this one.
    private func exactMemoryLeft(_ connection: OpaquePointer) -> Int {
        let bytesRead = socket_bytes_read(mhd_connection_socket(connection))
        guard let requestBytes, bytesRead >= requestBytes else { return 0 }
        return memoryLeft(reading: framing.head_size + 160 + Int(clamping: bytesRead - requestBytes))
    }

    private func memoryLeft(reading size: Int) -> Int {
        let (free, overflows) = core.connectionMemory.subtractingReportingOverflow(size)
        return overflows ? 0 : free - 64 * Int(framing.records) - framing.cookie_size
    }

    /// True when libmicrohttpd closes because of bytes that it could not read as a request line: it says nothing to
    /// those. The client is still there, it has sent something, and nothing was sent since.
    private func isClosedWithoutAnswer(_ descriptor: Int32) -> Bool {
        guard case .idle = phase else { return false }
        var byte: UInt8 = 0
        let peeked = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
        if peeked == 0 || (peeked < 0 && errno != EAGAIN) { return false }
        var standing = tcp_standing()
        guard tcp_read_standing(descriptor, &standing) == 1, standing.established == 1, standing.segments_received > 0,
            core.idleMilliseconds == 0 || standing.milliseconds_since_received + 500 < core.idleMilliseconds
        else { return false }
        return standing.segments_sent == 0
            || standing.milliseconds_since_received < standing.milliseconds_since_sent
    }

    /// Reads away what the client has already sent: closing with unread input resets the connection, and a reset can
    /// overtake the answer. Bounded, for it happens on a worker.
    private func discardInput(_ descriptor: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 16) { buffer in
            for _ in 0..<16 where recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT)) <= 0 {
                return
            }
        }
    }
}
