internal import Bytes
internal import CCurl
internal import HLSRules
internal import Time

/// An HTTP client with one connection that is kept open; for one thread.
struct HTTPClient: ~Copyable {
    struct Answer {
        var status = 0
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
        var firstByteAt: Instant?
    }

    /// Takes what libcurl hands over during a request.
    private final class Collector {
        let clock = SystemClocks()
        var answer = Answer()
    }

    private let handle: OpaquePointer
    /// A client that waits at most `timeout` seconds for each answer, and that trusts the certificates in the file
    /// `authorities` instead of the system's where one is named.
    init?(timeout: Int, authorities: String?) {
        guard let pointer = curl_easy_init() else { return nil }
        handle = OpaquePointer(pointer)
        _ = ccurl_set_long(pointer, CURLOPT_TIMEOUT, timeout)
        _ = ccurl_set_long(pointer, CURLOPT_NOSIGNAL, 1)
        if let authorities { _ = ccurl_set_string(pointer, CURLOPT_CAINFO, authorities) }
        _ = ccurl_set_write_function(pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let collector = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
            if collector.answer.firstByteAt == nil { collector.answer.firstByteAt = collector.clock.now }
            collector.answer.body.append(
                contentsOf: UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes), count: size * count))
            return size * count
        }
        _ = ccurl_set_write_function(pointer, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let line = String(
                decoding: UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes), count: size * count), as: UTF8.self)
            guard let colon = line.firstIndex(of: ":") else { return size * count }
            let value = line[line.index(after: colon)...].drop { $0 == " " }.prefix { !$0.isNewline }
            Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue().answer.headers
                .append((line[..<colon].lowercased(), String(value)))
            return size * count
        }
    }

    deinit { curl_easy_cleanup(UnsafeMutableRawPointer(handle)) }

    /// The answer to GET `url`, or to GET of a range of it; nothing when there was none.
    func get(_ url: String, range: MediaPlaylist.ByteRange? = nil, acceptsGzip: Bool) -> Answer? {
        let pointer = UnsafeMutableRawPointer(handle)
        let collector = Collector()
        let context = Unmanaged.passUnretained(collector).toOpaque()
        _ = ccurl_set_string(pointer, CURLOPT_URL, url)
        let bytes = range.map { "\($0.start)-\($0.start + $0.length - 1)" }
        _ = ccurl_set_string(pointer, CURLOPT_RANGE, bytes)
        _ = ccurl_set_string(pointer, CURLOPT_ACCEPT_ENCODING, acceptsGzip ? "gzip" : nil)
        _ = ccurl_set_pointer(pointer, CURLOPT_WRITEDATA, context)
        _ = ccurl_set_pointer(pointer, CURLOPT_HEADERDATA, context)
        let code = withExtendedLifetime(collector) { curl_easy_perform(pointer) }
        guard code == CURLE_OK else { return nil }
        var status = 0
        _ = ccurl_get_long(pointer, CURLINFO_RESPONSE_CODE, &status)
        collector.answer.status = status
        return collector.answer
    }
}
