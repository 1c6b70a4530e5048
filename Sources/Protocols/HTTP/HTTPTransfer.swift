internal import CCurl
internal import Crypto
internal import Glibc
internal import Sockets
internal import Time

/// One request of libcurl over a connection of its own, and its answer, which is read bit by bit; for one thread.
///
/// Redirects are answers like others. There are no proxies, also not those that the environment names, no cookies and no
/// stored answers. Certificates are verified with the system's authorities. Of the body no more is held than a little more
/// than 64 KiB.
struct HTTPTransfer: ~Copyable {
    /// How often a transfer that waits asks whether it is still wanted.
    private static let pace = Duration.milliseconds(50)

    /// libcurl wants to be set up once, before it is used.
    private static let isSetUp = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    /// The system's authorities are read once, and not for each connection, as libcurl would.
    private static let trust = TLSClient(verifies: true)

    /// Where the answer is from.
    let url: HTTPURL
    private let isRedirect: Bool
    private let request: UnsafeMutableRawPointer
    private let set: UnsafeMutableRawPointer
    private let collector: HTTPCollector
    private var fields: UnsafeMutablePointer<curl_slist>?
    private let aliases: UnsafeMutablePointer<curl_slist>?
    /// What it came to, once it has ended.
    private var result: CURLcode?

    /// A request of `url` that is not made yet. Only addresses that `permits` says yes to are connected to; it is asked for
    /// each one right before. `isRedirect` says whether another answer led there.
    init(
        _ url: HTTPURL, headLimit: Int = 32 << 10, isRedirect: Bool = false,
        permits: @escaping (SocketAddress) -> Bool = { _ in true }
    ) throws(HTTPFault) {
        guard Self.isSetUp, let request = curl_easy_init() else { throw .unreachable(ENOMEM) }
        guard let set = curl_multi_init() else {
            curl_easy_cleanup(request)
            throw .unreachable(ENOMEM)
        }
        (self.url, self.isRedirect, self.request, self.set) = (url, isRedirect, request, set)
        collector = HTTPCollector(headLimit: headLimit, permits: permits)
        // What servers of radio say in place of "HTTP/1.0 200".
        aliases = curl_slist_append(nil, "ICY 200")
        // It is used for this alone.
        fields = curl_slist_append(nil, "Connection: close")
        setOptions()
        setCallbacks()
    }

    deinit {
        curl_multi_remove_handle(set, request)
        curl_easy_cleanup(request)
        curl_multi_cleanup(set)
        curl_slist_free_all(fields)
        curl_slist_free_all(aliases)
    }

    private func setOptions() {
        _ = ccurl_set_string(request, CURLOPT_URL, url.authorizedText)
        _ = ccurl_set_string(request, CURLOPT_USERAGENT, "headwater")
        _ = ccurl_set_string(request, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = ccurl_set_long(request, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        _ = ccurl_set_list(request, CURLOPT_HTTP200ALIASES, aliases)
        _ = ccurl_set_long(request, CURLOPT_FOLLOWLOCATION, 0)
        _ = ccurl_set_string(request, CURLOPT_PROXY, "")
        _ = ccurl_set_string(request, CURLOPT_NOPROXY, "*")
        _ = ccurl_set_long(request, CURLOPT_NOSIGNAL, 1)
        // A name that is still being looked up holds nobody up when the request is given up.
        _ = ccurl_set_long(request, CURLOPT_QUICK_EXIT, 1)
        _ = ccurl_set_string(request, CURLOPT_CAINFO, nil)
        _ = ccurl_set_string(request, CURLOPT_CAPATH, nil)
        _ = ccurl_set_long(request, CURLOPT_CA_CACHE_TIMEOUT, 0)
        _ = ccurl_set_tls_function(request, CURLOPT_SSL_CTX_FUNCTION) { _, context, _ in
            guard let context, let trust = HTTPTransfer.trust else { return CURLE_SSL_CERTPROBLEM }
            trust.lendAuthorities(to: context)
            return CURLE_OK
        }
    }

    private func setCallbacks() {
        let context = Unmanaged.passUnretained(collector).toOpaque()
        _ = ccurl_set_pointer(request, CURLOPT_OPENSOCKETDATA, context)
        _ = ccurl_set_socket_function(request, CURLOPT_OPENSOCKETFUNCTION) { context, _, address in
            guard let context, let address else { return CURL_SOCKET_BAD }
            return Unmanaged<HTTPCollector>.fromOpaque(context).takeUnretainedValue().open(address)
        }
        _ = ccurl_set_pointer(request, CURLOPT_HEADERDATA, context)
        _ = ccurl_set_write_function(request, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let line = UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes), count: size * count)
            let isTaken = Unmanaged<HTTPCollector>.fromOpaque(context).takeUnretainedValue().take(head: line)
            return isTaken ? size * count : 0
        }
        _ = ccurl_set_pointer(request, CURLOPT_WRITEDATA, context)
        _ = ccurl_set_write_function(request, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let piece = UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes), count: size * count)
            let isTaken = Unmanaged<HTTPCollector>.fromOpaque(context).takeUnretainedValue().take(body: piece)
            return isTaken ? size * count : Int(CURL_WRITEFUNC_PAUSE)
        }
    }

    // MARK: The request

    /// Asks for the bytes from `offset` on, up to `end` where one is given.
    mutating func get(from offset: Int64 = 0, to end: Int64? = nil) {
        if offset > 0 || end != nil {
            _ = ccurl_set_string(request, CURLOPT_RANGE, "\(offset)-\(end.map { String($0 - 1) } ?? "")")
        }
        begin()
    }

    /// Hands that over.
    mutating func post(_ body: [UInt8], headers: [(name: String, value: String)]) {
        // libcurl would wait for a "100 Continue" of large bodies.
        fields = curl_slist_append(fields, "Expect:")
        for field in headers { fields = curl_slist_append(fields, "\(field.name): \(field.value)") }
        _ = ccurl_set_long(request, CURLOPT_POST, 1)
        _ = ccurl_set_long(request, CURLOPT_POSTFIELDSIZE, body.count)
        var body = body.isEmpty ? [0] : body
        body.withUnsafeMutableBytes { _ = ccurl_set_pointer(request, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
        begin()
    }

    private func begin() {
        _ = ccurl_set_list(request, CURLOPT_HTTPHEADER, fields)
        curl_multi_add_handle(set, request)
    }

    // MARK: The answer

    /// Waits for the head of the answer, as long as `isWanted`, and answers its status.
    mutating func head(
        until deadline: Instant, of clock: some MonotonicClock, while isWanted: () -> Bool
    ) throws(HTTPFault) -> Int {
        while true {
            // Others come before it: RFC 9110 §15.2.
            if collector.isHeadWhole, status >= 200 { return status }
            if let result { throw fault(result) }
            try proceed(until: deadline, of: clock, late: .noAnswer, while: isWanted)
        }
    }

    /// The status of the head that came last.
    var status: Int {
        var status = 0
        _ = ccurl_get_long(request, CURLINFO_RESPONSE_CODE, &status)
        return status
    }

    /// The value of the first field of that name in the head.
    subscript(name: String) -> String? {
        var field: UnsafeMutablePointer<curl_header>?
        guard curl_easy_header(request, name, 0, UInt32(CURLH_HEADER), -1, &field) == CURLHE_OK, let field else {
            return nil
        }
        return String(cString: field.pointee.value)
    }

    /// Waits until there is something of the body to take; false at its end.
    mutating func receive(
        until deadline: Instant, of clock: some MonotonicClock, late: HTTPFault, while isWanted: () -> Bool
    ) throws(HTTPFault) -> Bool {
        while collector.isEmpty {
            if result == CURLE_OK { return false }
            if let result { throw fault(result) }
            try proceed(until: deadline, of: clock, late: late, while: isWanted)
        }
        return true
    }

    /// Hands what came of the body to `use`, which answers how much of it is not wanted any more.
    func take(_ use: (UnsafeRawBufferPointer) -> Int) { collector.take(use) }

    /// Waits for a moment, and does what can be done then.
    private mutating func proceed(
        until deadline: Instant, of clock: some MonotonicClock, late: HTTPFault, while isWanted: () -> Bool
    ) throws(HTTPFault) {
        guard isWanted() else { throw .stopped }
        let left = deadline - clock.now
        guard left > .zero else { throw isConnected ? late : .unreachable(ETIMEDOUT) }
        if collector.goesOn() { curl_easy_pause(request, CURLPAUSE_CONT) }
        curl_multi_poll(set, nil, 0, Int32(min(left, Self.pace) / .milliseconds(1)) + 1, nil)
        var (running, messages): (Int32, Int32) = (0, 0)
        guard curl_multi_perform(set, &running) == CURLM_OK else { throw .malformed }
        if let message = curl_multi_info_read(set, &messages), message.pointee.msg == CURLMSG_DONE {
            result = message.pointee.data.result
        }
    }

    private var isConnected: Bool {
        var time = 0.0
        _ = ccurl_get_double(request, CURLINFO_CONNECT_TIME, &time)
        return time > 0
    }
}

// MARK: - Faults

extension HTTPTransfer {
    /// Why it ended like that before its end.
    private func fault(_ code: CURLcode) -> HTTPFault {
        if let fault = collector.fault { return fault }
        switch code {
        case CURLE_URL_MALFORMAT: return .badAddress
        case CURLE_COULDNT_RESOLVE_HOST: return .unknownHost
        case CURLE_COULDNT_CONNECT:
            return collector.hasRefused && !collector.hasPermitted
                ? .forbiddenAddress(isRedirect: isRedirect)
                : .unreachable(systemError == 0 ? collector.socketError : systemError)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return .insecure
        case CURLE_GOT_NOTHING: return .hungUp
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            guard collector.headLength > 0 else { return .hungUp }
            // Chunks that are none are called that, too.
            return self["transfer-encoding"] == nil || systemError == ECONNRESET ? .cutOff : .malformed
        case CURLE_OK, CURLE_PARTIAL_FILE: return .cutOff
        // A line of the head has no end.
        case CURLE_OUT_OF_MEMORY: return .endlessHeaders
        default: return .malformed
        }
    }

    /// The system's error number of the last call that failed.
    private var systemError: Int32 {
        var code = 0
        _ = ccurl_get_long(request, CURLINFO_OS_ERRNO, &code)
        return Int32(clamping: code)
    }
}
