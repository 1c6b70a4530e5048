public import FFmpeg
public import Media

extension SourcePicture {
    /// Pictures like `frame`, a key frame as it was decoded from a track of `format`: only those have to tell everything.
    public init(_ frame: Frame, format: VideoFormat, frameRate: Double?) {
        self.init(
            PictureSize(frame.width, frame.height), sampleAspectRatio: frame.sampleAspectRatio, frameRate: frameRate)
        rotation = frame.rotation.map { Rotation(nearest: $0) } ?? .none
        hasHighDynamicRange = Self.isHigh(frame.colour ?? format.colour)
    }
}

extension SourcePicture.Rotation {
    /// The one that is next to so many degrees.
    fileprivate init(nearest degrees: Double) {
        let quarters = degrees.isFinite ? Int((degrees.remainder(dividingBy: 360) / 90).rounded()) & 3 : 0
        self = Self(rawValue: quarters * 90) ?? .none
    }
}
