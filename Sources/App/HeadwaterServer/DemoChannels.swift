internal import Crypto
internal import Telemetry

/// The channels of a demo: one that is fed, and one to publish to.
struct DemoChannels {
    let fed: ChannelSettings
    let open: ChannelSettings

    var channels: [ChannelSettings] { [fed, open] }

    /// The names of the demo's channels, which no others may have.
    static let ids = ["demo", "studio"]

    /// Demo channels. The key of the open one stays the same for as long as the data directory does: an encoder that was
    /// set up for it goes on after a restart.
    init(keptIn directory: DataDirectory) {
        fed = Self.channel(Self.ids[0], name: "Demo", key: Random.identifier(byteCount: 12))
        open = Self.channel(
            Self.ids[1], name: "Studio", key: directory.kept("studio.key") { Random.identifier(byteCount: 12) })
    }

    private static func channel(_ id: String, name: String, key: String) -> ChannelSettings {
        var channel = ChannelSettings()
        channel.id = id
        channel.name = name
        channel.streamKey = Secret(key)
        return channel
    }

    /// What to do with them. The key of the open channel is shown on purpose: it is the one thing a visitor needs.
    func welcome(httpPort: UInt16, rtmpPort: UInt16, srtPort: UInt16) -> String {
        let site = "http://localhost:\(httpPort)"
        return """


            Watch the demo    \(site)/watch/demo
              or play it      ffplay -fflags nobuffer \(site)/live/demo/index.m3u8

            Publish your own  server rtmp://localhost:\(rtmpPort)/live, stream key \(open.streamKey.exposed)
              or over SRT     srt://localhost:\(srtPort)?streamid=\(open.streamKey.exposed)
              and watch it    \(site)/watch/studio

            Ctrl-C stops the server.
            """
    }
}
