internal import Bytes
internal import CFFmpeg
public import Media

/// Decodes the pictures of a track. For one thread.
///
///     let decoder = try VideoDecoder(track, threads: 2)
///     for sample in samples { for frame in decoder.decode(sample) { … } }
///
/// A picture comes out as soon as the order of pictures allows: threads divide pictures into slices, and never hold one
/// back. What cannot be decoded is counted, and decoding goes on.
public final class VideoDecoder {
    private let context: CodecContext
    private let format: VideoFormat
    /// The ticks of the first sample, in which all are counted, so that no time is rounded.
    private var timescale: Timescale?
    /// How many samples nothing, or nothing whole, could be made of.
    public private(set) var faults = 0

    /// A decoder of `track`, with so many threads where its pictures have slices.
    public init(_ track: Track, threads: Int = 1) throws(CodecError) {
        guard case .video(let format) = track.format else { throw .decoderMissing(track.codec) }
        self.format = format
        let codecs = try CodecLibrary.codecs()
        guard let codec = codecs.pointee.avcodec_find_decoder(AVCodecID(track.codec)) else {
            throw .decoderMissing(track.codec)
        }
        context = try CodecContext(codecs, codec)
        let raw = context.raw
        raw.pointee.thread_count = Int32(clamping: max(threads, 1))
        raw.pointee.thread_type = FF_THREAD_SLICE
        raw.pointee.flags |= AV_CODEC_FLAG_LOW_DELAY
        // VP9 says everything in its key frames.
        if track.codec != .vp9 {
            let record = track.decoderConfiguration
            try record.withUnsafeBytes { bytes throws(CodecError) in try context.setExtradata(bytes) }
        }
        do {
            try context.open(codec, [])
        } catch {
            throw .unreadableConfiguration
        }
    }

    /// True where pictures that no others refer to are left out, as far as the codec tells (H.264, HEVC).
    public var skipsUnreferenced: Bool {
        get { context.raw.pointee.skip_frame == AVDISCARD_NONREF }
        set { context.raw.pointee.skip_frame = newValue ? AVDISCARD_NONREF : AVDISCARD_DEFAULT }
    }

    /// The pictures that `sample` completes, in the order in which they are shown.
    public func decode(_ sample: Sample) -> [Frame] {
        let timescale = timescale ?? sample.presentationTime.timescale
        self.timescale = timescale
        let data = sample.data
        let result = data.withUnsafeBytes {
            context.send(
                $0, presentation: sample.presentationTime.ticks(in: timescale),
                decode: sample.decodeTime.ticks(in: timescale))
        }
        var frames: [Frame] = []
        let isWhole = receive(into: &frames)
        if result < 0 || !isWhole || frames.contains(where: \.isDamaged) { faults += 1 }
        return frames
    }

    /// The pictures that are left: no sample follows, unless `reset()` is called.
    public func finish() -> [Frame] {
        var frames: [Frame] = []
        _ = context.send(nil)
        if !receive(into: &frames) { faults += 1 }
        return frames
    }

    /// Forgets what came before: the next sample is one at which decoding can begin.
    public func reset() {
        context.codecs.pointee.avcodec_flush_buffers(context.raw)
        timescale = nil
    }

    /// Takes what is there; false when something could not be decoded.
    private func receive(into frames: inout [Frame]) -> Bool {
        var isWhole = true
        var attempts = 0
        while true {
            attempts += 1
            let result = context.codecs.pointee.avcodec_receive_frame(context.raw, context.frame)
            guard result >= 0 else {
                if result == cffmpeg_again() || result == cffmpeg_end() { return isWhole }
                isWhole = false
                // One sample has no more pictures than that, whole or not.
                if attempts > 64 { return false }
                continue
            }
            complete(context.frame)
            let raw = context.frame.pointee
            let ticks = raw.pts == cffmpeg_no_time() ? raw.best_effort_timestamp : raw.pts
            guard ticks != cffmpeg_no_time(), let timescale,
                let storage = try? FrameStorage(moving: context.frame, context.codecs)
            else {
                context.codecs.pointee.av_frame_unref(context.frame)
                isWhole = false
                continue
            }
            frames.append(Frame(storage, at: MediaTime(ticks, timescale)))
        }
    }

    /// What the stream itself does not say stands in the track.
    private func complete(_ frame: UnsafeMutablePointer<AVFrame>) {
        if frame.pointee.sample_aspect_ratio.num == 0 {
            let ratio = format.sampleAspectRatio
            frame.pointee.sample_aspect_ratio = AVRational(
                num: Int32(clamping: ratio.width), den: Int32(clamping: ratio.height))
        }
        guard let colour = format.colour, frame.pointee.color_primaries == AVCOL_PRI_UNSPECIFIED,
            frame.pointee.color_trc == AVCOL_TRC_UNSPECIFIED, frame.pointee.colorspace == AVCOL_SPC_UNSPECIFIED
        else { return }
        frame.pointee.color_primaries = AVColorPrimaries(UInt32(colour.primaries))
        frame.pointee.color_trc = AVColorTransferCharacteristic(UInt32(colour.transfer))
        frame.pointee.colorspace = AVColorSpace(UInt32(colour.matrix))
        if colour.isFullRange { frame.pointee.color_range = AVCOL_RANGE_JPEG }
    }
}
