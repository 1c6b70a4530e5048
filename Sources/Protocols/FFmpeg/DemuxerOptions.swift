/// How a source is opened and read.
public struct DemuxerOptions: Sendable {
    /// libavformat's names of the formats that it may have.
    public var formats: [String]
    /// libavformat's names of the protocols that it may use.
    public var protocols: [String]
    /// Further options of format and protocols.
    public var options: [(name: String, value: String)] = []
    /// How many bytes are looked at before it is known what streams there are.
    public var probeSize = 2_000_000
    /// How much media is.
    public var analysis = Duration.seconds(3)
    /// How long opening may take, all in all.
    public var openLimit = Duration.seconds(15)
    /// How long the next packet may be waited for.
    public var readLimit = Duration.seconds(10)

    /// Those formats by those protocols.
    public init(formats: [String], protocols: [String]) {
        self.formats = formats
        self.protocols = protocols
    }

    /// Files, and what comes over HTTP as if it were one.
    public static let containers = [
        "mpegts", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "flv", "mpeg", "ogg", "h264", "hevc", "aac", "ac3",
        "eac3",
    ]
}
