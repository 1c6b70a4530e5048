internal import Media
internal import Packaging

/// What is made of the sounds of the source with which a run began: another source may go on with them.
struct SoundLayout {
    /// The sounds.
    let sources: [Track]
    /// What is made of each.
    let renditions: [[AudioRendition]]

    /// True where all can go on with silence.
    let canBeSilent: Bool
    private let output: AudioOutput?

    /// What `output` makes of those tracks; nothing is encoded where there is none.
    init(_ sources: [Track], _ output: AudioOutput?) {
        (self.sources, self.output) = (sources, output)
        let renditions = sources.map { output?.renditions(of: $0) ?? [.copied] }
        self.renditions = renditions
        canBeSilent = zip(sources, renditions).allSatisfy { !$1.contains(.copied) || $0.silentFrame != nil }
    }

    /// True where something is made of them that they are not.
    var encodes: Bool { renditions.contains { $0 != [.copied] } }

    /// Which of the sounds each of the `tracks` of another source goes on with: the one of its language, best at its place.
    /// Nothing where one of them has none. One that does not continue the source before is to be what that was, too.
    func places(of tracks: [Track], continues: Bool) -> [Int]? {
        let tellsLanguages = tracks.contains { $0.language != nil }
        var places: [Int] = []
        for (position, track) in tracks.enumerated() {
            let fitting = sources.indices.filter { place in
                !places.contains(place) && (!tellsLanguages || sources[place].language == track.language)
                    && goesOn(track, place, continues: continues)
            }
            guard let place = fitting.contains(position) ? position : fitting.first else { return nil }
            places.append(place)
        }
        return places
    }

    private func goesOn(_ track: Track, _ place: Int, continues: Bool) -> Bool {
        let source = sources[place]
        if renditions[place].contains(.copied) {
            // Nobody can say in the middle of it how it is decoded from now on.
            guard source.codec == track.codec, source.decoderConfiguration == track.decoderConfiguration else {
                return false
            }
        }
        return continues || (output?.renditions(of: track) ?? [.copied]) == renditions[place]
    }
}
