internal import Media

/// The sides of a source's pictures where samples are square, and what they become when they are scaled. All of it is
/// exact: sides are fractions until they are rounded.
struct SourceSides {
    /// Something that a side is multiplied with.
    private struct Scale {
        let numerator: Int
        let denominator: Int

        static func smaller(_ left: Scale, _ right: Scale) -> Scale {
            left.numerator * right.denominator <= right.numerator * left.denominator ? left : right
        }
    }

    /// What is larger than the source by less has its size: pictures of 1072 lines are a source of "1080".
    private static let slack = (percent: 105, of: 100)
    /// Encoders have no blocks for less.
    private static let shortest = 16
    private static let longest = 16_384
    /// Samples of another shape are a broken parameter set.
    private static let largestShape = 8

    /// The width is a fraction.
    private let width: Int
    private let widthDenominator: Int
    private let height: Int

    init(_ source: SourcePicture) {
        let shape = source.sampleAspectRatio
        let isShape =
            (1...65_535).contains(shape.width) && (1...65_535).contains(shape.height)
            && shape.width <= shape.height * Self.largestShape && shape.height <= shape.width * Self.largestShape
        let sides = 1...Self.longest
        width = source.size.width.clamped(to: sides) * (isShape ? shape.width : 1)
        widthDenominator = isShape ? shape.height : 1
        height = source.size.height.clamped(to: sides)
    }

    /// The source's own size, of square samples.
    var size: PictureSize {
        PictureSize(max(width / widthDenominator & ~1, 2), max(height & ~1, 2))
    }

    /// The size of a rung of `extent`; nothing where that is larger than the source, or too narrow to be encoded.
    func size(for extent: Rendition.Extent) -> PictureSize? {
        let scale = scale(for: extent)
        guard scale.numerator > 0 else { return nil }
        if scale.numerator * Self.slack.of >= scale.denominator * Self.slack.percent { return nil }
        let scaled = PictureSize(
            min(Self.even(width * scale.numerator, widthDenominator * scale.denominator), size.width),
            min(Self.even(height * scale.numerator, scale.denominator), size.height))
        return min(scaled.width, scaled.height) >= Self.shortest ? scaled : nil
    }

    private func scale(for extent: Rendition.Extent) -> Scale {
        let lies = width >= height * widthDenominator
        switch extent {
        case .lines(let lines): return lies ? byHeight(lines) : byWidth(lines)
        case .frame(let frame):
            let (long, short) = (max(frame.width, frame.height), min(frame.width, frame.height))
            return .smaller(byWidth(lies ? long : short), byHeight(lies ? short : long))
        }
    }

    private func byWidth(_ wanted: Int) -> Scale { Scale(numerator: wanted * widthDenominator, denominator: width) }

    private func byHeight(_ wanted: Int) -> Scale { Scale(numerator: wanted, denominator: height) }

    /// The even number that is next to the fraction.
    private static func even(_ numerator: Int, _ denominator: Int) -> Int {
        2 * ((numerator + denominator) / (2 * denominator))
    }
}

extension Int {
    fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
