internal import Bytes
public import Channels
internal import HLS
public import HTTP
internal import Media
internal import ObjectStore
internal import Packaging
public import Publishing
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
    private let reader: WindowReader?

    private let options: OriginOptions

    /// An origin of the channels in `directory`; `reader` finds what they do not keep in memory.
    public init(
        _ directory: ChannelDirectory, options: OriginOptions = OriginOptions(), reader: WindowReader? = nil,
        clock: any MonotonicClock = SystemClocks()
    ) {
        self.reader = reader
        self.directory = directory
        self.options = options
        self.clock = clock
        responses = SharedResponses(steering: options.steering) { directory.channels.flatMap(\.output.snapshots) }
    }

    /// Answers a request whose path begins with `/live/`.
    public func respond(to request: HTTPRequest) -> HTTPAnswer {
        switch request.method {
        case .get, .head: break
        case .options: return .response(responses.preflight)
        default: return .response(responses.methodNotAllowed)
        }
        var path = PathSegments(request.path.utf8.dropFirst("/live/".utf8.count))
        guard let channel = directory[String(path.next())] else {
            return .response(responses.failure(404, "There is no such channel", cacheSeconds: 1))
        }
        let presentation = path.next()
        if let resource = MediaResource(fileName: presentation), resource.isMultivariant, path.isAtEnd {
            if resource == .dvrPlaylist, channel.configuration.profile.dvrWindow == nil {
                return .response(responses.failure(404, "This channel has no DVR window", cacheSeconds: 1))
            }
            guard let snapshot = channel.output.snapshot else {
                return .response(responses.failure(404, "The channel has not been on air yet", cacheSeconds: 1))
            }
            let form = form(of: request)
            if snapshot.isPlayable { return .response(responses.multivariant(resource, of: snapshot, form: form)) }
            // It is about to begin, or goes on in another presentation.
            return park(.beginning, channel, snapshot) { [responses] current in
                responses.multivariant(resource, of: current, form: form)
            }
        }
        guard let snapshot = channel.output.snapshot(of: String(presentation)),
            let rendition = snapshot.rendition(String(path.next())),
            let resource = MediaResource(fileName: path.next()), path.isAtEnd,
            resource != .iFramePlaylist || rendition.isVideo,
            resource != .dvrPlaylist || rendition.history != nil
        else { return .response(responses.failure(404, "There is no such file", cacheSeconds: 1)) }
        switch resource {
        case .playlist, .dvrPlaylist, .iFramePlaylist:
            return playlist(resource, of: rendition, snapshot, channel, request)
        case .part(let number) where number == rendition.nextPartNumber && rendition.hintsParts:
            return park(.part(rendition: rendition.name, number: number), channel, snapshot) {
                [responses] current in
                current.rendition(rendition.name).flatMap { responses.media(resource, of: $0, in: current) }
            }
        case .initialization, .segment, .part:
            guard let response = responses.media(resource, of: rendition, in: snapshot) else {
                if let stored = rendition.stored(resource) {
                    return read(stored, of: rendition, channel, snapshot, request)
                }
                // A cache that kept the answer would still give it when the media are there.
                let age = rendition.isYetToCome(resource) ? 0 : snapshot.profile.targetDuration
                return .response(responses.failure(404, "This part of the stream is not here", cacheSeconds: age))
            }
            return .response(response.ranged(for: request))
        }
    }

    /// Answers with media that are on disk. It may take three target durations, as what is still to come.
    private func read(
        _ stored: StoredMedia, of rendition: RenditionWindow, _ channel: Channel, _ snapshot: PresentationSnapshot,
        _ request: HTTPRequest
    ) -> HTTPAnswer {
        let range = RangeRequest(request)
        let part = request.method == .head ? 0..<0 : range.part(of: stored.range.count)
        let offset = stored.range.lowerBound
        guard let reader,
            let wanted = WindowReader.Request(
                segment: stored.segment, of: rendition.name, presentation: snapshot.id,
                channel: channel.configuration.id, byteCount: stored.range.upperBound,
                part: offset + part.lowerBound..<offset + part.upperBound)
        else { return .response(responses.failure(404, "This part of the stream is not kept", cacheSeconds: 1)) }
        let deadline = clock.now + .seconds(3 * snapshot.profile.targetDuration)
        return .park { [responses, isVideo = rendition.isVideo] ticket in
            reader.open(wanted, until: deadline) { outcome in
                let answer =
                    switch outcome {
                    case .read(let object):
                        responses.media(
                            .file(.init(descriptor: object.descriptor, range: stored.range, owner: object)),
                            isVideo: isVideo, snapshot.profile
                        ).ranged(for: range)
                    case .missing:
                        responses.failure(404, "This part of the stream cannot be read", cacheSeconds: 1)
                    case .tooLate:
                        responses.failure(503, "The disk has too much to do", cacheSeconds: 0, retryAfter: 1)
                    case .shuttingDown: responses.restarting
                    }
                ticket.resume(with: answer)
            }
        }
    }

    // MARK: Waiting

    /// What of a request decides which bytes a playlist has.
    private func form(of request: HTTPRequest) -> PlaylistForm {
        PlaylistForm(
            queryParameters: request.rawQuery.isEmpty
                ? [] : options.queryParameters.filter { request.query($0)?.isEmpty == false },
            isGzip: Gzip.isAcceptable(to: request.header("Accept-Encoding")))
    }

    private func playlist(
        _ resource: MediaResource, of rendition: RenditionWindow, _ snapshot: PresentationSnapshot, _ channel: Channel,
        _ request: HTTPRequest
    ) -> HTTPAnswer {
        guard rendition.isPlayable else {
            return .response(responses.failure(404, "The channel is about to begin", cacheSeconds: 1))
        }
        let target = snapshot.profile.targetDuration
        var directives = DeliveryDirectives.none
        // A playlist that has ended is what it is, whatever was asked for (§6.2.5.2).
        if !rendition.isEnded {
            do throws(DeliveryDirectives.Fault) {
                directives = try .parse(request)
            } catch {
                let message =
                    switch error {
                    case .malformedInteger: "_HLS_msn and _HLS_part are decimal integers"
                    case .partWithoutMediaSequence: "_HLS_part needs _HLS_msn"
                    case .repeated: "_HLS_msn, _HLS_part and _HLS_skip stand once"
                    }
                // For so long a blocking request's error may be kept (App. B.1).
                return .response(responses.failure(400, message, cacheSeconds: 4 * target))
            }
        }
        var form = form(of: request)
        form.skip = directives.skip
        form.isBlocking = directives.awaited != nil
        // The multivariant playlist names the I-frame playlist before there is anything in it: then it is waited for.
        let isEmpty = resource == .iFramePlaylist && !rendition.hasKeyFrames && !rendition.isEnded
        let first = isEmpty ? AwaitedPosition(mediaSequence: 0, part: nil) : nil
        guard let awaited = directives.awaited ?? first else {
            return .response(responses.playlist(resource, of: rendition, in: snapshot, form: form))
        }
        let edge = resource == .iFramePlaylist ? rendition.iFramePlaylistEdge : rendition.playlistEdge
        switch edge.decide(awaited) {
        case .answer:
            return .response(responses.playlist(resource, of: rendition, in: snapshot, form: form))
        case .tooFarAhead:
            // It comes into reach: a cache that kept the refusal would still give it to those who ask when it is time.
            return .response(responses.failure(400, "That is too far ahead of the live edge", cacheSeconds: 0))
        case .wait:
            let name = rendition.name
            let wait: Awaited =
                resource == .iFramePlaylist
                ? .iFramePlaylist(rendition: name, awaited) : .playlist(rendition: name, awaited)
            return park(wait, channel, snapshot) { [responses, form] current in
                current.rendition(name).map { responses.playlist(resource, of: $0, in: current, form: form) }
            }
        }
    }

    /// Parks the request until `awaited` is there, for three target durations at most (§6.2.5.2). Only parts are waited
    /// for in vain: that one will not come may be kept for a target duration (App. B.1), a pause not at all.
    private func park(
        _ awaited: Awaited, _ channel: Channel, _ snapshot: PresentationSnapshot,
        _ response: @escaping @Sendable (PresentationSnapshot) -> HTTPResponse?
    ) -> HTTPAnswer {
        let target = snapshot.profile.targetDuration
        let deadline = clock.now + .seconds(3 * target)
        return .park { [output = channel.output, id = snapshot.id, responses] ticket in
            output.wait(for: awaited, of: id, until: deadline) { outcome in
                let answer =
                    switch outcome {
                    case .published(let current):
                        response(current)
                            ?? responses.failure(404, "This part of the stream is not here", cacheSeconds: target)
                    case .cancelled:
                        responses.failure(404, "This part of the stream will not come", cacheSeconds: target)
                    case .timedOut: responses.failure(503, "The live stream has paused", cacheSeconds: 0, retryAfter: 1)
                    case .shuttingDown: responses.restarting
                    }
                ticket.resume(with: answer)
            }
        }
    }
}

/// Reads a path segment by segment. Every request does it, so no list is made.
private struct PathSegments {
    private var rest: Substring.UTF8View?

    init(_ path: Substring.UTF8View) { rest = path }

    /// True when there is no further segment.
    var isAtEnd: Bool { rest == nil }

    /// The next segment; an empty one at the end.
    mutating func next() -> Substring {
        guard let rest else { return "" }
        let bytes = rest.span
        var length = 0
        while length < bytes.count, bytes[length] != UInt8(ascii: "/") { length += 1 }
        self.rest = length == bytes.count ? nil : rest.dropFirst(length + 1)
        return Substring(rest.prefix(length))
    }
}

extension DeliveryDirectives {
    /// What `request` asks for. A directive that stands twice is refused: a cache on the way may read the other one.
    fileprivate static func parse(_ request: HTTPRequest) throws(Fault) -> DeliveryDirectives {
        if request.rawQuery.isEmpty { return .none }
        for name in ["_HLS_msn", "_HLS_part", "_HLS_skip"] where request.isRepeated(query: name) { throw .repeated }
        return try parse(
            mediaSequence: request.query("_HLS_msn"), part: request.query("_HLS_part"),
            skip: request.query("_HLS_skip"))
    }
}

extension MediaResource {
    /// True for the names that lie beside the presentations, too.
    fileprivate var isMultivariant: Bool { self == .playlist || self == .dvrPlaylist }
}

/// Where media are that the process has let go of.
private struct StoredMedia {
    let segment: Int64
    let range: Range<Int>
}

extension RenditionWindow {
    /// Where `resource` is, when it can be fetched and is not in memory.
    fileprivate func stored(_ resource: MediaResource) -> StoredMedia? {
        switch resource {
        case .segment(let number):
            let count = segment(number)?.byteCount ?? history?[number]?.byteCount ?? 0
            return count > 0 ? StoredMedia(segment: number, range: 0..<count) : nil
        case .part(let number):
            guard let place = place(ofPart: number) else { return nil }
            return StoredMedia(segment: place.segment, range: place.range)
        case .initialization, .playlist, .dvrPlaylist, .iFramePlaylist: return nil
        }
    }

    /// True while the playlist names the part that comes next.
    fileprivate var hintsParts: Bool { profile.offersParts && !isEnded }

    /// True for media that are not there because they are still to be made.
    fileprivate func isYetToCome(_ resource: MediaResource) -> Bool {
        switch resource {
        case _ where isEnded: false
        case .initialization(let version): version > initializations.last?.version ?? 0
        case .segment(let number): number > segments.last(where: \.isComplete)?.sequenceNumber ?? -1
        case .part(let number): number >= nextPartNumber
        case .playlist, .dvrPlaylist, .iFramePlaylist: false
        }
    }

    /// True when the I-frame playlist is not empty.
    fileprivate var hasKeyFrames: Bool { keyFrameBandwidth.peak != nil }
}
