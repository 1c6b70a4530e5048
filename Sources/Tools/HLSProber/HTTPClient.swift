internal import Bytes
internal import CCurl
internal import HLSRules

/// An HTTP client with one connection that is kept open; for one thread.
struct HTTPClient: ~Copyable {
    struct Answer {
        var status = 0
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
    }

    /// Takes what libcurl hands over during a request.
    private final class Collector {
        var answer = Answer()
    }

    private let handle: OpaquePointer
    /// A client that waits at most `timeout` seconds for each answer.
    init?(timeout: Int) {
        guard let pointer = curl_easy_init() else { return nil }
        handle = OpaquePointer(pointer)
        _ = ccurl_set_long(pointer, CURLOPT_TIMEOUT, timeout)
        _ = ccurl_set_long(pointer, CURLOPT_NOSIGNAL, 1)
        _ = ccurl_set_write_function(pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let collector = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
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
    func get(_ url: String, range: MediaPlaylist.ByteRange? = nil) -> Answer? {
        let pointer = UnsafeMutableRawPointer(handle)
        let collector = Collector()
        let context = Unmanaged.passUnretained(collector).toOpaque()
        _ = ccurl_set_string(pointer, CURLOPT_URL, url)
        if let range {
            // A part of a compressed body could not be decompressed.
            _ = ccurl_set_string(pointer, CURLOPT_RANGE, "\(range.start)-\(range.start + range.length - 1)")
            _ = ccurl_set_string(pointer, CURLOPT_ACCEPT_ENCODING, nil)
        } else {
            _ = ccurl_set_string(pointer, CURLOPT_RANGE, nil)
            _ = ccurl_set_string(pointer, CURLOPT_ACCEPT_ENCODING, "gzip")
        }
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
