internal import Sockets
internal import Telemetry

/// The sockets that the server listens with: those that it has inherited, and for the rest its own.
struct Listeners {
    let http: TCPListener
    let rtmp: TCPListener
    /// Nothing without a certificate.
    let rtmps: TCPListener?
    let metrics: TCPListener

    init(_ settings: ServerSettings, inherited: InheritedSockets, logger: Logger) throws(StartupError) {
        let metricsAddress = ListenAddress(settings.metrics.listen)?.address
        var places = [
            InheritedSockets.Listener(
                name: "http",
                address: SocketAddress(host: settings.http.address, port: UInt16(clamping: settings.http.port))),
            InheritedSockets.Listener(
                name: "rtmp",
                address: SocketAddress(host: settings.rtmp.address, port: UInt16(clamping: settings.rtmp.port))),
            InheritedSockets.Listener(
                name: "metrics", address: metricsAddress ?? SocketAddress(host: "127.0.0.1", port: 9464)),
        ]
        if settings.rtmps.certificate != nil {
            places.append(
                InheritedSockets.Listener(
                    name: "rtmps",
                    address: SocketAddress(host: settings.rtmps.address, port: UInt16(clamping: settings.rtmps.port))))
        }
        let assigned: [String: ListeningSocket]
        do throws(InheritedSockets.Fault) {
            assigned = try inherited.assigned(to: places)
        } catch {
            throw StartupError(description: error.description)
        }
        var listeners: [TCPListener] = []
        for (place, title) in zip(places, ["HTTP", "RTMP", "metrics", "RTMPS"]) {
            do throws(SocketError) {
                guard let socket = assigned[place.name] else {
                    listeners.append(try TCPListener(place.address))
                    continue
                }
                listeners.append(try TCPListener(socket))
                logger.info(
                    "server.socket_inherited",
                    [
                        "listener": .public(place.name), "descriptor": .public(socket.descriptor),
                        "port": .public(socket.address.port),
                    ])
            } catch {
                throw StartupError(description: "\(title): \(error)")
            }
        }
        (http, rtmp, metrics) = (listeners[0], listeners[1], listeners[2])
        rtmps = listeners.dropFirst(3).first
    }
}
