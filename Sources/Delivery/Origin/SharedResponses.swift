internal import Bytes
internal import HLS
internal import HTTP
internal import Media
internal import Packaging
internal import Locks

/// The responses that viewers share: each playlist version, part, segment and initialization is made into a response
/// once, by whoever asks first, and sent to everyone.
final class SharedResponses: Sendable {
    private struct MediaKey: Hashable {
        let presentation: String
        let rendition: String
        let resource: MediaResource
    }

    private struct PlaylistKey: Hashable {
        let presentation: String
        /// Nothing for the multivariant playlist.
        let rendition: String?
        let resource: MediaResource
        let form: PlaylistForm
    }

    /// A row of segments in a DVR playlist.
    private struct RowKey: Hashable {
        let presentation: String
        let rendition: String
        let first: Int64
        let queryParameters: [String]
    }

    private struct State {
        var rows: [RowKey: PlaylistPiece] = [:]
        var media: [MediaKey: HTTPResponse] = [:]
        var playlists: [PlaylistKey: (version: Int64, response: HTTPResponse)] = [:]
        /// How many media were stored since the last sweep.
        var storedSinceSweep = 0
    }

    private let state = Mutex(State())
    private let steering: MultivariantPlaylist.Steering?
    private let snapshots: @Sendable () -> [PresentationSnapshot]

    /// Responses for what is in `snapshots`, which gives all presentations that can be read at the moment.
    init(
        steering: MultivariantPlaylist.Steering?, of snapshots: @escaping @Sendable () -> [PresentationSnapshot]
    ) {
        self.steering = steering
        self.snapshots = snapshots
    }

    /// The answer to a CORS preflight.
    let preflight = HTTPResponse(
        status: 204,
        headers: Origin.commonHeaders + [
            ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"), ("Access-Control-Allow-Headers", "*"),
            ("Access-Control-Max-Age", "86400"),
        ])

    /// The answer to a method that would change something (RFC 9110 §15.5.6).
    let methodNotAllowed = HTTPResponse(
        status: 405,
        headers: Origin.commonHeaders + [
            ("Allow", "GET, HEAD, OPTIONS"), ("Content-Type", "text/plain; charset=utf-8"),
            ("Cache-Control", "no-store"),
        ], body: .chunk(ByteChunk(Array("Media can only be read\n".utf8))))

    /// An error, in a sentence.
    func failure(_ status: Int, _ message: String, cacheSeconds: Int, retryAfter: Int? = nil) -> HTTPResponse {
        var headers =
            Origin.commonHeaders + [
                ("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", Self.cacheControl(cacheSeconds)),
            ]
        if let retryAfter { headers.append(("Retry-After", String(retryAfter))) }
        return HTTPResponse(status: status, headers: headers, body: .chunk(ByteChunk([UInt8]((message + "\n").utf8))))
    }

    /// What those are told who wait while the server goes down.
    var restarting: HTTPResponse { failure(503, "The server is restarting", cacheSeconds: 0, retryAfter: 1) }

    // MARK: Playlists

    /// The multivariant playlist. It changes slowly, and may be kept for a moment.
    func multivariant(
        _ resource: MediaResource, of snapshot: PresentationSnapshot, form: PlaylistForm
    ) -> HTTPResponse {
        let key = PlaylistKey(presentation: snapshot.id, rendition: nil, resource: resource, form: form)
        return cached(key, version: snapshot.version) {
            var playlist =
                resource == .dvrPlaylist ? snapshot.dvrMultivariantPlaylist : snapshot.multivariantPlaylist
            playlist.steering = steering
            playlist.queryParameters = form.queryParameters
            return Self.playlistResponse([PlaylistPiece(playlist.rendered())], cacheSeconds: 1, gzip: form.isGzip)
        }
    }

    /// The playlist of media or of key frames of `rendition`. The answer to a blocking request names what was asked for
    /// and may be kept for six target durations; one without directives is out of date after half a target duration
    /// (App. B.1). One that has ended changes no more, and may be kept as long as the media that it lists.
    func playlist(
        _ resource: MediaResource, of rendition: RenditionWindow, in snapshot: PresentationSnapshot, form: PlaylistForm
    ) -> HTTPResponse {
        let key = PlaylistKey(
            presentation: snapshot.id, rendition: rendition.name, resource: resource, form: form)
        return cached(key, version: snapshot.version) {
            var playlist =
                switch resource {
                case .iFramePlaylist: snapshot.iFramePlaylist(of: rendition)
                case .dvrPlaylist: snapshot.dvrPlaylist(of: rendition)
                default: snapshot.playlist(of: rendition)
                }
            playlist.queryParameters = form.queryParameters
            return Self.playlistResponse(
                pieces(of: playlist, rendition, in: snapshot, form),
                cacheSeconds: Self.age(isEnded: rendition.isEnded, isBlocking: form.isBlocking, snapshot.profile),
                gzip: form.isGzip)
        }
    }

    /// The text of `playlist`; where it has a long past, what of that stays as it is was made before.
    private func pieces(
        of playlist: MediaPlaylist, _ rendition: RenditionWindow, in snapshot: PresentationSnapshot,
        _ form: PlaylistForm
    ) -> [PlaylistPiece] {
        let text = playlist.renderedInTwo(skip: form.skip)
        guard playlist.earlier != nil, !text.skipsEarlier, let history = rendition.history else {
            return [PlaylistPiece(text.head + text.body)]
        }
        let past = history.pieces.map { piece -> PlaylistPiece in
            let key = RowKey(
                presentation: snapshot.id, rendition: rendition.name, first: piece.first,
                queryParameters: form.queryParameters)
            if piece.isConstant, let known = state.withLock({ $0.rows[key] }) { return known }
            var made = PlaylistPiece(MediaPlaylist.text(of: piece.listed, queryParameters: form.queryParameters))
            if piece.isConstant {
                made.compress()
                state.withLock { [made] in $0.rows[key] = made }
            }
            return made
        }
        return [PlaylistPiece(text.head)] + past + [PlaylistPiece(text.body)]
    }

    private static func age(isEnded: Bool, isBlocking: Bool, _ profile: LatencyProfile) -> Int {
        if isEnded { return mediaAge(profile) }
        return isBlocking ? 6 * profile.targetDuration : max(profile.targetDuration / 2, 1)
    }

    /// The response of that version, made if it is new. It is made outside the lock, so two who come at once may both make
    /// it; the first one stays.
    private func cached(_ key: PlaylistKey, version: Int64, _ make: () -> HTTPResponse) -> HTTPResponse {
        let known = state.withLock { $0.playlists[key] }
        if let known, known.version >= version { return known.response }
        let made = make()
        return state.withLock { state in
            if let other = state.playlists[key], other.version >= version { return other.response }
            if state.playlists[key] == nil {
                state.playlists = state.playlists.filter {
                    $0.key.presentation == key.presentation || $0.key.rendition != key.rendition
                        || state.playlists.count < 4096
                }
            }
            state.playlists[key] = (version, made)
            return made
        }
    }

    private static func playlistResponse(
        _ pieces: [PlaylistPiece], cacheSeconds: Int, gzip: Bool
    ) -> HTTPResponse {
        var headers =
            Origin.commonHeaders + [
                ("Content-Type", "application/vnd.apple.mpegurl"), ("Cache-Control", cacheControl(cacheSeconds)),
                ("Vary", "Accept-Encoding"),
            ]
        guard gzip, let compressed = PlaylistPiece.compressed(pieces) else {
            return HTTPResponse(status: 200, headers: headers, body: .chunks(pieces.map(\.text)))
        }
        headers.append(("Content-Encoding", "gzip"))
        return HTTPResponse(status: 200, headers: headers, body: .chunks(compressed))
    }

    // MARK: Media

    /// An initialization, a segment or a part; nothing when it is not there.
    func media(
        _ resource: MediaResource, of rendition: RenditionWindow, in snapshot: PresentationSnapshot
    ) -> HTTPResponse? {
        let key = MediaKey(presentation: snapshot.id, rendition: rendition.name, resource: resource)
        if let known = state.withLock({ $0.media[key] }) { return known }
        guard let chunks = Self.chunks(resource, of: rendition), !chunks.isEmpty else { return nil }
        let response = media(.chunks(chunks), isVideo: rendition.isVideo, snapshot.profile)
        let (shared, isSweepDue) = state.withLock { state -> (HTTPResponse, Bool) in
            if let other = state.media[key] { return (other, false) }
            state.media[key] = response
            state.storedSinceSweep += 1
            // In proportion to what there is to look at, so that its cost for each response stays the same.
            guard state.storedSinceSweep >= max(64, state.media.count / 4) else { return (response, false) }
            state.storedSinceSweep = 0
            return (response, true)
        }
        if isSweepDue { sweep() }
        return shared
    }

    /// A response of those media.
    func media(_ body: HTTPResponse.Body, isVideo: Bool, _ profile: LatencyProfile) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: Origin.commonHeaders + [
                ("Content-Type", isVideo ? "video/mp4" : "audio/mp4"),
                ("Cache-Control", Self.cacheControl(Self.mediaAge(profile))),
            ], body: body, acceptsRanges: true)
    }

    /// Lets go of responses to what cannot be fetched any more, or is on disk by now.
    private func sweep() {
        let readable = Dictionary(snapshots().map { ($0.id, $0) }) { first, _ in first }
        state.withLock { state in
            state.playlists = state.playlists.filter { key, _ in readable[key.presentation] != nil }
            state.media = state.media.filter { key, _ in
                guard let rendition = readable[key.presentation]?.rendition(key.rendition) else { return false }
                return switch key.resource {
                case .part(let number): rendition.part(number)?.data != nil
                case .segment(let number): rendition.segment(number)?.data != nil
                case .initialization(let version): rendition.initialization(version) != nil
                case .playlist, .dvrPlaylist, .iFramePlaylist: true
                }
            }
            state.rows = state.rows.filter { key, _ in
                let history = readable[key.presentation]?.rendition(key.rendition)?.history
                return history.map { key.first >= $0.mediaSequence } ?? false
            }
        }
    }

    private static func chunks(_ resource: MediaResource, of rendition: RenditionWindow) -> [ByteChunk]? {
        switch resource {
        case .playlist, .dvrPlaylist, .iFramePlaylist: nil
        case .initialization(let version): rendition.initialization(version).map { [$0.data] }
        case .segment(let number): rendition.segment(number)?.data
        case .part(let number): rendition.part(number)?.data.map { [$0] }
        }
    }

    /// What is in the window may be kept as long as the window is, and for six target durations (App. B.1).
    private static func mediaAge(_ profile: LatencyProfile) -> Int {
        max(6 * profile.targetDuration, Int((profile.dvrWindow ?? profile.window).seconds))
    }

    private static func cacheControl(_ seconds: Int) -> String { seconds > 0 ? "max-age=\(seconds)" : "no-store" }
}
