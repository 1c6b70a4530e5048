public import Media

/// What a source's pictures are like, as far as a ladder depends on it.
public struct SourcePicture: Sendable, Hashable {
    /// By how much players turn pictures, clockwise.
    public enum Rotation: Int, Sendable, Hashable, CaseIterable {
        /// Not at all.
        case none = 0
        /// By a quarter.
        case quarter = 90
        /// Upside down.
        case half = 180
        /// By three quarters.
        case threeQuarters = 270
    }

    /// Their size as they are coded.
    public var size: PictureSize
    /// The shape of a sample.
    public var sampleAspectRatio: AspectRatio
    /// By how much players turn them.
    public var rotation = Rotation.none
    /// Frames in a second, where it is known.
    public var frameRate: Double?
    /// True where the colour says that their dynamic range is high: PQ or HLG.
    public var hasHighDynamicRange = false

    /// Pictures of `size`.
    public init(
        _ size: PictureSize, sampleAspectRatio: AspectRatio = AspectRatio(1, 1), frameRate: Double? = nil
    ) {
        self.size = size
        self.sampleAspectRatio = sampleAspectRatio
        self.frameRate = frameRate
    }

    /// Pictures of `format`.
    public init(_ format: VideoFormat, frameRate: Double? = nil) {
        self.init(PictureSize(format), sampleAspectRatio: format.sampleAspectRatio, frameRate: frameRate)
        hasHighDynamicRange = Self.isHigh(format.colour)
    }

    /// True where the dynamic range of such colour is high.
    static func isHigh(_ colour: ColourDescription?) -> Bool {
        colour.map { [Self.pq, Self.hlg].contains($0.transfer) } ?? false
    }

    /// TransferCharacteristics of ITU-T H.273.
    private static let pq: UInt8 = 16
    private static let hlg: UInt8 = 18
}
