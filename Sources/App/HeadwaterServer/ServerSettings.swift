internal import Configuration
public import Schema
public import Telemetry

/// Everything that an operator can set.
public struct ServerSettings: SchemaObject {
    /// The folder that the server keeps its state in.
    public var data = "./data"
    /// Whether a demo channel is made and fed.
    public var demo = false
    /// The server that players talk to.
    public var http = HTTPSettings()
    /// The server that RTMP publishers talk to.
    public var rtmp = RTMPSettings()
    /// The server that RTMP publishers talk to with TLS.
    public var rtmps = RTMPSSettings()
    /// The server that SRT publishers talk to.
    public var srt = SRTSettings()
    /// The server that Prometheus reads from.
    public var metrics = MetricsSettings()
    /// How playlists are written.
    public var playlists = PlaylistSettings()
    /// The page that viewers watch on.
    public var player = PlayerSettings()
    /// The log on standard error.
    public var log = LogSettings()
    /// What publish tokens are signed with.
    public var publishTokens = PublishTokenSettings()
    /// Who is asked about publishers.
    public var publishWebhook: PublishWebhookSettings?
    /// What becomes of addresses that give wrong keys.
    public var publishBackoff = PublishBackoffSettings()
    /// The channels.
    public var channels: [ChannelSettings] = []

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<ServerSettings>(
        doc: "The configuration of Headwater",
        fields: [
            Field(
                "data", \.data, .length(1...4096),
                doc: "The folder for the server's state; one server at a time uses it"),
            Field("demo", \.demo, doc: "Make a channel called demo and feed it a test picture (needs ffmpeg)"),
            Field("http", \.http, doc: "Players and people"),
            Field("rtmp", \.rtmp, doc: "RTMP publishers"),
            Field("rtmps", \.rtmps, doc: "RTMP publishers with TLS; nobody listens for them without a certificate"),
            Field("srt", \.srt, doc: "SRT publishers"),
            Field("metrics", \.metrics, doc: "Prometheus metrics"),
            Field("playlists", \.playlists, doc: "How playlists are written"),
            Field("player", \.player, doc: "The page that viewers watch on"),
            Field("log", \.log, doc: "The log on standard error"),
            Field("publishTokens", \.publishTokens, doc: "Publish tokens, which stand in for stream keys"),
            Field(
                "publishWebhook", \.publishWebhook,
                doc: "Who is asked about each publisher with a right key; nobody where not set"),
            Field("publishBackoff", \.publishBackoff, doc: "Addresses that give wrong keys"),
            Field(
                "channels", \.channels, .count(0...1000), unique: [["id"], ["streamKey", "secondStreamKey"]],
                doc: "The channels"),
        ],
        validate: { settings, path, faults in
            settings.addTakenPorts(at: path, to: &faults)
            settings.addTakenNames(at: path["channels"], to: &faults)
            settings.addTwinKeys(at: path["channels"], to: &faults)
        })

    /// Nobody can listen where somebody else does. SRT has the ports of UDP to itself.
    private func addTakenPorts(at path: FieldPath, to faults: inout FaultList) {
        var listeners: [(address: ListenAddress, place: FieldPath)] = [
            (ListenAddress(host: http.address, port: http.port), path["http"]["port"]),
            (ListenAddress(host: rtmp.address, port: rtmp.port), path["rtmp"]["port"]),
        ]
        if rtmps.certificate != nil {
            listeners.append((ListenAddress(host: rtmps.address, port: rtmps.port), path["rtmps"]["port"]))
        }
        if let address = ListenAddress(metrics.listen) { listeners.append((address, path["metrics"]["listen"])) }
        for (index, (address, place)) in listeners.enumerated() {
            let twin = listeners[..<index].first { $0.address.clashes(with: address) }
            if let twin { faults.add(place, nil, "the same as \(twin.place)") }
        }
    }

    private func addTakenNames(at path: FieldPath, to faults: inout FaultList) {
        guard demo else { return }
        for (index, channel) in channels.enumerated() where DemoChannels.ids.contains(channel.id) {
            faults.add(path[index]["id"], nil, "the demo has a channel of that name: choose another")
        }
    }

    /// The keys of the primary inputs are known to differ.
    private func addTwinKeys(at path: FieldPath, to faults: inout FaultList) {
        var known: [(key: Secret<String>, place: FieldPath)] = []
        for (index, channel) in channels.enumerated() {
            for (key, name) in [(channel.streamKey, "streamKey"), (channel.secondStreamKey, "secondStreamKey")] {
                if let key { known.append((key, path[index][name])) }
            }
        }
        for (index, channel) in channels.enumerated() {
            guard let key = channel.backup?.streamKey else { continue }
            let place = path[index]["backup"]["streamKey"]
            if let twin = known.first(where: { $0.key == key }) { faults.add(place, nil, "the same as \(twin.place)") }
            known.append((key, place))
        }
    }
}

/// The server that players talk to.
public struct HTTPSettings: SchemaObject {
    /// The address to listen at.
    public var address = "::"
    /// The port.
    public var port = 8080
    /// How many connections may be open.
    public var connections = 20_000
    /// How many connections one address may have open.
    public var connectionsPerAddress = 1024
    /// How many requests may wait.
    public var parked = 20_000
    /// How many requests of one client may wait.
    public var parkedPerAddress = 1024

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<HTTPSettings>(
        doc: "The server that players and people talk to",
        fields: [
            Field("address", \.address, .length(2...45), doc: "The IPv4 or IPv6 address to listen at; :: takes both"),
            Field("port", \.port, .range(0...65_535), doc: "The TCP port; 0 takes a free one"),
            Field(
                "connections", \.connections, .range(16...1_000_000),
                doc: "How many connections may be open; an eighth more get 503, further ones wait"),
            Field(
                "connectionsPerAddress", \.connectionsPerAddress, .range(0...1_000_000),
                doc: "The same for one IPv4 address or IPv6 /64, which viewers may share; 0 (behind a proxy): any"),
            Field(
                "parked", \.parked, .range(1...1_000_000),
                doc: "How many requests may wait for what comes next; more get 503"),
            Field(
                "parkedPerAddress", \.parkedPerAddress, .range(1...1_000_000),
                doc: "The same for one IPv4 address or IPv6 /64; behind a proxy as many as in all"),
        ])
}

/// The server that RTMP publishers talk to.
public struct RTMPSettings: SchemaObject {
    /// The address to listen at.
    public var address = "::"
    /// The port.
    public var port = 1935

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<RTMPSettings>(
        doc: "The server that RTMP publishers talk to",
        fields: [
            Field("address", \.address, .length(2...45), doc: "The IPv4 or IPv6 address to listen at; :: takes both"),
            Field("port", \.port, .range(0...65_535), doc: "The TCP port; 0 takes a free one"),
        ])
}

/// The server that Prometheus reads from.
public struct MetricsSettings: SchemaObject {
    /// The address and port to listen at.
    public var listen = "127.0.0.1:9464"

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<MetricsSettings>(
        doc: "The server that Prometheus reads /metrics from",
        fields: [
            Field(
                "listen", \.listen,
                Constraint("HOST:PORT with a numeric host, such as 127.0.0.1:9464 or [::1]:9464") {
                    ListenAddress($0) != nil
                }, doc: "The address and port to listen at")
        ])
}

/// The page that viewers watch on.
public struct PlayerSettings: SchemaObject {
    /// The file with hls.js.
    public var hls: String?

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<PlayerSettings>(
        doc: "The page that viewers watch on",
        fields: [
            Field(
                "hls", \.hls, .length(1...4096),
                doc:
                    "The file with hls.js, as an ES module; without it only browsers that play HLS themselves can watch"
            )
        ])
}

/// The log on standard error.
public struct LogSettings: SchemaObject {
    /// The least level that is written.
    public var level = Level.info

    /// The levels.
    public enum Level: String, FieldChoice {
        /// All there is.
        case debug
        /// What goes on.
        case info
        /// What someone should look at.
        case warning
        /// What went wrong.
        case error
    }

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<LogSettings>(
        doc: "The log on standard error, one JSON object a line",
        fields: [Field("level", \.level, doc: "The least level that is written")])

    /// The level as the logger takes it.
    public var logLevel: LogLevel { LogLevel(name: level.rawValue) ?? .info }
}
