internal import Bytes
internal import FeedStatus
internal import HTTP
internal import Origin
internal import Site
internal import Locks
internal import Telemetry

/// What answers on the HTTP port: probes of the server's health, live media, what broadcasters ask, and the pages.
final class FrontDoor: HTTPHandler {
    private let origin: Origin
    private let site: Site
    private let feedStatus: FeedStatus
    private let isReady = Atomic(false)

    init(origin: Origin, site: Site, feedStatus: FeedStatus) {
        self.origin = origin
        self.site = site
        self.feedStatus = feedStatus
    }

    /// From now on `/readyz` says whether the server takes traffic.
    func setReady(_ ready: Bool) { isReady.store(ready, ordering: .releasing) }

    func respond(to request: HTTPRequest) -> HTTPAnswer {
        if request.path.hasPrefix("/live/") { return origin.respond(to: request) }
        switch request.path {
        case FeedStatus.path: return feedStatus.respond(to: request)
        case "/healthz": return .response(Self.alive)
        case "/readyz": return .response(isReady.load(ordering: .acquiring) ? Self.ready : Self.notReady)
        default: return site.respond(to: request) ?? .response(Self.notFound)
        }
    }

    private static let alive = plain(200, "alive")
    private static let ready = plain(200, "ready")
    private static let notReady = plain(503, "not ready")
    private static let notFound = plain(404, "There is nothing here")

    private static func plain(_ status: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: Origin.commonHeaders + [
                ("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"),
            ], body: .chunk(ByteChunk([UInt8]((text + "\n").utf8))))
    }
}

/// `/metrics`, on a listener of its own.
struct MetricsDoor: HTTPHandler {
    private let registry: MetricsRegistry
    private let http: HTTPServer
    private let connections: Gauge
    private let parked: Gauge

    /// Shows `registry`, and what `http` does at the moment of asking.
    init(_ registry: MetricsRegistry, http: HTTPServer) {
        self.registry = registry
        self.http = http
        connections = registry.gauge("headwater_http_connections", help: "Open connections of players and people.")
        parked = registry.gauge("headwater_http_parked_requests", help: "Requests that wait for what comes next.")
    }

    func respond(to request: HTTPRequest) -> HTTPAnswer {
        guard request.path == "/metrics" else { return .response(HTTPResponse(status: 404)) }
        connections.set(http.connectionCount)
        parked.set(http.parkedCount)
        return .response(
            HTTPResponse(
                status: 200, headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")],
                body: .chunk(ByteChunk([UInt8](registry.prometheusText().utf8)))))
    }
}
