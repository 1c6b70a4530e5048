public import Media
public import Packaging

/// How encoders and decoders are set up for a latency profile.
public struct EncoderTuning: Sendable, Hashable {
    /// What the threads of one encoder or decoder share.
    public enum Threads: String, Sendable, Hashable {
        /// A picture: each has a slice of it. Nothing waits.
        case slices
        /// The pictures: each has one of its own, and each delays all by one.
        case frames
    }

    /// True where no picture may be held for the sake of others.
    public let isWithoutDelay: Bool
    /// Pictures in a row that may need later ones.
    public let bFrames: Int
    /// Pictures that are looked at before one is encoded.
    public let lookAhead: Int
    /// What threads share.
    public let threads: Threads
    /// How much of the peak bit rate the decoder's buffer holds where nothing is said.
    public let buffer: MediaTime
    /// How much it may hold: as long a viewer waits for a picture that fills it.
    public let longestBuffer: MediaTime

    /// The set-up for channels of that latency.
    public init(_ latency: LatencyProfile.Name) {
        switch latency {
        case .ultra:
            (isWithoutDelay, bFrames, lookAhead, threads) = (true, 0, 0, .slices)
            (buffer, longestBuffer) = (.milliseconds(500), .milliseconds(1000))
        case .low:
            (isWithoutDelay, bFrames, lookAhead, threads) = (false, 0, 5, .slices)
            (buffer, longestBuffer) = (.milliseconds(1000), .milliseconds(2000))
        case .standard:
            (isWithoutDelay, bFrames, lookAhead, threads) = (false, 2, 20, .frames)
            (buffer, longestBuffer) = (.milliseconds(1500), .milliseconds(4000))
        }
    }
}
