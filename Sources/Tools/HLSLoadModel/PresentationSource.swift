internal import Bytes
internal import HLSRules

/// What the viewers of one thread are sent to: a multivariant playlist, of which each plays one variant and its audio,
/// or a media playlist. What the same bytes say is worked out once.
public final class PresentationSource {
    /// What was asked for.
    public let resource: Resource
    private let url: String
    private let variant: Int
    private var bytes: [UInt8] = []
    private var renditions: [PlaylistSource] = []

    /// The playlist at `url`, of which the variant number `variant`, counted from 0, is played; nothing when it is no
    /// http or https URL.
    public init?(url: String, variant: Int) {
        guard let resource = Resource(url) else { return nil }
        self.resource = resource
        self.url = url
        self.variant = variant
    }

    /// The playlists to follow, video (or all in one) before audio.
    public func renditions(of body: Span<UInt8>) throws(MalformedResponse) -> [PlaylistSource] {
        if !renditions.isEmpty, PlaylistSource.areEqual(bytes.span, body) { return renditions }
        let chunk = ByteChunk(copying: body)
        let reader = try? PlaylistReader(chunk, query: URIReference.query(of: url))
        switch reader?.playlist {
        case .media?: renditions = [PlaylistSource(url: url, variables: [:])].compactMap(\.self)
        case .multivariant(let playlist)?: renditions = Self.chosen(variant, of: playlist, url: url)
        case nil: renditions = []
        }
        guard !renditions.isEmpty else { throw .playlist }
        bytes = chunk.array
        return renditions
    }

    private static func chosen(_ index: Int, of playlist: MultivariantPlaylist, url: String) -> [PlaylistSource] {
        guard playlist.variants.indices.contains(index) else { return [] }
        let variant = playlist.variants[index]
        let group = playlist.renditions.filter { $0.type == "AUDIO" && $0.group == variant.groups["AUDIO"] }
        // Where the rendition has no URI, the variant's own playlist carries it (RFC 8216bis §4.4.6.2.1).
        let audio = (group.first { $0.isDefault } ?? group.first)?.uri
        return [variant.uri, audio].compactMap { uri in
            guard let uri, !uri.isEmpty else { return nil }
            return PlaylistSource(url: URIReference.resolve(uri, against: url), variables: playlist.variables)
        }
    }
}
