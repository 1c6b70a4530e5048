internal import CFFmpeg
public import Media

/// A picture that is not coded, with the time at which it is shown.
///
/// Copies share the picture, also between threads: nobody writes to it.
public struct Frame: Sendable {
    /// When it is shown.
    public var presentationTime: MediaTime
    let storage: FrameStorage

    init(_ storage: FrameStorage, at presentationTime: MediaTime) {
        (self.storage, self.presentationTime) = (storage, presentationTime)
    }

    /// The width in samples, after cropping.
    public var width: Int { Int(storage.raw.pointee.width) }
    /// The height in samples, after cropping.
    public var height: Int { Int(storage.raw.pointee.height) }
    /// How its samples lie in memory.
    public var pixelFormat: PixelFormat { PixelFormat(rawValue: storage.raw.pointee.format) }
    /// True when it was coded as a key frame.
    public var isKey: Bool { storage.raw.pointee.key_frame != 0 }
    /// True when parts of it are made up for what was lost.
    public var isDamaged: Bool {
        storage.raw.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || storage.raw.pointee.decode_error_flags != 0
    }
    /// True when it is two fields, of two moments.
    public var isInterlaced: Bool { storage.raw.pointee.interlaced_frame != 0 }

    /// The shape of a sample; square where the stream does not say.
    public var sampleAspectRatio: AspectRatio {
        let ratio = storage.raw.pointee.sample_aspect_ratio
        return ratio.num > 0 && ratio.den > 0 ? AspectRatio(Int(ratio.num), Int(ratio.den)) : AspectRatio(1, 1)
    }

    /// How colours are meant, where the stream says.
    public var colour: ColourDescription? {
        let frame = storage.raw.pointee
        let points = [frame.color_primaries.rawValue, frame.color_trc.rawValue, frame.colorspace.rawValue]
        guard isFullRange || points.contains(where: { $0 != 2 }) else { return nil }
        return ColourDescription(
            primaries: UInt8(truncatingIfNeeded: points[0]), transfer: UInt8(truncatingIfNeeded: points[1]),
            matrix: UInt8(truncatingIfNeeded: points[2]), isFullRange: isFullRange)
    }

    /// Where samples of colour lie between those of brightness, where the stream says: `chroma_sample_loc_type` of H.264
    /// and HEVC.
    public var chromaLocation: UInt8? {
        let place = storage.raw.pointee.chroma_location.rawValue
        return place == 0 ? nil : UInt8(truncatingIfNeeded: place - 1)
    }

    /// True when black is 0 and white the largest value there is.
    var isFullRange: Bool {
        // These formats say it by their name.
        let named = [AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P]
        return storage.raw.pointee.color_range == AVCOL_RANGE_JPEG
            || named.contains { $0.rawValue == storage.raw.pointee.format }
    }

    /// Calls `body` with the bytes of a plane and the distance from one of its rows to the next; nothing where there is no
    /// such plane.
    public func withPlane<Result>(
        _ index: Int, _ body: (_ bytes: UnsafeRawBufferPointer, _ stride: Int) throws -> Result
    ) rethrows -> Result? {
        let planes = storage.planes
        guard planes.indices.contains(index), let start = planes[index] else { return nil }
        let stride = storage.strides[index]
        guard stride > 0 else { return nil }
        let isColour = index == 1 || index == 2
        let rows = isColour ? colourHeight : height
        return try body(UnsafeRawBufferPointer(start: start, count: stride * rows), stride)
    }

    private var colourHeight: Int {
        guard let codecs = try? CodecLibrary.codecs(),
            let description = codecs.pointee.av_pix_fmt_desc_get(pixelFormat.native)
        else { return height }
        let shift = Int(description.pointee.log2_chroma_h)
        return (height + (1 << shift) - 1) >> shift
    }
}
