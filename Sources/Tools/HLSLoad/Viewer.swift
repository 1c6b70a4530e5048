internal import HLSLoadModel
internal import Time

/// One viewer: a player's connections, what it has read, and its play-head.
///
/// Like hls.js in a browser it keeps two connections for each of video and audio: one on which the next version of the
/// playlist is always awaited, and one for the parts that are listed.
final class Viewer {
    /// The address of this machine to connect from; nothing for any.
    let source: String?
    private(set) var playlists: [PlaylistSource] = []
    var progress: [RenditionProgress] = []
    private(set) var playHead: PlayHead?
    /// Those on which playlists are read, by rendition.
    var playlistConnections: [Connection] = []
    /// Those on which media are read, by rendition.
    var mediaConnections: [Connection] = []
    /// How each playlist is read again, after so many seconds.
    var reloads: [(reload: MediaView.Reload, delay: Double)?] = []

    init(source: String?) { self.source = source }

    /// Chooses the renditions to follow.
    func choose(_ playlists: [PlaylistSource]) {
        self.playlists = playlists
        progress = playlists.map { _ in RenditionProgress() }
        reloads = playlists.map { _ in nil }
    }

    /// Takes a version of a rendition's playlist.
    func receive(_ view: MediaView, of rendition: Int) {
        reloads[rendition] = progress[rendition].receive(view)
        if playHead == nil { playHead = PlayHead(needing: view.holdBack, tracks: playlists.count) }
    }

    /// Takes media that are there.
    func receive(_ fetch: RenditionProgress.Fetch, of rendition: Int, at now: Int64) {
        progress[rendition].received(fetch)
        guard case .item(let item, _) = fetch else { return }
        playHead?.deliver(item.duration, of: rendition, at: Instant(nanoseconds: now))
    }

    /// What to get next of a rendition.
    func nextFetch(of rendition: Int, at now: Int64) -> RenditionProgress.Fetch? {
        let fetch = progress[rendition].nextFetch()
        if progress.allSatisfy(\.isOver) { playHead?.endMedia(at: Instant(nanoseconds: now)) }
        return fetch
    }

    /// The play-head at the end of the run.
    func finish(at now: Int64) -> PlayHead? {
        playHead?.finish(at: Instant(nanoseconds: now))
        return playHead
    }
}
