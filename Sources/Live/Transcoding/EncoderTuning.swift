public import Media
public import Packaging

/// How encoders are set up for a latency profile.
public struct EncoderTuning: Sendable, Hashable {
    /// True where no picture may be held for the sake of others.
    public let isWithoutDelay: Bool
    /// Pictures in a row that may need later ones.
    private let bFrames: Int
    /// Pictures that are looked at before one is encoded.
    private let lookAhead: Int
    private let threads: Int
    /// How much of the peak bit rate the decoder's buffer holds where nothing is said.
    public let buffer: MediaTime
    /// How much it may hold: as long a viewer waits for a picture that fills it.
    public let longestBuffer: MediaTime

    /// A picture with fewer samples is soon done.
    private static let largePicture = 1 << 20
    /// Longer than that none waits for pictures to look at: another rendition may have them sooner.
    private static let patience = MediaTime.milliseconds(850)

    /// How many threads share a picture of that size, each with a slice of it, where the codec can do that without delay. One
    /// costs the least work, two are sooner done with a large one.
    public func threads(for size: PictureSize) -> Int { size.area < Self.largePicture ? 1 : threads }

    /// Pictures in a row that may need later ones, where they are so far apart: none where that takes long.
    public func bFrames(at distance: MediaTime) -> Int { distance <= .milliseconds(84) ? bFrames : 0 }

    /// Pictures that are looked at before one is encoded, where they are so far apart.
    public func lookAhead(at distance: MediaTime) -> Int {
        guard distance > .zero else { return lookAhead }
        return min(lookAhead, Int(Self.patience.seconds / distance.seconds))
    }

    /// The set-up for channels of that latency.
    public init(_ latency: LatencyProfile.Name) {
        switch latency {
        case .ultra:
            (isWithoutDelay, bFrames, lookAhead, threads) = (true, 0, 0, 2)
            (buffer, longestBuffer) = (.milliseconds(500), .milliseconds(1000))
        case .low:
            (isWithoutDelay, bFrames, lookAhead, threads) = (false, 0, 5, 1)
            (buffer, longestBuffer) = (.milliseconds(1000), .milliseconds(2000))
        case .standard:
            (isWithoutDelay, bFrames, lookAhead, threads) = (false, 2, 20, 1)
            (buffer, longestBuffer) = (.milliseconds(1500), .milliseconds(4000))
        }
    }
}
