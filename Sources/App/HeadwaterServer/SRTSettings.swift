internal import Configuration
internal import SRT
public import Schema

/// The server that SRT publishers talk to.
public struct SRTSettings: SchemaObject {
    /// The address to listen at.
    public var address = "::"
    /// The port.
    public var port = 9000
    /// How long packets are held.
    public var latency = Duration.milliseconds(120)
    /// The most that one publisher sends.
    public var maximumBitrate = 100

    /// The defaults.
    public init() {}

    /// The fields.
    public static let schema = ObjectSchema<SRTSettings>(
        doc: "The server that SRT publishers talk to",
        fields: [
            Field("address", \.address, .length(2...45), doc: "The IPv4 or IPv6 address to listen at; :: takes both"),
            Field("port", \.port, .range(0...65_535), doc: "The UDP port; 0 takes a free one"),
            Field(
                "latency", \.latency, .range(.zero ... .seconds(60)),
                doc: "How long packets are held, so that lost ones can be sent again; the publisher's wish if longer"),
            Field(
                "maximumBitrate", \.maximumBitrate, .range(1...1000),
                doc: "The most that one publisher sends, in megabits per second: buffers are made for it"),
        ])

    /// As the library takes them.
    var options: SRTOptions {
        var options = SRTOptions()
        options.latency = latency
        options.maximumBitrate = maximumBitrate
        return options
    }
}
