extension MultivariantPlaylist {
    /// VIDEO-RANGE (§4.4.6.2), from the narrowest to the widest.
    public enum VideoRange: String, Sendable, CaseIterable, Comparable {
        /// Standard dynamic range.
        case sdr = "SDR"
        /// Hybrid log-gamma, perhaps mixed with SDR.
        case hlg = "HLG"
        /// Perceptual quantizer, perhaps mixed with the others.
        case pq = "PQ"

        /// The range of pictures with those TransferCharacteristics (ITU-T H.273 §8.2). Nothing where they are unspecified,
        /// or are none that §4.4.6.2 has a name for: a variant without the attribute counts as SDR.
        public init?(transferCharacteristics: UInt8) {
            switch transferCharacteristics {
            case 1, 6, 13, 14, 15: self = .sdr
            case 18: self = .hlg
            case 16: self = .pq
            default: return nil
            }
        }

        /// What the narrower one qualifies as may be mixed into the wider one.
        public static func < (left: Self, right: Self) -> Bool {
            switch (left, right) {
            case (.sdr, .hlg), (.sdr, .pq), (.hlg, .pq): true
            default: false
            }
        }
    }
}
