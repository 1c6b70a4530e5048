public import Media

/// What a source really gets of a profile: the rungs, from the largest down.
///
/// No rung is larger than the source. Rungs that would be are left out; one that is hardly larger has the source's size.
/// Where the source is smaller than all there is one rung, of the source's size. Samples are square, sides even, and the
/// aspect ratio is the source's in all, to the nearest two samples. Pictures that players turn stay as they are coded, and
/// are to be marked as the source's are.
public struct Ladder: Sendable, Hashable {
    /// One rung.
    public struct Rung: Sendable, Hashable {
        /// What was asked for.
        public let rendition: Rendition
        /// The size of its pictures as they are coded; their samples are square.
        public let size: PictureSize
        /// Which frames are taken: every so manieth.
        public let divisor: Int
        /// The rung that it is scaled from, or whose pictures it shares where the sizes are equal; the source where there is
        /// none.
        public let above: Int?

        fileprivate func isLike(_ other: Rung) -> Bool {
            size == other.size && divisor == other.divisor && rendition.coding == other.rendition.coding
                && rendition.bitRate == other.rendition.bitRate
        }
    }

    /// The rungs that are encoded, from the largest down.
    public let rungs: [Rung]
    /// True where the source's own pictures are above them all.
    public let passesSource: Bool
    /// By how much players turn the pictures of all rungs.
    public let rotation: SourcePicture.Rotation

    /// What `source` gets of `profile`.
    public init(_ profile: OutputProfile, for source: SourcePicture) {
        passesSource = profile.isMixed
        rotation = source.rotation
        let sides = SourceSides(source)
        var found = profile.renditions.compactMap { rendition in
            sides.size(for: rendition.extent).map { Self.rung(rendition, $0, source) }
        }
        if profile.isMixed {
            found.removeAll { $0.size.area >= sides.size.area }
        } else if found.isEmpty, let smallest = profile.renditions.min(by: Self.isSmaller) {
            found = [Self.rung(smallest, sides.size, source)]
        }
        rungs = Self.arranged(found)
    }

    /// The divisors of all rungs, for the grid of key frames.
    public var divisors: [Int] { rungs.map(\.divisor) }

    private static func rung(_ rendition: Rendition, _ size: PictureSize, _ source: SourcePicture) -> Rung {
        Rung(
            rendition: rendition, size: size, divisor: rendition.pace.divisor(of: source.frameRate), above: nil)
    }

    /// From the largest down, without those that are alike, each below one that has all its frames.
    private static func arranged(_ rungs: [Rung]) -> [Rung] {
        var arranged: [Rung] = []
        for rung in rungs.sorted(by: isAbove) where !arranged.contains(where: rung.isLike) {
            let above = arranged.lastIndex { rung.divisor % $0.divisor == 0 }
            arranged.append(
                Rung(rendition: rung.rendition, size: rung.size, divisor: rung.divisor, above: above))
        }
        return arranged
    }

    private static func isAbove(_ left: Rung, _ right: Rung) -> Bool {
        if left.size.area != right.size.area { return left.size.area > right.size.area }
        if left.divisor != right.divisor { return left.divisor < right.divisor }
        return left.rendition.bitRate > right.rendition.bitRate
    }

    /// By the shorter side that is asked for, then by bit rate.
    private static func isSmaller(_ left: Rendition, _ right: Rendition) -> Bool {
        (left.extent.shorterSide, left.bitRate) < (right.extent.shorterSide, right.bitRate)
    }
}

extension Rendition.Extent {
    fileprivate var shorterSide: Int {
        switch self {
        case .lines(let lines): lines
        case .frame(let size): min(size.width, size.height)
        }
    }
}

extension Rendition.Pace {
    /// So many frames a second are left at least: no part is to be without one.
    private static let slowest = 5.0

    /// Every how manieth frame of a source of `frameRate` is taken.
    public func divisor(of frameRate: Double?) -> Int {
        switch self {
        case .every(let divisor):
            guard let frameRate else { return max(divisor, 1) }
            // Measured rates lie a little beside the true ones.
            return (1...max(divisor, 1)).last { divisor % $0 == 0 && frameRate * 1.02 >= Self.slowest * Double($0) }
                ?? 1
        case .atMost(let limit):
            // Measured rates lie a little beside the true ones.
            guard let frameRate, limit > 0 else { return 1 }
            let most = Double(limit) * 1.02
            return frameRate <= most ? 1 : frameRate / 2 <= most ? 2 : 4
        }
    }
}
