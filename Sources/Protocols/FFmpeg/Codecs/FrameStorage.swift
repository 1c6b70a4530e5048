internal import CFFmpeg

/// An AVFrame, freed with its last owner.
///
/// It may be shared between threads because nobody writes to it once it is made: whoever needs another form of it, such as
/// an encoder that sets its kind, makes a reference of their own, and libavutil counts references to the samples
/// atomically.
final class FrameStorage: @unchecked Sendable {
    let raw: UnsafeMutablePointer<AVFrame>
    private let codecs: UnsafePointer<cffmpeg_codecs>

    /// Takes over `raw`.
    init(adopting raw: UnsafeMutablePointer<AVFrame>, _ codecs: UnsafePointer<cffmpeg_codecs>) {
        (self.raw, self.codecs) = (raw, codecs)
    }

    /// Takes over what `frame` refers to, which refers to nothing from then on.
    convenience init(
        moving frame: UnsafeMutablePointer<AVFrame>?, _ codecs: UnsafePointer<cffmpeg_codecs>
    ) throws(CodecError) {
        guard let raw = codecs.pointee.av_frame_alloc() else { throw .failed(cffmpeg_no_memory()) }
        codecs.pointee.av_frame_move_ref(raw, frame)
        self.init(adopting: raw, codecs)
    }

    deinit {
        var raw: UnsafeMutablePointer<AVFrame>? = raw
        codecs.pointee.av_frame_free(&raw)
    }

    /// The side data of that kind; nothing where there are none.
    func sideData(_ kind: AVFrameSideDataType) -> UnsafeRawBufferPointer? {
        guard let item = codecs.pointee.av_frame_get_side_data(raw, kind), let data = item.pointee.data else {
            return nil
        }
        return UnsafeRawBufferPointer(start: data, count: item.pointee.size)
    }

    /// One that shares the samples, and has no side data of that kind.
    func without(_ kind: AVFrameSideDataType) throws(CodecError) -> FrameStorage {
        guard let copy = codecs.pointee.av_frame_alloc() else { throw .failed(cffmpeg_no_memory()) }
        let storage = FrameStorage(adopting: copy, codecs)
        let result = codecs.pointee.av_frame_ref(copy, raw)
        guard result >= 0 else { throw .failed(result) }
        codecs.pointee.av_frame_remove_side_data(copy, kind)
        return storage
    }

    /// The start of each plane.
    var planes: [UnsafeMutablePointer<UInt8>?] {
        let data = raw.pointee.data
        return [data.0, data.1, data.2, data.3, data.4, data.5, data.6, data.7]
    }

    /// Bytes from one row of each plane to the next.
    var strides: [Int] {
        let sizes = raw.pointee.linesize
        return [sizes.0, sizes.1, sizes.2, sizes.3, sizes.4, sizes.5, sizes.6, sizes.7].map { Int($0) }
    }
}
