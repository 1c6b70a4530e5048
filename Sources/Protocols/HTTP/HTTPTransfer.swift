internal import CCurl

/// One request of libcurl and what has come of its answer; for one thread.
struct HTTPTransfer: ~Copyable {
    /// What libcurl hands over.
    private final class Collector {
        let headLimit: Int
        let bodyLimit: Int
        var headLength = 0
        /// Whether the empty line came that ends the head. libcurl takes a head that is cut off for a whole one.
        var isHeadWhole = false
        var body: [UInt8] = []
        var isTooLong = false

        init(headLimit: Int, bodyLimit: Int) { (self.headLimit, self.bodyLimit) = (headLimit, bodyLimit) }

        /// Takes a line of the head.
        func take(head line: UnsafeRawBufferPointer) -> Bool {
            headLength += line.count
            if line.starts(with: "HTTP/".utf8) { isHeadWhole = false }
            if line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) { isHeadWhole = true }
            isTooLong = isTooLong || headLength > headLimit
            return !isTooLong
        }

        func take(body bytes: UnsafeRawBufferPointer) -> Bool {
            isTooLong = isTooLong || body.count + bytes.count > bodyLimit
            if !isTooLong { body.append(contentsOf: bytes) }
            return !isTooLong
        }
    }

    /// libcurl wants to be set up once, before it is used.
    private static let isSetUp = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let request: UnsafeMutableRawPointer
    private let set: UnsafeMutableRawPointer
    private let collector: Collector
    private var headers: UnsafeMutablePointer<curl_slist>?

    /// A request of nothing yet; nothing when libcurl has no memory for it.
    init?(headLimit: Int, bodyLimit: Int) {
        guard Self.isSetUp, let request = curl_easy_init() else { return nil }
        guard let set = curl_multi_init() else {
            curl_easy_cleanup(request)
            return nil
        }
        (self.request, self.set) = (request, set)
        collector = Collector(headLimit: headLimit, bodyLimit: bodyLimit)
        setLimits()
        let context = Unmanaged.passUnretained(collector).toOpaque()
        _ = ccurl_set_pointer(request, CURLOPT_WRITEDATA, context)
        _ = ccurl_set_pointer(request, CURLOPT_HEADERDATA, context)
        _ = ccurl_set_write_function(request, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let piece = UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes), count: size * count)
            let isTaken = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue().take(body: piece)
            return isTaken ? size * count : 0
        }
        _ = ccurl_set_write_function(request, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let line = UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes), count: size * count)
            let isTaken = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue().take(head: line)
            return isTaken ? size * count : 0
        }
    }

    deinit {
        curl_multi_remove_handle(set, request)
        curl_easy_cleanup(request)
        curl_multi_cleanup(set)
        curl_slist_free_all(headers)
    }

    private func setLimits() {
        _ = ccurl_set_long(request, CURLOPT_NOSIGNAL, 1)
        // A name that is still being looked up holds nobody up when the request is given up.
        _ = ccurl_set_long(request, CURLOPT_QUICK_EXIT, 1)
        _ = ccurl_set_long(request, CURLOPT_FOLLOWLOCATION, 0)
        _ = ccurl_set_string(request, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = ccurl_set_long(request, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        _ = ccurl_set_string(request, CURLOPT_PROXY, "")
        _ = ccurl_set_string(request, CURLOPT_NOPROXY, "*")
        _ = ccurl_set_string(request, CURLOPT_USERAGENT, "headwater")
    }

    /// Asks for that.
    mutating func prepare(post body: [UInt8], to url: String, headers fields: [(name: String, value: String)]) {
        // libcurl would wait for a "100 Continue" of large bodies.
        headers = curl_slist_append(headers, "Expect:")
        for field in fields { headers = curl_slist_append(headers, "\(field.name): \(field.value)") }
        _ = ccurl_set_list(request, CURLOPT_HTTPHEADER, headers)
        _ = ccurl_set_string(request, CURLOPT_URL, url)
        _ = ccurl_set_long(request, CURLOPT_POST, 1)
        _ = ccurl_set_long(request, CURLOPT_POSTFIELDSIZE, body.count)
        var body = body.isEmpty ? [0] : body
        body.withUnsafeMutableBytes { _ = ccurl_set_pointer(request, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
        curl_multi_add_handle(set, request)
    }

    /// Does what can be done at once, and says whether there is more to come.
    func isRunning() throws(HTTPClientError) -> Bool {
        var running: Int32 = 0
        guard curl_multi_perform(set, &running) == CURLM_OK else { throw .broken("libcurl failed") }
        return running > 0
    }

    /// Waits until there is something to do, for so long at most.
    func wait(milliseconds: Int) { curl_multi_poll(set, nil, 0, Int32(clamping: milliseconds), nil) }

    /// The answer, once nothing is running any more.
    func answer() throws(HTTPClientError) -> HTTPClientAnswer {
        var left: Int32 = 0
        guard let message = curl_multi_info_read(set, &left), message.pointee.msg == CURLMSG_DONE else {
            throw .broken("libcurl failed")
        }
        let code = message.pointee.data.result
        guard code == CURLE_OK else {
            throw collector.isTooLong ? .tooLong : HTTPClientError(code, hasBegun: collector.headLength > 0)
        }
        guard collector.isHeadWhole else { throw .broken("the head is not whole") }
        var status = 0
        _ = ccurl_get_long(request, CURLINFO_RESPONSE_CODE, &status)
        return HTTPClientAnswer(status: status, body: collector.body)
    }
}

extension HTTPClientError {
    /// `hasBegun` says whether anything of an answer came.
    fileprivate init(_ code: CURLcode, hasBegun: Bool) {
        let text = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_INTERFACE_FAILED:
            self = .unreachable(text)
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR: self = hasBegun ? .broken(text) : .unreachable(text)
        default: self = .broken(text)
        }
    }
}
