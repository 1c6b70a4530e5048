internal import Bytes
internal import CFFmpeg
public import Media

/// Decodes the sound of a track. For one thread.
///
/// What cannot be decoded is counted, and decoding goes on.
public final class AudioDecoder {
    private let context: CodecContext
    /// The ticks of the first sample, in which all are counted, so that no time is rounded.
    private var timescale: Timescale?
    /// How many samples nothing could be made of.
    public private(set) var faults = 0

    /// A decoder of `track`.
    public init(_ track: Track) throws(CodecError) {
        let codecs = try CodecLibrary.codecs()
        guard case .audio(let format) = track.format,
            let codec = codecs.pointee.avcodec_find_decoder(AVCodecID(track.codec))
        else { throw .decoderMissing(track.codec) }
        context = try CodecContext(codecs, codec)
        context.raw.pointee.thread_count = 1
        context.raw.pointee.sample_rate = Int32(clamping: format.sampleRate)
        codecs.pointee.av_channel_layout_default(
            &context.raw.pointee.ch_layout, Int32(clamping: format.channelCount))
        let record = Self.extradata(of: track)
        try record.withUnsafeBytes { bytes throws(CodecError) in try context.setExtradata(bytes) }
        do {
            try context.open(codec, [])
        } catch {
            throw .unreadableConfiguration
        }
    }

    /// The sound of `sample`.
    public func decode(_ sample: Sample) -> [AudioFrame] {
        let timescale = timescale ?? sample.presentationTime.timescale
        self.timescale = timescale
        let time = sample.presentationTime.ticks(in: timescale)
        let data = sample.data
        let result = data.withUnsafeBytes { context.send($0, presentation: time, decode: time) }
        var frames: [AudioFrame] = []
        let isWhole = receive(into: &frames)
        if result < 0 || !isWhole { faults += 1 }
        return frames
    }

    /// The sound that is left: no sample follows, unless `reset()` is called.
    public func finish() -> [AudioFrame] {
        var frames: [AudioFrame] = []
        _ = context.send(nil)
        if !receive(into: &frames) { faults += 1 }
        return frames
    }

    /// Forgets what came before.
    public func reset() {
        context.codecs.pointee.avcodec_flush_buffers(context.raw)
        timescale = nil
    }

    private func receive(into frames: inout [AudioFrame]) -> Bool {
        let result = context.codecs.pointee.avcodec_receive_frame(context.raw, context.frame)
        if result == cffmpeg_again() || result == cffmpeg_end() { return true }
        guard result >= 0 else { return false }
        let ticks = context.frame.pointee.pts
        guard ticks != cffmpeg_no_time(), let timescale,
            let storage = try? FrameStorage(moving: context.frame, context.codecs)
        else {
            context.codecs.pointee.av_frame_unref(context.frame)
            return false
        }
        frames.append(AudioFrame(storage, at: MediaTime(ticks, timescale)))
        return receive(into: &frames)
    }

    /// The configuration in libavcodec's form.
    private static func extradata(of track: Track) -> ByteChunk {
        let record = track.decoderConfiguration
        switch track.codec {
        case .aac: return record
        case .flac:
            // Version and flags of `dfLa`, and the head of the block, stand before STREAMINFO.
            return record.count >= 42 ? record[8..<42] : record
        case .opus:
            // Opus in ISOBMFF §4.3.2 against RFC 7845 §5.1: the same fields, the other way round.
            guard record.count >= 11 else { return ByteChunk() }
            let bytes = record.array
            var header = [UInt8]("OpusHead".utf8) + [1, bytes[1]]
            header += [bytes[3], bytes[2], bytes[7], bytes[6], bytes[5], bytes[4], bytes[9], bytes[8]]
            return ByteChunk(header + bytes[10...])
        default: return ByteChunk()
        }
    }
}
