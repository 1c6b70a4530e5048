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
    /// Those of all versions: most name the same playlists.
    private var known: [String: PlaylistSource] = [:]

    /// The playlist at `url`, of which the variant number `variant`, counted from 0, is played; nothing when it is no
    /// http or https URL.
    public init?(url: String, variant: Int) {
        guard let resource = Resource(url) else { return nil }
        self.resource = resource
        self.url = url
        self.variant = variant
    }

    /// The playlists to follow, video (or all in one) before audio. `body` may be compressed with gzip.
    public func renditions(
        of body: Span<UInt8>, isCompressed: Bool = false
    ) throws(MalformedResponse) -> [PlaylistSource] {
        if !renditions.isEmpty, PlaylistSource.areEqual(bytes.span, body) { return renditions }
        let text = try PlaylistSource.text(of: body, isCompressed: isCompressed)
        let reader = try? PlaylistReader(text, query: URIReference.query(of: url))
        switch reader?.playlist {
        case .media?: renditions = [source(url, [:])].compactMap(\.self)
        case .multivariant(let playlist)?: renditions = chosen(playlist)
        case nil: renditions = []
        }
        guard !renditions.isEmpty else { throw .playlist }
        bytes = body.withUnsafeBytes { Array($0) }
        return renditions
    }

    private func chosen(_ playlist: MultivariantPlaylist) -> [PlaylistSource] {
        guard playlist.variants.indices.contains(variant) else { return [] }
        let variant = playlist.variants[variant]
        let group = playlist.renditions.filter { $0.type == "AUDIO" && $0.group == variant.groups["AUDIO"] }
        // Where the rendition has no URI, the variant's own playlist carries it (RFC 8216bis §4.4.6.2.1).
        let audio = (group.first { $0.isDefault } ?? group.first)?.uri
        return [variant.uri, audio].compactMap { uri in
            guard let uri, !uri.isEmpty else { return nil }
            return source(URIReference.resolve(uri, against: url), playlist.variables)
        }
    }

    private func source(_ url: String, _ variables: [String: String]) -> PlaylistSource? {
        if let source = known[url], source.variables == variables { return source }
        let source = PlaylistSource(url: url, variables: variables)
        known[url] = source
        return source
    }
}
