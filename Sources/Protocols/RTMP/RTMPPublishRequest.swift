/// What a peer wants to publish. RTMP 1.0 §7.2.2.6.
public struct RTMPPublishRequest: Sendable, Hashable {
    /// The application it connected to.
    public let app: String
    /// The stream's name, up to a question mark: the stream key, as encoders call it.
    public let streamName: String
    /// What follows the question mark in the stream's name, as it came, or nothing.
    public let query: String?
    /// The kind of publishing: `live`, `record` or `append`.
    public let type: String

    init(app: String, name: String, type: String?) {
        self.app = app
        let name = RTMPName(name)
        streamName = name.name
        query = name.query
        self.type = type ?? "live"
    }
}
