public import Media

/// The size of a picture in samples.
public struct PictureSize: Sendable, Hashable {
    /// The width.
    public var width: Int
    /// The height.
    public var height: Int

    /// `width` × `height` samples.
    public init(_ width: Int, _ height: Int) { (self.width, self.height) = (width, height) }

    /// The size in square samples that shows as much, in the same shape, as this one in samples of `ratio`, with both
    /// sides even. The smaller of both measures is kept, so nothing is enlarged but what the shape demands: samples that
    /// are wide make it wider, samples that are narrow make it higher.
    public func withSquareSamples(from ratio: AspectRatio) -> PictureSize {
        guard ratio.width > 0, ratio.height > 0 else { return even }
        return ratio.width >= ratio.height
            ? PictureSize(Self.rounded(width * ratio.width, by: ratio.height), height).even
            : PictureSize(width, Self.rounded(height * ratio.height, by: ratio.width)).even
    }

    /// The same shape `height` samples high, with both sides even.
    public func scaled(toHeight height: Int) -> PictureSize {
        guard self.height > 0 else { return self }
        let width = Self.rounded(self.width * height, by: self.height * 2) * 2
        return PictureSize(max(width, 2), max(height & ~1, 2))
    }

    private var even: PictureSize { PictureSize(max(width & ~1, 2), max(height & ~1, 2)) }

    private static func rounded(_ value: Int, by divisor: Int) -> Int { (2 * value + divisor) / (2 * divisor) }
}
