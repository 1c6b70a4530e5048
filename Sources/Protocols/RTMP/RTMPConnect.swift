/// What a peer says of itself in `connect`. RTMP 1.0 §7.2.1.1.
public struct RTMPConnect: Sendable, Hashable {
    /// The application, without surrounding slashes and without what follows a question mark.
    public let app: String
    /// What follows the question mark in the application, or nothing.
    public let query: String?
    /// The URL of the server as the peer was given it.
    public let tcURL: String?
    /// The name and version of the peer's software.
    public let flashVersion: String?
    /// What the peer can do beyond classic RTMP, where it tells.
    public let capabilities: ExCapabilities?

    init(_ commandObject: AMF0Value) {
        let app = RTMPName(commandObject["app"]?.string ?? "")
        self.app = app.nameWithoutSlashes
        query = app.query
        tcURL = commandObject["tcUrl"]?.string
        flashVersion = commandObject["flashVer"]?.string
        capabilities = ExCapabilities(commandObject)
    }
}
