internal import HLSRules
internal import Runtime

/// Follows one I-frame playlist like a player that shows pictures while it seeks.
final class IFrameFollower: Sendable {
    private let url: String
    private let variables: [String: String]
    private let probe: Probe

    init(url: String, variables: [String: String], probe: Probe) {
        self.url = url
        self.variables = variables
        self.probe = probe
    }

    /// Follows until the probe is over, on a thread of its own.
    func start() -> NamedThread { NamedThread("iframes") { self.follow() } }

    private func follow() {
        guard let client = HTTPClient(timeout: 30, authorities: probe.authorities) else { return }
        var seen: Set<String> = []
        var reload = Observation.Reload.plain
        while !probe.isOver {
            guard let observation = probe.observe(.playlist(reload), url, reload.directives, with: client),
                let playlist = observation.mediaPlaylist(variables)
            else {
                reload = .plain
                probe.pause(.milliseconds(500))
                continue
            }
            fetch(playlist, &seen, client)
            if playlist.isEnded { return }
            // A plain reload every half target duration, and where that is offered one that waits after each.
            if reload == .plain, playlist.serverControl?.canBlockReload == true {
                reload = .blocking(number: playlist.lastNumber + 1, part: nil)
            } else {
                reload = .plain
                probe.pause(.milliseconds(max(playlist.targetDuration * 500, 250)))
            }
        }
    }

    /// Gets the newest few I-frames when it begins, and then each new one.
    private func fetch(_ playlist: MediaPlaylist, _ seen: inout Set<String>, _ client: borrowing HTTPClient) {
        for entry in playlist.segments.suffix(8) {
            if let map = entry.map, seen.insert(map.uri).inserted {
                _ = probe.observe(.initialization, resolve(map.uri), range: map.range, with: client)
            }
            guard let uri = entry.uri, let range = entry.range, range.length > 0, !entry.isGap,
                seen.insert("\(uri) \(range.start)").inserted
            else { continue }
            _ = probe.observe(.iFrame, resolve(uri), range: range, with: client)
        }
    }

    private func resolve(_ uri: String) -> String { URIReference.resolve(uri, against: url) }
}
