internal import Media

/// A ladder with a name.
public enum OutputPreset: String, Sendable, Hashable, CaseIterable {
    /// Up to 480 lines.
    case sd
    /// Up to 720 lines.
    case hd
    /// Up to 1080 lines.
    case fullhd

    /// The rungs, from the largest down. Sizes are those of 16:9; other pictures fit into them.
    ///
    /// Bit rates are those of Apple's authoring rules (appendix), and a little more at the lower end, where a quick preset
    /// needs it. Fast pictures are worth their bits from 720 lines on.
    public var renditions: [Rendition] {
        switch self {
        case .sd: [Self.lines480, Self.lines360, Self.lines240]
        case .hd: [Self.lines720, Self.lines480, Self.lines360]
        case .fullhd: [Self.lines1080, Self.lines720, Self.lines480, Self.lines360]
        }
    }

    private static let lines1080 = rung(1920, 1080, kilobits: 6000, framesPerSecond: 60)
    private static let lines720 = rung(1280, 720, kilobits: 3000, framesPerSecond: 60)
    private static let lines480 = rung(854, 480, kilobits: 1400, framesPerSecond: 30)
    private static let lines360 = rung(640, 360, kilobits: 800, framesPerSecond: 30)
    private static let lines240 = rung(426, 240, kilobits: 400, framesPerSecond: 30)

    private static func rung(_ width: Int, _ height: Int, kilobits: Int, framesPerSecond: Int) -> Rendition {
        var rendition = Rendition(.frame(PictureSize(width, height)), bitRate: .kilobits(kilobits))
        rendition.pace = .atMost(framesPerSecond)
        return rendition
    }
}
