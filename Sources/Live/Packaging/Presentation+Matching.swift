internal import Media

extension Presentation {
    /// Which of the `known` audio tracks, those of the renditions, each of a source's `tracks` goes on with; nothing when one
    /// of them goes on with none, and so needs a presentation that tells clients of it.
    ///
    /// A track goes on with one that is coded alike and has the same language: with the one of the same name, then
    /// with the one at the same place, then with the first. Where the source tells no language at all, any will do; and one
    /// of which no language was told will do for any that has no better.
    static func places(of tracks: [Track], among known: [Track]) -> [Int]? {
        let tellsLanguages = tracks.contains { $0.spokenLanguage != nil }
        // A source that leaves tracks out goes on counting as before; one that counts otherwise leaves the order.
        let keepsIndices = tracks.allSatisfy { track in known.contains { $0.index == track.index } }
        var places = [Int?](repeating: nil, count: tracks.count)
        let order = [(true, true), (true, false), (false, true), (false, false)]
        let wishes = order.map { (name: $0, place: $1, language: true) } + order.map { ($0, $1, false) }
        for (byName, byPlace, byLanguage) in wishes {
            for (position, track) in tracks.enumerated() where places[position] == nil {
                places[position] = known.indices.first { place in
                    let other = known[place]
                    let mayDiffer = !tellsLanguages || !byLanguage && other.spokenLanguage == nil
                    return !places.contains(place) && other.codec == track.codec
                        && (mayDiffer || other.spokenLanguage == track.spokenLanguage)
                        && (!byName || (track.name != nil && other.name == track.name))
                        && (!byPlace || (keepsIndices ? other.index == track.index : place == position))
                }
            }
        }
        let found = places.compactMap(\.self)
        return found.count == tracks.count ? found : nil
    }
}

extension Track {
    /// The language in the one form that tags are compared in (RFC 5646 §2.1.1); nothing when nobody tells.
    var spokenLanguage: String? {
        guard let tag = language?.lowercased(), !tag.isEmpty, tag != "und" else { return nil }
        return tag
    }
}
