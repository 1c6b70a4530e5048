internal import Crypto
internal import Telemetry

/// The channels of a demo: one that is fed, and one to publish to.
struct DemoChannels {
    let fed: ChannelSettings
    let open: ChannelSettings
    /// The stream key of the one that is fed.
    let fedKey: Secret<String>
    /// The stream key of the open one.
    let openKey: Secret<String>

    var channels: [ChannelSettings] { [fed, open] }

    /// The names of the demo's channels, which no others may have.
    static let ids = ["demo", "studio"]

    /// Demo channels. The key of the open one stays the same for as long as the data directory does: an encoder that was
    /// set up for it goes on after a restart.
    init(keptIn directory: DataDirectory) {
        fedKey = Secret(Random.identifier(byteCount: 12))
        openKey = Secret(directory.kept("studio.key") { Random.identifier(byteCount: 12) })
        fed = Self.channel(Self.ids[0], name: "Demo", streamKey: fedKey)
        open = Self.channel(Self.ids[1], name: "Studio", streamKey: openKey)
    }

    private static func channel(_ id: String, name: String, streamKey: Secret<String>) -> ChannelSettings {
        var channel = ChannelSettings()
        channel.id = id
        channel.name = name
        channel.streamKey = streamKey
        return channel
    }

    /// What to do with them. The key of the open channel is shown on purpose: it is the one thing a visitor needs.
    func welcome(httpPort: UInt16, rtmpPort: UInt16, srtPort: UInt16) -> String {
        let site = "http://localhost:\(httpPort)"
        return """


            Watch the demo    \(site)/watch/demo
              or play it      ffplay -fflags nobuffer \(site)/live/demo/index.m3u8

            Publish your own  server rtmp://localhost:\(rtmpPort)/live, stream key \(openKey.exposed)
              or over SRT     srt://localhost:\(srtPort)?streamid=\(openKey.exposed)
              and watch it    \(site)/watch/studio

            Ctrl-C stops the server.
            """
    }
}
