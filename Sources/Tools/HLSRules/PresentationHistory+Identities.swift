/// Rules of what identifies and ranks variants for a player that moves between them (RFC 8216bis §4.4.6).
extension PresentationHistory {
    mutating func checkIdentities(_ playlist: MultivariantPlaylist) {
        checkStableIDs(
            playlist.variants.map { ($0.stableID, [$0.pathway ?? "."], $0.uri, $0.line) }, "STABLE-VARIANT-ID")
        checkStableIDs(
            playlist.iFrameVariants.map { ($0.stableID, [$0.pathway ?? "."], $0.uri, $0.line) }, "STABLE-VARIANT-ID")
        checkStableIDs(
            playlist.renditions.compactMap { rendition in
                rendition.uri.map { (rendition.stableID, [rendition.type, rendition.group], $0, rendition.line) }
            }, "STABLE-RENDITION-ID")
        let scores = playlist.variants.compactMap(\.score).count
        if scores > 0 {
            check(
                .score, multivariantURL, scores == playlist.variants.count,
                "\(scores) of \(playlist.variants.count) variants have a SCORE")
        }
        guard let steering = playlist.steering else { return }
        let place = "\(multivariantURL) line \(steering.line)"
        check(.steering, place, steering.serverURI != nil, "no SERVER-URI")
        guard let pathway = steering.pathway else { return }
        // A variant that names no pathway is on the one called '.'.
        check(
            .steering, place, playlist.variants.contains { $0.pathway ?? "." == pathway },
            "no variant is on the pathway '\(pathway)'")
    }

    /// An ID may stand for another URI only elsewhere: on another pathway, or in another group.
    private mutating func checkStableIDs(
        _ tags: [(id: String?, scope: [String], uri: String, line: Int)], _ attribute: String
    ) {
        let told = tags.filter { $0.id != nil }.count
        guard told > 0 else { return }
        check(.stableID, multivariantURL, told == tags.count, "\(told) of \(tags.count) tags have a \(attribute)")
        var owners: [[String]: String] = [:]
        for tag in tags {
            guard let id = tag.id else { continue }
            let place = "\(multivariantURL) line \(tag.line)"
            let isWellFormed = id.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "+/=.-_".utf8.contains(byte)
            }
            check(.stableID, place, isWellFormed, "\(attribute) is '\(id)'")
            let owner = owners[tag.scope + [id]] ?? tag.uri
            check(.stableID, place, owner == tag.uri, "\(attribute) '\(id)' is that of \(owner), too")
            owners[tag.scope + [id]] = owner
        }
    }
}
