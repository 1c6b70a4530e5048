internal import Channels
internal import Configuration
internal import FeedStatus
internal import HTTP
internal import Ingest
internal import ObjectStore
internal import Origin
internal import Packaging
internal import Publishing
internal import Runtime
internal import SRT
internal import Site
public import Sockets
public import Telemetry
internal import Time
internal import Transcoding

/// Why the server cannot run, in a sentence that says what to do.
public struct StartupError: Error, CustomStringConvertible {
    /// The sentence.
    public let description: String
}

/// The composition root: settings in, running services out. The only place where the parts meet.
public final class Server: Sendable {
    private let logger: Logger
    private let directory: ChannelDirectory
    private let waker: Waker
    private let writer: WindowWriter
    private let studio: SlateStudio
    private let reader: WindowReader
    private let channelClock: ChannelClock
    private let frontDoor: FrontDoor
    private let http: HTTPServer
    private let metrics: HTTPServer
    private let rtmp: RTMPListener
    private let rtmps: RTMPListener?
    private let srt: SRTPublishers
    private let inputs: [RunningInput]
    private let demo: DemoPublisher?
    private let dataDirectory: DataDirectory

    /// What to show to whoever started the server.
    public let welcome: String

    /// Starts everything, or nothing. `inherited` are sockets to listen with in place of new ones.
    public init(
        _ settings: ServerSettings, inherited: InheritedSockets = InheritedSockets(), logger: Logger
    ) throws(StartupError) {
        self.logger = logger
        let registry = MetricsRegistry()
        let clocks = SystemClocks()
        do { dataDirectory = try DataDirectory(settings.data) } catch {
            throw StartupError(description: error.description)
        }
        let files = OpenFileLimit.raise()
        if files < settings.http.connections {
            logger.warning(
                "server.few_files",
                [
                    "limit": .public(files), "http.connections": .public(settings.http.connections),
                    "hint": .public("raise the limit of open files (ulimit -n) or lower http.connections"),
                ])
        }
        let demo = settings.demo ? DemoChannels(keptIn: dataDirectory) : nil
        let channels = (demo?.channels ?? []) + settings.channels
        let waker = Waker(clock: clocks)
        let store = LocalObjectStore(folder: settings.data)
        let announcements = Announcements(folder: settings.data)
        let remains = Remains(of: channels, in: store, announcements, clocks, logger)
        let writer = WindowWriter(
            store, restored: Array(remains.restored.values), announcements: announcements, clock: clocks,
            logger: logger, registry: registry)
        let studio = SlateStudio()
        let authorizer = PublishAuthorizer(settings.publishRules, clock: clocks, logger: logger, registry: registry)
        directory = ChannelDirectory(
            channels.map { channel in
                Channel(
                    ChannelConfiguration(
                        id: channel.id, name: channel.name ?? channel.id, streamKey: channel.streamKey,
                        secondStreamKey: channel.secondStreamKey, profile: channel.profile, tracks: channel.tracks,
                        terms: channel.terms, backup: channel.backup?.configuration(channel.latency),
                        secondPublisher: channel.secondPublisher, output: channel.output.profile,
                        slate: channel.slate.rules(title: channel.name ?? channel.id)),
                    goingOnWith: remains.restored[channel.id]?.presentation,
                    waker: waker, writer: writer, studio: studio, clock: clocks, logger: logger, registry: registry)
            }, authorizer: authorizer)
        (self.writer, self.studio) = (writer, studio)
        reader = WindowReader(store, clock: clocks)
        self.waker = waker
        frontDoor = FrontDoor(
            origin: Origin(directory, options: settings.playlists.originOptions, reader: reader, clock: clocks),
            site: try Self.site(of: channels, hls: settings.player.hls), feedStatus: FeedStatus(directory))
        let listeners = try Listeners(settings, inherited: inherited, logger: logger)
        let ingestMetrics = IngestMetrics(registry)
        let transportMetrics = TransportMetrics(registry)
        rtmp = RTMPListener(
            listeners.rtmp, gate: directory, logger: logger, metrics: ingestMetrics, clock: clocks)
        let certificate = try Self.certificate(settings.rtmps, logger, clocks)
        rtmps = listeners.rtmps.flatMap { [directory] listener in
            certificate.map { certificate in
                RTMPListener(
                    listener, tls: { certificate.current() }, gate: directory, logger: logger, metrics: ingestMetrics,
                    clock: clocks)
            }
        }
        do throws(SRTError) {
            srt = try SRTPublishers(
                SocketAddress(host: settings.srt.address, port: UInt16(clamping: settings.srt.port)),
                options: settings.srt.options, gate: directory, logger: logger, metrics: ingestMetrics,
                transportMetrics: transportMetrics, clock: clocks)
        } catch {
            throw StartupError(description: "SRT: \(error)")
        }
        do throws(HTTPServerError) {
            var configuration = HTTPServerConfiguration()
            configuration.commonHeaders = Origin.commonHeaders
            configuration.uploadLimit = 0  // nothing takes a body
            configuration.connectionLimit = settings.http.connections
            configuration.connectionsPerAddress = settings.http.connectionsPerAddress
            configuration.parkedLimit = settings.http.parked
            configuration.parkedPerAddress = settings.http.parkedPerAddress
            let observer = HTTPMetrics(registry, logger: logger, clock: clocks)
            http = try .start(
                configuration, on: listeners.http, handler: frontDoor, observer: observer
            ) { [logger] message in
                logger.debug("http.library", ["message": .public(message)])
            }
        } catch {
            throw StartupError(description: "HTTP: \(error)")
        }
        do throws(HTTPServerError) {
            metrics = try Self.metricsServer(listeners.metrics, registry, http)
        } catch {
            throw StartupError(description: "metrics: \(error)")
        }
        let publishURL = "rtmp://127.0.0.1:\(rtmp.address.port)/live"
        self.demo = demo.map { DemoPublisher(url: "\(publishURL)/\($0.fedKey.exposed)", logger: logger) }
        welcome =
            "Headwater is running: HTTP on port \(http.port), RTMP on port \(rtmp.address.port)"
            + (rtmps.map { ", RTMPS on port \($0.address.port)" } ?? "") + ", SRT on port \(srt.address.port)."
            + (demo?.welcome(httpPort: http.port, rtmpPort: rtmp.address.port, srtPort: srt.address.port) ?? "")
            + (channels.isEmpty ? "\nNo channel is configured, so nobody can publish: write headwater.json5." : "")
        channelClock = ChannelClock(directory.channels)
        rtmp.start()
        rtmps?.start()
        srt.start()
        inputs = channels.flatMap { [directory] channel in
            [(ChannelInput.primary, channel.input), (.backup, channel.backup?.input)].compactMap { place, input in
                guard let input else { return nil }
                if let address = try? SRTAddress(input.url.exposed) {
                    return .srt(
                        SRTPull(
                            address, channel: channel.id, input: place, options: settings.srt.options,
                            allowsLocal: input.allowLocal, gate: directory, logger: logger, metrics: ingestMetrics,
                            transportMetrics: transportMetrics, clock: clocks))
                }
                guard let address = try? PullAddress(input.url.exposed) else { return nil }
                return .media(
                    MediaPull(
                        address, channel: channel.id, input: place, isLooped: input.loop && address.isFile,
                        allowsLocal: input.allowLocal, gate: directory, logger: logger, metrics: ingestMetrics,
                        transportMetrics: transportMetrics, clock: clocks))
            }
        }
        frontDoor.setReady(true)
        // Not before all is well: a start that fails changes nothing.
        writer.remove(remains.outdated)
        var started: LogFields = [
            "http.port": .public(http.port), "rtmp.port": .public(rtmp.address.port),
            "srt.port": .public(srt.address.port), "metrics.port": .public(metrics.port),
            "channels": .public(channels.count),
        ]
        started["rtmps.port"] = rtmps.map { .public($0.address.port) }
        logger.info("server.started", started)
        Self.warn(of: channels, settings.player, logger)
    }

    /// What viewers wait for comes within a target duration, or a little more when an encoder has just fallen silent; and
    /// nobody wants to wait for long for a server to stop.
    private var drainLimit: Duration {
        let target = directory.channels.map(\.configuration.profile.targetDuration).max() ?? 1
        return .seconds(min(2 * target, 10))
    }

    /// Stops in the reverse order. No one is let in any more, and publishers go on until viewers have what they wait for;
    /// then they are told. No presentation ends.
    public func stop() {
        frontDoor.setReady(false)
        rtmp.stopAccepting()
        rtmps?.stopAccepting()
        srt.stopAccepting()
        let start = ContinuousClock.now
        let waiting = http.drain(for: drainLimit)
        logger.info(
            "server.drained",
            ["waiting": .public(waiting), "seconds": .public((ContinuousClock.now - start).fractionalSeconds)])
        demo?.stop()
        rtmp.stop()
        rtmps?.stop()
        srt.stop()
        // Each may be waiting for an answer for seconds: all of them at once.
        for input in inputs { input.beginStop() }
        for input in inputs { input.stop() }
        channelClock.stop()
        for channel in directory.channels { channel.stop() }
        studio.close()
        writer.stop()
        reader.stop()
        waker.stop()
        http.stop()
        metrics.stop()
        logger.info("server.stopped")
    }

    /// Tells of what a configuration that is right may still lack.
    private static func warn(of channels: [ChannelSettings], _ player: PlayerSettings, _ logger: Logger) {
        if channels.isEmpty {
            logger.warning("server.no_channels", ["hint": .public("name channels in headwater.json5")])
        } else if player.hls == nil {
            logger.warning(
                "server.no_player",
                ["hint": .public("set player.hls to the file hls.js: without it the page plays in Safari alone")])
        }
    }

    private static func certificate(
        _ settings: RTMPSSettings, _ logger: Logger, _ clock: any Clocks
    ) throws(StartupError) -> CertificateFiles? {
        guard let certificate = settings.certificate, let key = settings.key else { return nil }
        do throws(CertificateFault) {
            return try CertificateFiles(certificate: certificate, key: key, logger: logger, clock: clock)
        } catch {
            throw StartupError(description: "RTMPS: \(error)")
        }
    }

    private static func site(of channels: [ChannelSettings], hls: String?) throws(StartupError) -> Site {
        var module: [UInt8]?
        if let hls {
            do { module = try ConfigurationFile.read(hls) } catch {
                throw StartupError(description: "player.hls: \(hls): \(error)")
            }
        }
        return Site(channels: channels.map { SiteChannel(id: $0.id, name: $0.name ?? $0.id) }, hls: module)
    }

    private static func metricsServer(
        _ listener: TCPListener, _ registry: MetricsRegistry, _ http: HTTPServer
    ) throws(HTTPServerError) -> HTTPServer {
        var configuration = HTTPServerConfiguration()
        configuration.workers = 1
        return try .start(configuration, on: listener, handler: MetricsDoor(registry, http: http))
    }
}
