internal import CFFmpeg
internal import Media

/// What a library makes of pictures of one size and form. For one thread.
protocol PictureScaling: AnyObject {
    /// The picture of `frame` in the size and form that was asked for, with whatever else belongs to it.
    func scale(_ frame: FrameStorage) throws(CodecError) -> FrameStorage
}

/// The size and form of the pictures that a scaler's tables are made for.
struct PictureSource: Equatable {
    let size: PictureSize
    let format: Int32
    let isFullRange: Bool

    init(_ frame: Frame) {
        size = PictureSize(frame.width, frame.height)
        (format, isFullRange) = (frame.pixelFormat.rawValue, frame.isFullRange)
    }

    /// As libavfilter has it. Pictures say times and shapes themselves.
    var description: String {
        "video_size=\(size):pix_fmt=\(format):time_base=1/1:pixel_aspect=1/1"
    }
}
