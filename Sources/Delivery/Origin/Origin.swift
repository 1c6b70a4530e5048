internal import Bytes
public import Channels
internal import HLS
public import HTTP
internal import Media
internal import Packaging
internal import Publishing
public import Time

/// Live HLS over HTTP: `/live/CHANNEL/index.m3u8`, and what lies under a presentation's id.
///
/// Every answer is one shared response, built once. A request for something that is about to come is parked and resumed
/// by the waker when it is there.
public final class Origin: Sendable {
    /// On every answer, whatever its status: players on other sites must be able to read it.
    public static let commonHeaders: [(String, String)] = [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "Age, Content-Length, Content-Range, Date"),
    ]

    private let directory: ChannelDirectory
    private let responses: SharedResponses
    private let clock: any MonotonicClock

    /// An origin of the channels in `directory`.
    public init(_ directory: ChannelDirectory, clock: any MonotonicClock = SystemClocks()) {
        self.directory = directory
        self.clock = clock
        responses = SharedResponses { directory.channels.flatMap(\.output.snapshots) }
    }

    /// Answers a request whose path begins with `/live/`.
    public func respond(to request: HTTPRequest) -> HTTPAnswer {
        switch request.method {
        case .get, .head: break
        case .options: return .response(responses.preflight)
        default: return .response(responses.failure(405, "Media can only be read", cacheSeconds: 0))
        }
        let segments = request.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .dropFirst(2).map { Substring($0) }
        guard let id = segments.first, let channel = directory[String(id)] else {
            return .response(responses.failure(404, "There is no such channel", cacheSeconds: 1))
        }
        let path = Array(segments.dropFirst())
        let isGzipAccepted = Gzip.isAcceptable(to: request.header("Accept-Encoding"))
        if path == ["index.m3u8"] {
            guard let snapshot = channel.output.snapshot else {
                return .response(responses.failure(404, "The channel has not been on air yet", cacheSeconds: 1))
            }
            guard snapshot.isPlayable else {
                return .response(responses.failure(404, "The channel is about to begin", cacheSeconds: 1))
            }
            return .response(responses.multivariant(of: snapshot, gzip: isGzipAccepted))
        }
        guard path.count == 3, let snapshot = channel.output.snapshot(of: path[0]),
            let rendition = snapshot.rendition(path[1]),
            let resource = MediaResource(fileName: path[2])
        else { return .response(responses.failure(404, "There is no such file", cacheSeconds: 1)) }
        let errorAge = snapshot.profile.targetDuration
        switch resource {
        case .playlist:
            return playlist(of: rendition, snapshot, channel, request, gzip: isGzipAccepted)
        case .part(let number) where number == rendition.nextPartNumber && rendition.hintsParts:
            return park(.part(rendition: rendition.name, number: number), channel, snapshot) {
                [responses] current in
                current.rendition(rendition.name).flatMap { responses.media(resource, of: $0, in: current) }
            }
        case .initialization, .segment, .part:
            guard let response = responses.media(resource, of: rendition, in: snapshot) else {
                return .response(responses.failure(404, "This part of the stream is not here", cacheSeconds: errorAge))
            }
            return .response(response.ranged(for: request))
        }
    }

    // MARK: Waiting

    private func playlist(
        of rendition: RenditionWindow, _ snapshot: PresentationSnapshot, _ channel: Channel, _ request: HTTPRequest,
        gzip: Bool
    ) -> HTTPAnswer {
        let directives: DeliveryDirectives?
        do throws(DeliveryDirectives.Fault) {
            directives = try .parse(mediaSequence: request.query("_HLS_msn"), part: request.query("_HLS_part"))
        } catch {
            let message =
                switch error {
                case .malformedInteger: "_HLS_msn and _HLS_part are decimal integers"
                case .partWithoutMediaSequence: "_HLS_part needs _HLS_msn"
                }
            return .response(
                responses.failure(400, message, cacheSeconds: snapshot.profile.targetDuration))
        }
        guard let directives else {
            guard rendition.isPlayable else {
                return .response(responses.failure(404, "The channel is about to begin", cacheSeconds: 1))
            }
            return .response(responses.playlist(of: rendition, in: snapshot, isBlocking: false, gzip: gzip))
        }
        switch rendition.playlistEdge.decide(directives) {
        case .answer:
            return .response(responses.playlist(of: rendition, in: snapshot, isBlocking: true, gzip: gzip))
        case .tooFarAhead:
            return .response(
                responses.failure(
                    400, "That is too far ahead of the live edge", cacheSeconds: snapshot.profile.targetDuration))
        case .wait:
            return park(.playlist(rendition: rendition.name, directives), channel, snapshot) {
                [responses] current in
                current.rendition(rendition.name).map {
                    responses.playlist(of: $0, in: current, isBlocking: true, gzip: gzip)
                }
            }
        }
    }

    /// Parks the request until `awaited` is there, for three target durations at most (§6.2.5.2).
    private func park(
        _ awaited: Awaited, _ channel: Channel, _ snapshot: PresentationSnapshot,
        _ response: @escaping @Sendable (PresentationSnapshot) -> HTTPResponse?
    ) -> HTTPAnswer {
        let ticket = ParkedRequest()
        let target = snapshot.profile.targetDuration
        channel.output.wait(for: awaited, of: snapshot.id, until: clock.now + .seconds(3 * target)) {
            [responses] outcome in
            let answer =
                switch outcome {
                case .published(let current):
                    response(current) ?? responses.failure(404, "This part of the stream is not here", cacheSeconds: 1)
                case .cancelled: responses.failure(404, "This part of the stream will not come", cacheSeconds: target)
                case .timedOut: responses.failure(503, "The live stream has paused", cacheSeconds: 0, retryAfter: 1)
                case .shuttingDown: responses.failure(503, "The server is restarting", cacheSeconds: 0, retryAfter: 1)
                }
            ticket.resume(with: answer)
        }
        return .park(ticket)
    }
}

extension RenditionWindow {
    /// True while the playlist names the part that comes next.
    fileprivate var hintsParts: Bool { profile.offersParts && !isEnded }
}
