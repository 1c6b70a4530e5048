import Bytes

/// All that was seen of one presentation so far, and what of it breaks a rule.
///
/// Observations go in as they arrive, from any number of connections; each is judged by itself, against everything
/// before it, and against the other renditions. The history has no clock and does no I/O. It keeps a part's and a
/// segment's bytes only until they were compared.
public struct PresentationHistory: Sendable {
    /// What is put down to the observer.
    public var tolerances: Tolerances
    /// Every rule that was checked so far.
    public private(set) var tallies: [Rule: Tally] = [:]

    var multivariant: MultivariantPlaylist?
    var multivariantURL = ""
    var renditions: [String: RenditionRecord] = [:]
    var places: [ResourceKey: ResourcePlace] = [:]
    var headers: [ResourceKey: InitializationFacts] = [:]
    var headerBytes: [ResourceKey: ByteChunk] = [:]
    /// Media that came before the playlist that names it, oldest first.
    var unplaced: [(key: ResourceKey, observation: Observation)] = []
    /// Hinted resources that were not found. Parts may turn out to be missing media: the playlist that lists them tells.
    var refusedHints: Set<ResourceKey> = []
    /// The last segments, which ranges of them are compared with, and the I-frames that wait for theirs; oldest first.
    var recentSegments: [(key: ResourceKey, bytes: ByteChunk)] = []
    var recentIFrames: [(key: ResourceKey, bytes: ByteChunk)] = []
    /// The attributes of every date range so far, by ID.
    var dateRanges: [String: [String: String]] = [:]
    private var found: [Violation] = []

    /// An empty history.
    public init(tolerances: Tolerances = Tolerances()) { self.tolerances = tolerances }

    /// Takes one observation and returns the violations that it shows.
    public mutating func observe(_ observation: Observation) -> [Violation] {
        found = []
        checkDelivery(observation)
        switch observation.kind {
        case .multivariant: observeMultivariant(observation)
        case .playlist(let reload): observePlaylist(observation, reload)
        case .initialization: observeInitialization(observation)
        case .hintedInitialization: observeHintedInitialization(observation)
        case .segment, .part, .hintedPart: observeMedia(observation)
        case .iFrame: observeIFrame(observation)
        case .probe(let probe): observeProbe(observation, probe)
        }
        return found
    }

    /// Closes the history at the time `now` of the observations' clock and returns what shows only then.
    public mutating func finish(at now: Double) -> [Violation] {
        found = []
        for record in renditions.values.sorted(by: { $0.url < $1.url }) {
            guard let latest = record.latest, !latest.isEnded, record.target > 0 else { continue }
            let limit = 3 * record.target
            if record.isLowLatency, let seen = record.lastPartSeen {
                check(.partCadence, record.url, now - seen <= limit, "no new part for \(seconds(now - seen))")
            } else if let seen = record.lastSegmentSeen {
                check(.segmentCadence, record.url, now - seen <= limit, "no new segment for \(seconds(now - seen))")
            }
        }
        return found
    }

    /// Counts a check of `rule`, and notes a violation when `holds` is false.
    mutating func check(_ rule: Rule, _ place: String, _ holds: Bool, _ detail: @autoclosure () -> String) {
        tallies[rule, default: Tally()].checked += 1
        guard !holds else { return }
        let violation = Violation(rule, at: place, detail())
        found.append(violation)
        tallies[rule, default: Tally()].violated += 1
        if tallies[rule]?.first == nil { tallies[rule]?.first = violation }
    }

    /// Counts the playlist rules as checked once and notes the reader's faults.
    mutating func note(_ faults: [PlaylistFault], _ place: String) {
        let judged: [Rule] = [
            .playlistEncoding, .playlistHeader, .playlistWhitespace, .tagSyntax, .tagUnique, .tagOrder, .tagRequired,
            .tagPlacement, .attributeUnique, .attributeSyntax, .attributeRequired, .decimal, .variableDefined, .version,
            .versionExcess,
        ]
        for rule in judged where !faults.contains(where: { $0.rule == rule }) { check(rule, place, true, "") }
        for fault in faults { check(fault.rule, "\(place) line \(fault.line)", false, fault.detail) }
    }
}

/// `value` for people.
func seconds(_ value: Double) -> String {
    let thousandths = Int((value * 1_000_000).rounded().clamped(to: -9e15...9e15))
    let (whole, rest) = (abs(thousandths) / 1_000_000, abs(thousandths) % 1_000_000)
    let fraction = String(repeating: "0", count: 6 - String(rest).count) + String(rest)
    return "\(thousandths < 0 ? "-" : "")\(whole).\(fraction) s"
}

extension Double {
    fileprivate func clamped(to limits: ClosedRange<Double>) -> Double {
        isNaN ? 0 : Swift.min(Swift.max(self, limits.lowerBound), limits.upperBound)
    }
}
