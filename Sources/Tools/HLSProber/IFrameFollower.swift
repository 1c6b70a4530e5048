internal import HLSRules
internal import Runtime

/// Follows one I-frame playlist like a player that shows pictures while it seeks.
final class IFrameFollower: Sendable {
    private let followed: FollowedPlaylist

    init(_ followed: FollowedPlaylist) { self.followed = followed }

    /// Follows until the probe is over, on a thread of its own.
    func start() -> NamedThread { NamedThread("iframes") { self.follow() } }

    private func follow() {
        guard let client = HTTPClient(timeout: 30, authorities: followed.probe.authorities) else { return }
        var seen: Set<String> = []
        var reload = Observation.Reload.plain
        while !followed.probe.isOver {
            guard let (playlist, _) = followed.reload(reload, with: client) else {
                reload = .plain
                continue
            }
            fetch(playlist, &seen, client)
            if playlist.isEnded { return }
            // A plain reload every half target duration, and where that is offered one that waits after each.
            if reload == .plain, playlist.serverControl?.canBlockReload == true {
                reload = .blocking(number: playlist.lastNumber + 1, part: nil)
            } else {
                reload = .plain
                followed.pause(after: playlist)
            }
        }
    }

    /// Gets the newest few I-frames when it begins, and then each new one.
    private func fetch(_ playlist: MediaPlaylist, _ seen: inout Set<String>, _ client: borrowing HTTPClient) {
        for entry in playlist.segments.suffix(8) {
            if let map = entry.map, seen.insert(map.uri).inserted {
                followed.get(.initialization, map.uri, range: map.range, with: client)
            }
            guard let uri = entry.uri, let range = entry.range, range.length > 0, !entry.isGap,
                seen.insert("\(uri) \(range.start)").inserted
            else { continue }
            followed.get(.iFrame, uri, range: range, with: client)
        }
    }
}
