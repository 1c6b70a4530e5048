internal import HLSRules

/// A media playlist that a probe follows.
struct FollowedPlaylist: Sendable {
    let url: String
    /// The variables of the multivariant playlist.
    let variables: [String: String]
    let probe: Probe

    /// Reloads the playlist. Nothing when no playlist came; then half a second has passed, too.
    func reload(
        _ reload: Observation.Reload, with client: borrowing HTTPClient
    ) -> (playlist: MediaPlaylist, observation: Observation)? {
        if let observation = probe.observe(.playlist(reload), url, reload.directives, with: client),
            observation.status == 200,
            let reader = try? PlaylistReader(
                observation.body, variables: variables, query: URIReference.query(of: url)),
            case .media(let playlist) = reader.playlist
        {
            return (playlist, observation)
        }
        probe.pause(.milliseconds(500))
        return nil
    }

    /// Waits as long as a client does that cannot be told when there is news.
    func pause(after playlist: MediaPlaylist) {
        probe.pause(.milliseconds(max(playlist.targetDuration * 500, 250)))
    }

    /// GETs what the playlist calls `uri`, or a range of it.
    func get(
        _ kind: Observation.Kind, _ uri: String, range: MediaPlaylist.ByteRange? = nil,
        with client: borrowing HTTPClient
    ) {
        _ = probe.observe(kind, URIReference.resolve(uri, against: url), range: range, with: client)
    }

    /// Asks for the playlist in a way of which only the answer's form is of interest.
    func ask(_ question: Observation.Probe, _ directives: String = "", with client: borrowing HTTPClient) {
        _ = probe.observe(.probe(question), url, directives, with: client)
    }
}
