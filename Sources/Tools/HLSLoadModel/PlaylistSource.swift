internal import Bytes
internal import Glibc
internal import HLSRules

/// A media playlist that many viewers of one thread read: each version is parsed for the first of them only.
///
/// The prober's reader takes some hundred microseconds for a playlist, which is little once per publication and thread;
/// a viewer who gets the same bytes as another one costs a comparison.
public final class PlaylistSource {
    /// Viewers ahead and behind by one version, and those who join, with a full playlist instead of a delta update.
    private static let versions = 4

    /// The playlist itself.
    public let resource: Resource
    private let url: String
    let variables: [String: String]
    private var known: [(bytes: [UInt8], view: MediaView)] = []
    /// How many versions were parsed.
    public private(set) var parsed = 0

    /// The playlist at `url`, with the variables of the multivariant playlist; nothing when that is no http URL.
    public init?(url: String, variables: [String: String]) {
        guard let resource = Resource(url) else { return nil }
        self.resource = resource
        self.url = url
        self.variables = variables
    }

    /// What `body` says, which may be compressed with gzip.
    public func view(of body: Span<UInt8>, isCompressed: Bool = false) throws(MalformedResponse) -> MediaView {
        if let index = known.lastIndex(where: { Self.areEqual($0.bytes.span, body) }) { return known[index].view }
        let text = try Self.text(of: body, isCompressed: isCompressed)
        let reader = try? PlaylistReader(text, variables: variables, query: URIReference.query(of: url))
        guard case .media(let playlist)? = reader?.playlist, let view = MediaView(playlist, url: url) else {
            throw .playlist
        }
        parsed += 1
        if known.count == Self.versions { known.removeFirst() }
        known.append((body.withUnsafeBytes { Array($0) }, view))
        return view
    }

    static func text(of body: Span<UInt8>, isCompressed: Bool) throws(MalformedResponse) -> ByteChunk {
        guard isCompressed else { return ByteChunk(copying: body) }
        guard let text = Gunzip.decompress(body) else { throw .coding }
        return text
    }

    static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                guard let left = left.baseAddress, let other = right.baseAddress else { return right.isEmpty }
                return memcmp(left, other, right.count) == 0
            }
        }
    }
}
