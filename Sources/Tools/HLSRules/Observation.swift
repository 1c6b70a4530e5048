public import Bytes

/// One request and its answer, as a client saw them.
public struct Observation: Sendable {
    /// What was asked for.
    public enum Kind: Equatable, Sendable {
        /// The multivariant playlist.
        case multivariant
        /// A media playlist, by a plain or a blocking reload.
        case playlist(Reload)
        /// A media initialization section.
        case initialization
        /// A media initialization section that was only hinted.
        case hintedInitialization
        /// A complete segment.
        case segment
        /// A part that was listed.
        case part
        /// A part that was only hinted.
        case hintedPart
        /// The range of one I-frame.
        case iFrame
        /// A request that tries out one behaviour of a media playlist's URL.
        case probe(Probe)
    }

    /// How a media playlist was reloaded.
    public enum Reload: Equatable, Sendable {
        /// Without delivery directives.
        case plain
        /// With `_HLS_msn` and perhaps `_HLS_part` and `_HLS_skip`.
        case blocking(number: Int, part: Int?, skip: Skip? = nil)

        /// What the answer may leave out.
        public var skip: Skip? {
            if case .blocking(_, _, let skip) = self { skip } else { nil }
        }

        /// The delivery directives as a query.
        public var directives: String {
            guard case .blocking(let number, let part, let skip) = self else { return "" }
            return "_HLS_msn=\(number)" + (part.map { "&_HLS_part=\($0)" } ?? "")
                + (skip.map { "&_HLS_skip=\($0.rawValue)" } ?? "")
        }
    }

    /// `_HLS_skip`: what a delta update may leave out.
    public enum Skip: String, Equatable, Sendable {
        /// Segments.
        case segments = "YES"
        /// Segments and date ranges.
        case segmentsAndDateRanges = "v2"
    }

    /// A request whose answer is laid down.
    public enum Probe: Equatable, Sendable {
        /// `_HLS_part` without `_HLS_msn`.
        case partAlone
        /// `_HLS_msn` more than two beyond the last.
        case farNumber
        /// `_HLS_msn` that is no number.
        case malformedNumber
        /// `_HLS_msn` of a segment that is long complete, or removed.
        case oldNumber
        /// `_HLS_msn` two beyond the last complete segment, the furthest that may be asked for.
        case ahead(Int)
        /// The playlist without `Accept-Encoding`.
        case uncompressed
        /// Some bytes of a complete segment.
        case segmentRange
        /// A parameter that nobody knows.
        case unknownParameter
        /// A resource next to the playlist that does not exist.
        case unknownResource
    }

    /// What was asked for.
    public var kind: Kind
    /// The absolute URL, without delivery directives.
    public var url: String
    /// The requested bytes, when not the whole resource.
    public var range: MediaPlaylist.ByteRange?
    /// When the request was sent, in seconds of a clock that only goes forward.
    public var sentAt: Double
    /// When the first byte of the body came, where that is known, on the same clock.
    public var firstByteAt: Double?
    /// When the answer was complete, on the same clock.
    public var arrivedAt: Double
    /// The HTTP status.
    public var status: Int
    /// The header fields with lower-case names.
    public var headers: [(name: String, value: String)]
    /// The body, decompressed.
    public var body: ByteChunk
    /// True when the request accepted gzip.
    public var acceptsGzip: Bool

    /// An observation of `url`.
    public init(
        _ kind: Kind, url: String, range: MediaPlaylist.ByteRange? = nil, sentAt: Double, arrivedAt: Double,
        status: Int,
        headers: [(name: String, value: String)], body: ByteChunk, acceptsGzip: Bool = false
    ) {
        self.kind = kind
        self.url = url
        self.range = range
        self.sentAt = sentAt
        self.arrivedAt = arrivedAt
        self.status = status
        self.headers = headers
        self.body = body
        self.acceptsGzip = acceptsGzip
    }

    /// The values of a header field, joined as one.
    public func header(_ name: String) -> String? {
        let values = headers.filter { $0.name == name }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// True when the answer carries the requested bytes.
    var isSuccess: Bool { status == 200 || status == 206 }

    /// How long the answer took, in seconds.
    var elapsed: Double { arrivedAt - sentAt }
}
