internal import Glibc

/// What the server answers by itself.
struct Refusals: Sendable {
    let badRequest: HTTPResponse
    let contentTooLarge: HTTPResponse
    let fieldsTooLarge: HTTPResponse
    let internalError: HTTPResponse
    let stopping: HTTPResponse
    let tooManyParked: HTTPResponse
    let tooManyConnections: HTTPResponse

    init(commonHeaders: [(String, String)]) {
        badRequest = HTTPResponse(status: 400, headers: commonHeaders)
        contentTooLarge = HTTPResponse(status: 413, headers: commonHeaders)
        fieldsTooLarge = HTTPResponse(status: 431, headers: commonHeaders)
        internalError = HTTPResponse(status: 500, headers: commonHeaders)
        tooManyParked = HTTPResponse(status: 503, headers: commonHeaders + [("Retry-After", "1")])
        tooManyConnections = HTTPResponse(
            status: 503, headers: commonHeaders + [("Retry-After", "1"), ("Connection", "close")])
        stopping = HTTPResponse(status: 503, headers: commonHeaders + [("Connection", "close")])
    }

    /// `refusal` as bytes for a connection that libmicrohttpd can no longer answer on and is about to close.
    static func lastWords(_ refusal: HTTPResponse) -> [UInt8] {
        let reason =
            switch refusal.status {
            case 400: "Bad Request"
            case 413: "Content Too Large"
            case 431: "Request Header Fields Too Large"
            default: "Internal Server Error"
            }
        var text = "HTTP/1.1 \(refusal.status) \(reason)\r\nDate: \(date())\r\n"
        for (name, value) in refusal.headers where !(name + value).utf8.contains(where: { $0 == 13 || $0 == 10 }) {
            text += "\(name): \(value)\r\n"
        }
        return Array((text + "Connection: close\r\nContent-Length: 0\r\n\r\n").utf8)
    }

    /// Now, as RFC 9110 §5.6.7 writes it.
    private static func date() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let date = "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        return "\(days[Int(parts.tm_wday)]), \(date) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
