internal import Crypto
internal import Telemetry

/// The channels of a demo: one that is fed, and one to publish to.
struct DemoChannels {
    let fed: ChannelSettings
    let open: ChannelSettings

    var channels: [ChannelSettings] { [fed, open] }

    /// Demo channels with new stream keys; nothing where the operator's channels have their names.
    init?(beside others: [ChannelSettings]) {
        guard !others.contains(where: { ["demo", "studio"].contains($0.id) }) else { return nil }
        fed = Self.channel("demo", name: "Demo")
        open = Self.channel("studio", name: "Studio")
    }

    private static func channel(_ id: String, name: String) -> ChannelSettings {
        var channel = ChannelSettings()
        channel.id = id
        channel.name = name
        channel.streamKey = Secret(Random.identifier(byteCount: 12))
        return channel
    }

    /// What to do with them. The key of the open channel is shown on purpose: it is the one thing a visitor needs.
    func welcome(httpPort: UInt16, rtmpPort: UInt16, srtPort: UInt16) -> String {
        let site = "http://localhost:\(httpPort)"
        return """


            Watch the demo    \(site)/
              or play it      ffplay -fflags nobuffer \(site)/live/demo/index.m3u8

            Publish your own  server rtmp://localhost:\(rtmpPort)/live, stream key \(open.streamKey.exposed)
              or over SRT     srt://localhost:\(srtPort)?streamid=\(open.streamKey.exposed)
              and watch it    \(site)/watch/studio

            Ctrl-C stops the server.
            """
    }
}
