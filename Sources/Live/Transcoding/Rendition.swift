public import Media

/// A rung of a ladder as it is asked for. What of it a source really gets `Ladder` says.
public struct Rendition: Sendable, Hashable {
    /// How large pictures are to be.
    public enum Extent: Sendable, Hashable {
        /// So many lines; of upright pictures, so many samples in a line. The other side follows from the aspect ratio.
        case lines(Int)
        /// As large as fits into that frame, which lies or stands as the pictures do.
        case frame(PictureSize)
    }

    /// Which frames are taken.
    public enum Pace: Sendable, Hashable {
        /// Every so manieth.
        case every(Int)
        /// All, every second or every fourth: no more than about so many a second, where it is known how many there are.
        case atMost(Int)
    }

    /// How large pictures are to be.
    public var extent: Extent
    /// Which frames are taken.
    public var pace = Pace.every(1)
    /// The bits that pictures take on average.
    public var bitRate: BitRate
    /// The most that they take over the length of the buffer; a tenth more than on average where nothing is said.
    public var maximumBitRate: BitRate?
    /// How much of the maximum the decoder's buffer holds; as the latency profile has it where nothing is said.
    public var buffer: MediaTime?
    /// What they are encoded with.
    public var coding = VideoCoding.h264
    /// The encoder's preset; the usual one where nothing is said.
    public var preset: String?
    /// The profile of the coding; the usual one where nothing is said.
    public var profile: String?

    /// Pictures of `extent` that take `bitRate` on average.
    public init(_ extent: Extent, bitRate: BitRate) {
        self.extent = extent
        self.bitRate = bitRate
    }

    /// The most that pictures take, whoever says so.
    public var peakBitRate: BitRate { maximumBitRate ?? bitRate.scaled(percent: 110) }

    /// True where a player could not tell which of the two to take.
    func isLike(_ other: Rendition) -> Bool {
        extent == other.extent && pace == other.pace && coding == other.coding && bitRate == other.bitRate
    }
}

extension Rendition {
    /// The sides that pictures may be asked to have.
    public static let sides = 64...8192
    /// The bit rates that may be asked for.
    public static let bitRates = BitRate.kilobits(50)...BitRate.kilobits(100_000)
    /// Of how many frames one may be taken.
    public static let divisors = 1...4
    /// The shortest buffer: a key frame must have room in it.
    public static let shortestBuffer = MediaTime.milliseconds(200)
}
