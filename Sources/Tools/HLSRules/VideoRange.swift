/// VIDEO-RANGE (RFC 8216bis §4.4.6.2), from the narrowest to the widest.
enum VideoRange: String, Comparable, CustomStringConvertible {
    case standard = "SDR"
    case hybrid = "HLG"
    case quantized = "PQ"

    /// What a variant says: SDR where it says nothing, and nothing where it says something unknown.
    init?(_ claimed: String?) { self.init(rawValue: claimed ?? Self.standard.rawValue) }

    /// That of media, where their transfer characteristics are those of a range.
    init?(_ facts: InitializationFacts) {
        switch facts.transferCharacteristics {
        case 1, 6, 13, 14, 15: self = .standard
        case 18: self = .hybrid
        case 16: self = .quantized
        default: return nil
        }
    }

    var description: String { rawValue }

    private var width: Int {
        switch self {
        case .standard: 0
        case .hybrid: 1
        case .quantized: 2
        }
    }

    static func < (left: VideoRange, right: VideoRange) -> Bool { left.width < right.width }
}
