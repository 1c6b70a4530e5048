internal import Media
internal import RTMP

/// What a publisher says about a track beside its configuration.
struct RTMPTrackDescription: Equatable {
    var language: String?
    var name: String?

    /// Nothing.
    init() {}

    /// What an entry of `audioTrackIdInfoMap` says. Enhanced RTMP v2 leaves open what a language and a name are called.
    init(_ entry: AMF0Value) {
        let text = { (names: [String]) in
            names.lazy.compactMap { entry[$0]?.string }.first { !$0.isEmpty }
        }
        language = text(["language", "lang"]).map(LanguageTag.shortest)
        name = text(["name", "title", "label"])
    }

    /// The entries of `audioTrackIdInfoMap` in `onMetaData`, by the track's number.
    static func audioTracks(of metadata: AMF0Value) -> [UInt8: RTMPTrackDescription] {
        let entries = (metadata["audioTrackIdInfoMap"]?.properties ?? []).compactMap { property in
            UInt8(property.name).map { ($0, RTMPTrackDescription(property.value)) }
        }
        return Dictionary(entries) { first, _ in first }
    }
}
