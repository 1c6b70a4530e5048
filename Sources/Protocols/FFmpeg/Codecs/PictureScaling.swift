internal import CFFmpeg
internal import Media

/// What a library makes of pictures of one size and form. For one thread.
protocol PictureScaling: AnyObject {
    /// The picture of `frame` in the size and form that was asked for, with whatever else belongs to it.
    func scale(_ frame: FrameStorage) throws(CodecError) -> FrameStorage
}

/// The size, shape and form of the pictures that a scaler's tables are made for.
struct PictureSource: Equatable {
    let size: PictureSize
    let sampleAspectRatio: AspectRatio
    let format: Int32
    let isFullRange: Bool

    init(_ frame: Frame) {
        (size, sampleAspectRatio) = (PictureSize(frame.width, frame.height), frame.sampleAspectRatio)
        (format, isFullRange) = (frame.pixelFormat.rawValue, frame.isFullRange)
    }

    /// As libavfilter has it. Pictures say times and shapes themselves.
    var description: String {
        "video_size=\(size):pix_fmt=\(format):time_base=1/1:pixel_aspect=1/1"
    }
}

/// Where a picture of another shape lies in one that comes out, with black beside it.
struct PictureInset: Equatable {
    let size: PictureSize
    let left: Int
    let top: Int

    /// Sizes are rounded to even ones, so shapes are never quite alike.
    private static let tolerance = (samples: 2, part: 64)

    /// That of `source` in what is made to those options; nothing where the shapes are alike.
    init?(_ source: PictureSource, in options: VideoScalerOptions) {
        let (frame, from, to) = (options.size, source.sampleAspectRatio, options.sampleAspectRatio)
        let shape = Double(source.size.width * from.width) / Double(max(source.size.height * from.height, 1))
        let wanted = Double(frame.width * to.width) / Double(max(frame.height * to.height, 1))
        guard shape > 0, wanted > 0 else { return nil }
        func shortened(_ side: Int, by factor: Double) -> Int { max(Int((Double(side) * factor / 2).rounded()) * 2, 2) }
        func isAlike(_ side: Int, _ other: Int) -> Bool {
            side - other <= max(Self.tolerance.samples, side / Self.tolerance.part)
        }
        if shape > wanted {
            size = PictureSize(frame.width, min(shortened(frame.height, by: wanted / shape), frame.height))
        } else {
            size = PictureSize(min(shortened(frame.width, by: shape / wanted), frame.width), frame.height)
        }
        guard !isAlike(frame.width, size.width) || !isAlike(frame.height, size.height) else { return nil }
        (left, top) = ((frame.width - size.width) / 4 * 2, (frame.height - size.height) / 4 * 2)
    }
}
