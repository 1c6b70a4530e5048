internal import HLSRules
internal import Runtime

/// Asks about one media playlist what a player that follows it seldom asks, on connections of its own.
final class RenditionQuestions: Sendable {
    private let followed: FollowedPlaylist
    private let state = Monitor<(playlist: MediaPlaylist?, removals: Removals)>((nil, Removals()))

    init(_ followed: FollowedPlaylist) { self.followed = followed }

    private var probe: Probe { followed.probe }

    /// Takes what the follower was answered at the time `now`.
    func received(_ playlist: MediaPlaylist, at now: Double) {
        state.signal { state in
            state.playlist = playlist
            state.removals.received(playlist, at: now)
        }
    }

    /// Asks until the probe is over or the playlist has ended. Runs on two threads of its own.
    func start() -> [NamedThread] {
        [NamedThread("questions") { self.ask() }, NamedThread("ahead") { self.askAhead() }]
    }

    /// The newest playlist; nothing when there will be no other.
    private func newest() -> MediaPlaylist? {
        while !probe.isOver {
            state.wait(for: .milliseconds(200)) { $0.playlist != nil }
            guard let playlist = state.withLock({ $0.playlist }) else { continue }
            return playlist.isEnded ? nil : playlist
        }
        return nil
    }

    /// Once each target duration fetches again what was removed, and the initialization, which may not have changed.
    private func ask() {
        guard let client = HTTPClient(timeout: 30, authorities: probe.authorities) else { return }
        while let playlist = newest() {
            probe.pause(.milliseconds(max(playlist.targetDuration, 1) * 500))
            if probe.isOver { return }
            for (kind, removed) in state.withLock({ [now = probe.now] in $0.removals.next(at: now) }) {
                followed.get(kind, removed.uri, range: removed.range, with: client)
            }
            let segments = playlist.segments.suffix(2)
            if let map = segments.last?.map {
                followed.get(.initialization, map.uri, range: map.range, with: client)
            }
            // The follower has the last but one: its bytes are known.
            if segments.count == 2, let segment = segments.first, let uri = segment.uri, !segment.isGap {
                let range = MediaPlaylist.ByteRange(start: (segment.range?.start ?? 0) + 8, length: 100)
                followed.get(.probe(.segmentRange), uri, range: range, with: client)
            }
            followed.ask(.uncompressed, with: client)
            probe.pause(.milliseconds(max(playlist.targetDuration, 1) * 500))
        }
    }

    /// Seldom asks for the furthest segment that may be asked for: who asks waits for long.
    private func askAhead() {
        while let playlist = newest() {
            let target = playlist.targetDuration
            let isOffered = playlist.serverControl?.canBlockReload == true && !playlist.segments.isEmpty
            guard isOffered, probe.remaining > .seconds(3 * target + 1),
                let client = HTTPClient(timeout: 3 * target + 5, authorities: probe.authorities)
            else {
                probe.pause(.seconds(1))
                continue
            }
            let number = playlist.lastNumber + 2
            followed.ask(.ahead(number), "_HLS_msn=\(number)", with: client)
            probe.pause(.seconds(20 * target))
        }
    }
}
