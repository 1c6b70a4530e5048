/// The size of a picture in samples.
public struct PictureSize: Sendable, Hashable {
    /// Samples in a line.
    public let width: Int
    /// Lines.
    public let height: Int

    /// `width` × `height`.
    public init(_ width: Int, _ height: Int) {
        self.width = width
        self.height = height
    }

    /// The size of the pictures of `format` as they are coded.
    public init(_ format: VideoFormat) { self.init(format.width, format.height) }

    /// How many samples.
    public var area: Int { width * height }
}

extension PictureSize: LosslessStringConvertible {
    /// The size that text such as `1280x720` writes, if it does.
    public init?(_ description: String) {
        let parts = description.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ (1...5).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let width = Int(parts[0]), let height = Int(parts[1])
        else { return nil }
        self.init(width, height)
    }

    /// `1280x720`
    public var description: String { "\(width)x\(height)" }
}
