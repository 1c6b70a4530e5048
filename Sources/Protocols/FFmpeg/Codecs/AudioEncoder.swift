internal import Bitstreams
internal import Bytes
internal import CFFmpeg
public import Media

/// Encodes sound, as `AudioFilter` makes it, into the samples of a track: AAC-LC. For one thread.
///
/// A sample's time is when what it decodes to is heard. An encoder needs some sound before it (`delay`), so the first
/// sample is earlier than the first sound by as much, and everything is heard when it was: no edit list is needed. Sound
/// that comes later than where the last ended has silence put before it; what overlaps is left out.
public final class AudioEncoder {
    /// The encoders that can be used, the best first.
    static let known = ["libfdk_aac", "aac"]

    /// The track of the samples that come out.
    public let track: Track
    /// What it was made with.
    public let options: AudioEncoderOptions
    /// By how much the first sample is earlier than the first sound, in samples of sound.
    public let delay: Int
    private let context: CodecContext
    private let frameSize: Int32
    /// Sound that does not yet make up a frame.
    private let queue: OpaquePointer
    private let timescale: Timescale
    /// When what is put into the queue next is heard, in samples.
    private var end: Int64?

    /// An encoder with those options.
    public init(_ options: AudioEncoderOptions) throws(CodecError) {
        let codecs = try CodecLibrary.codecs()
        guard let codec = codecs.pointee.avcodec_find_encoder_by_name(options.encoder) else {
            throw .encoderMissing(options.encoder)
        }
        guard Self.known.contains(options.encoder) else { throw .encoderUnfit(options.encoder) }
        self.options = options
        context = try CodecContext(codecs, codec)
        let raw = context.raw
        raw.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
        raw.pointee.sample_rate = Int32(clamping: options.sampleRate)
        codecs.pointee.av_channel_layout_default(&raw.pointee.ch_layout, Int32(clamping: options.channelCount))
        raw.pointee.bit_rate = Int64(options.bitrate)
        raw.pointee.time_base = AVRational(num: 1, den: Int32(clamping: options.sampleRate))
        raw.pointee.profile = FF_PROFILE_AAC_LOW
        raw.pointee.thread_count = 1
        raw.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
        try context.open(codec, options.options)
        (delay, frameSize) = (Int(raw.pointee.initial_padding), raw.pointee.frame_size)
        timescale = Timescale(options.sampleRate)
        do {
            track = try Track(audioSpecificConfig: context.header)
        } catch {
            throw .unreadableConfiguration
        }
        guard
            let queue = codecs.pointee.av_audio_fifo_alloc(
                AV_SAMPLE_FMT_FLTP, Int32(clamping: options.channelCount), frameSize * 4)
        else { throw .failed(cffmpeg_no_memory()) }
        self.queue = queue
    }

    deinit { context.codecs.pointee.av_audio_fifo_free(queue) }

    /// The samples that come out when `frame` goes in.
    public func encode(_ frame: AudioFrame) throws(CodecError) -> [Sample] {
        guard frame.isPlanarFloat, frame.sampleRate == options.sampleRate, frame.channelCount == options.channelCount
        else { throw .otherFormat }
        let start = frame.presentationTime.ticks(in: timescale)
        var samples: [Sample] = []
        var skipped = 0
        if let end {
            let gap = start - end
            if gap > Int64(options.sampleRate) * 10 {
                // Another stretch of time.
                samples = try drain()
                self.end = start
            } else if gap > 0 {
                samples = try putSilence(Int(gap))
            } else {
                skipped = Int(min(-gap, Int64(frame.sampleCount)))
            }
        } else {
            end = start
        }
        try put(frame.storage.raw, from: skipped)
        return try samples + encodeWholeFrames()
    }

    /// The samples that come out of silence from where the sound ended, or from `start` where none has come, up to `time`.
    public func fill(from start: MediaTime, until time: MediaTime) throws(CodecError) -> [Sample] {
        let from = end ?? start.ticks(in: timescale)
        let gap = time.ticks(in: timescale) - from
        guard gap > 0 else { return [] }
        end = from
        return try putSilence(Int(gap))
    }

    /// The samples that are left. The last is filled up with silence. Nothing goes in after this.
    public func finish() throws(CodecError) -> [Sample] {
        let samples = try drain()
        _ = context.codecs.pointee.avcodec_send_frame(context.raw, nil)
        return try samples + receive()
    }

    private var queued: Int32 { context.codecs.pointee.av_audio_fifo_size(queue) }

    private func drain() throws(CodecError) -> [Sample] {
        let rest = queued % frameSize
        return try rest > 0 ? putSilence(Int(frameSize - rest)) : encodeWholeFrames()
    }

    private func put(_ raw: UnsafeMutablePointer<AVFrame>, from skipped: Int = 0) throws(CodecError) {
        let count = Int(raw.pointee.nb_samples) - skipped
        guard count > 0, let planes = raw.pointee.extended_data else { return }
        var pointers = (0..<options.channelCount).map { channel -> UnsafeMutableRawPointer? in
            planes[channel].map { UnsafeMutableRawPointer($0) + 4 * skipped }
        }
        let result = context.codecs.pointee.av_audio_fifo_write(queue, &pointers, Int32(count))
        guard result >= 0 else { throw .failed(result) }
        end = (end ?? 0) + Int64(count)
    }

    /// Puts in silence, a frame's worth at a time.
    private func putSilence(_ count: Int) throws(CodecError) -> [Sample] {
        var samples: [Sample] = []
        var rest = count
        while rest > 0 {
            let part = min(rest, Int(frameSize))
            let frame = try makeFrame(Int32(part))
            _ = context.codecs.pointee.av_samples_set_silence(
                frame.raw.pointee.extended_data, 0, Int32(part), Int32(options.channelCount), AV_SAMPLE_FMT_FLTP)
            try put(frame.raw)
            samples += try encodeWholeFrames()
            rest -= part
        }
        return samples
    }

    private func makeFrame(_ count: Int32) throws(CodecError) -> FrameStorage {
        let codecs = context.codecs
        guard let raw = codecs.pointee.av_frame_alloc() else { throw .failed(cffmpeg_no_memory()) }
        let storage = FrameStorage(adopting: raw, codecs)
        raw.pointee.nb_samples = count
        raw.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
        raw.pointee.sample_rate = Int32(clamping: options.sampleRate)
        codecs.pointee.av_channel_layout_default(&raw.pointee.ch_layout, Int32(clamping: options.channelCount))
        let result = codecs.pointee.av_frame_get_buffer(raw, 0)
        guard result >= 0 else { throw .failed(result) }
        return storage
    }

    private func encodeWholeFrames() throws(CodecError) -> [Sample] {
        var samples: [Sample] = []
        while queued >= frameSize, let end {
            let start = end - Int64(queued)
            let frame = try makeFrame(frameSize)
            var pointers = (0..<options.channelCount).map { channel -> UnsafeMutableRawPointer? in
                frame.raw.pointee.extended_data?[channel].map { UnsafeMutableRawPointer($0) }
            }
            var result = context.codecs.pointee.av_audio_fifo_read(queue, &pointers, frameSize)
            guard result >= 0 else { throw .failed(result) }
            frame.raw.pointee.pts = start
            result = context.codecs.pointee.avcodec_send_frame(context.raw, frame.raw)
            guard result >= 0 else { throw .failed(result) }
            samples += try receive()
        }
        return samples
    }

    private func receive() throws(CodecError) -> [Sample] {
        var samples: [Sample] = []
        while true {
            let result = context.codecs.pointee.avcodec_receive_packet(context.raw, context.packet)
            if result == cffmpeg_again() || result == cffmpeg_end() { return samples }
            guard result >= 0 else { throw .failed(result) }
            defer { context.codecs.pointee.av_packet_unref(context.packet) }
            let packet = context.packet.pointee
            let time = MediaTime(packet.pts, timescale)
            samples.append(
                Sample(
                    data: ByteChunk(UnsafeRawBufferPointer(start: packet.data, count: Int(packet.size))),
                    decodeTime: time, presentationTime: time, isSync: true))
        }
    }
}
