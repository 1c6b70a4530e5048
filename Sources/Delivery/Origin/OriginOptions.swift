public import HLS

/// How an operator wants playlists to be written.
public struct OriginOptions: Sendable {
    /// The query parameters, such as a token, that a player carries from a playlist's URL to all that it names
    /// (EXT-X-DEFINE:QUERYPARAM). A request without them gets a playlist without them.
    public var queryParameters: [String]
    /// The steering server, where there is one.
    public var steering: MultivariantPlaylist.Steering?

    /// Those parameters and that server.
    public init(queryParameters: [String] = [], steering: MultivariantPlaylist.Steering? = nil) {
        self.queryParameters = queryParameters
        self.steering = steering
    }
}

/// What of a request decides which bytes a playlist has: everybody who asks in the same form gets the same response.
struct PlaylistForm: Hashable {
    /// The parameters that the playlist hands on.
    var queryParameters: [String]
    /// What may be left out.
    var skip: SkipDirective?
    /// True for an answer that may have been waited for, and so names what was asked for.
    var isBlocking = false
    var isGzip: Bool
}
