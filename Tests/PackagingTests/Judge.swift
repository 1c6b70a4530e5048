import Bytes
import HLS
import HLSRules
import Packaging

/// A viewer of all renditions at once, who holds what he is given against the rules of a checker.
struct Judge {
    private var history = PresentationHistory()
    private var fetched: Set<String> = []
    /// The playlists that he was told of.
    private var told: [String] = []
    private var lastLook = -Double.infinity
    private var version: Int64 = -1
    /// What broke a rule, but for those of HTTP.
    private(set) var faults: [String] = []

    /// How often a rule was looked at.
    func count(_ rule: Rule) -> Int { history.tallies[rule]?.checked ?? 0 }

    /// Looks at what there is at that time, in milliseconds, if it is something new, three times a second at most.
    mutating func look(at presentation: Presentation, _ time: Int64, isLast: Bool = false) {
        let time = Double(time) / 1000
        guard isLast || presentation.version != version && time - lastLook >= 0.3 else { return }
        let snapshot = presentation.snapshot
        guard snapshot.isPlayable else { return }
        (lastLook, version) = (time, presentation.version)
        let streams = snapshot.multivariantPlaylist
        let uris = streams.variants.map(\.uri) + streams.audio.map(\.uri)
        if uris != told || isLast { take(.multivariant, "index.m3u8", streams.rendered(), time) }
        told = uris
        for rendition in snapshot.renditions {
            let folder = "\(snapshot.id)/\(rendition.name)/"
            guard uris.contains(folder + "index.m3u8") else { continue }
            take(.playlist(.plain), folder + "index.m3u8", snapshot.playlist(of: rendition).rendered(), time)
            if rendition.isVideo, rendition.listed.contains(where: \.isComplete) {
                take(
                    .playlist(.plain), folder + "iframes.m3u8", snapshot.iFramePlaylist(of: rendition).rendered(), time)
            }
            for initialization in rendition.initializations {
                let name = folder + MediaResource.initialization(initialization.version).fileName
                fetch(.initialization, name, initialization.data, time)
            }
            for segment in rendition.listed {
                for part in segment.parts where rendition.profile.offersParts {
                    fetch(.part, folder + MediaResource.part(part.number).fileName, part.data, time)
                }
                guard segment.isComplete, !segment.isGap, let data = segment.data else { continue }
                let name = folder + MediaResource.segment(segment.sequenceNumber).fileName
                fetch(.segment, name, ByteChunk(joining: data), time)
            }
        }
    }

    private mutating func fetch(_ kind: Observation.Kind, _ name: String, _ bytes: ByteChunk?, _ time: Double) {
        guard let bytes, fetched.insert(name).inserted else { return }
        observe(kind, name, bytes, time)
    }

    private mutating func take(
        _ kind: Observation.Kind, _ name: String, _ text: some Sequence<UInt8>, _ time: Double
    ) {
        observe(kind, name, ByteChunk(Array(text)), time)
    }

    private mutating func observe(_ kind: Observation.Kind, _ name: String, _ body: ByteChunk, _ time: Double) {
        let observation = Observation(
            kind, url: "http://test/live/" + name, sentAt: time, arrivedAt: time, status: 200, headers: [], body: body)
        faults += history.observe(observation).map(\.description).filter { !$0.hasPrefix("http.") }
    }
}
