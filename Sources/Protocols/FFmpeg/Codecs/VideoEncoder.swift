internal import Bytes
internal import CFFmpeg
public import Media

/// Encodes pictures into the samples of a track. For one thread.
///
///     let encoder = try VideoEncoder(options)
///     for sample in try encoder.encode(frame, asKey: isCut) { … }
///
/// The first picture is a key frame, and from there on those that are asked for, and no others. Each is one at which
/// decoding can begin, and no picture behind it refers to one before. Presentation times are those of the pictures.
public final class VideoEncoder {
    /// The track of the samples that come out.
    public let track: Track
    /// What it was made with.
    public let options: VideoEncoderOptions
    private let context: CodecContext
    private let packer: SamplePacker
    private let writesCaptions: Bool
    /// The captions of the pictures that are inside, by their times.
    private var captions: [Int64: CaptionMessage] = [:]
    private var lastTime: Int64?

    /// An encoder with those options.
    public init(_ options: VideoEncoderOptions) throws(CodecError) {
        let codecs = try CodecLibrary.codecs()
        guard let codec = codecs.pointee.avcodec_find_encoder_by_name(options.encoder) else {
            throw .encoderMissing(options.encoder)
        }
        guard let recipe = EncoderRecipe.named(options.encoder) else { throw .encoderUnfit(options.encoder) }
        self.options = options
        context = try Self.open(codec, recipe, options)
        writesCaptions = Self.writesCaptions(context)
        packer = SamplePacker(codec: recipe.codec, rotation: options.rotation)
        let tellsFirst = recipe.codec != .av1
        let header = tellsFirst ? context.header : try Self.open(codec, recipe, options).trialPacket()
        track = Track(try packer.track(header), as: options)
    }

    private static func open(
        _ codec: UnsafePointer<AVCodec>, _ recipe: EncoderRecipe, _ options: VideoEncoderOptions
    ) throws(CodecError) -> CodecContext {
        let context = try CodecContext(try CodecLibrary.codecs(), codec)
        set(context.raw, options)
        var settings = recipe.options(for: options)
        if writesCaptions(context) { settings.append(("a53cc", options.passesCaptions ? "1" : "0")) }
        try context.open(codec, settings)
        return context
    }

    /// True where the encoder writes captions into the stream by itself.
    private static func writesCaptions(_ context: CodecContext) -> Bool {
        context.codecs.pointee.av_opt_find(context.raw.pointee.priv_data, "a53cc", nil, 0, 0) != nil
    }

    private static func set(_ raw: UnsafeMutablePointer<AVCodecContext>, _ options: VideoEncoderOptions) {
        raw.pointee.width = Int32(clamping: options.size.width)
        raw.pointee.height = Int32(clamping: options.size.height)
        raw.pointee.pix_fmt = options.pixelFormat.native
        raw.pointee.sample_aspect_ratio = AVRational(
            num: Int32(clamping: options.sampleAspectRatio.width),
            den: Int32(clamping: options.sampleAspectRatio.height))
        raw.pointee.time_base = AVRational(num: 1, den: Int32(clamping: options.timescale.ticksPerSecond))
        raw.pointee.framerate = AVRational(
            num: Int32(clamping: options.frameDuration.timescale.ticksPerSecond),
            den: Int32(clamping: max(options.frameDuration.value, 1)))
        raw.pointee.bit_rate = Int64(options.bitrate)
        if let rate = options.maximumBitrate { raw.pointee.rc_max_rate = Int64(rate) }
        if let size = options.bufferSize { raw.pointee.rc_buffer_size = Int32(clamping: size) }
        raw.pointee.thread_count = Int32(clamping: max(options.threads, 1))
        raw.pointee.max_b_frames = Int32(clamping: options.bidirectionalFrames)
        // Longer than any stream.
        raw.pointee.gop_size = 1 << 30
        raw.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | Int32(bitPattern: AV_CODEC_FLAG_CLOSED_GOP)
        if let place = options.chromaLocation {
            raw.pointee.chroma_sample_location = AVChromaLocation(UInt32(place) + 1)
        }
        guard let colour = options.colour else { return }
        raw.pointee.color_primaries = AVColorPrimaries(UInt32(colour.primaries))
        raw.pointee.color_trc = AVColorTransferCharacteristic(UInt32(colour.transfer))
        raw.pointee.colorspace = AVColorSpace(UInt32(colour.matrix))
        raw.pointee.color_range = colour.isFullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
    }

    /// The samples that come out when `frame` goes in; `asKey` has it be a key frame.
    public func encode(_ frame: Frame, asKey: Bool = false) throws(CodecError) -> [Sample] {
        guard frame.width == options.size.width, frame.height == options.size.height,
            frame.pixelFormat == options.pixelFormat
        else { throw .otherFormat }
        let time = frame.presentationTime.ticks(in: options.timescale)
        guard lastTime.map({ time > $0 }) ?? true else { throw .timesGoBack }
        let (codecs, shell) = (context.codecs, context.frame)
        defer { codecs.pointee.av_frame_unref(shell) }
        let result = codecs.pointee.av_frame_ref(shell, frame.storage.raw)
        guard result >= 0 else { throw .failed(result) }
        shell.pointee.pts = time
        // What it was in the source says nothing here.
        shell.pointee.pict_type = asKey ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
        shell.pointee.key_frame = asKey ? 1 : 0
        if options.passesCaptions, !writesCaptions, let data = frame.captions {
            captions[time] = CaptionMessage(data)
        }
        let sent = codecs.pointee.avcodec_send_frame(context.raw, shell)
        guard sent >= 0 else { throw .failed(sent) }
        lastTime = time
        return try receive()
    }

    /// The samples that are left. Nothing goes in after this.
    public func finish() throws(CodecError) -> [Sample] {
        _ = context.codecs.pointee.avcodec_send_frame(context.raw, nil)
        return try receive()
    }

    private func receive() throws(CodecError) -> [Sample] {
        var samples: [Sample] = []
        while true {
            let result = context.codecs.pointee.avcodec_receive_packet(context.raw, context.packet)
            if result == cffmpeg_again() || result == cffmpeg_end() { return samples }
            guard result >= 0 else { throw .failed(result) }
            defer { context.codecs.pointee.av_packet_unref(context.packet) }
            let packet = context.packet.pointee
            let bytes = UnsafeRawBufferPointer(start: packet.data, count: Int(packet.size))
            let coded = try packer.sample(bytes, message: captions.removeValue(forKey: packet.pts))
            let decode = packet.dts == cffmpeg_no_time() ? packet.pts : packet.dts
            // Where an encoder leaves a picture out, nobody asks for what belonged to it.
            if captions.count > 64 { captions = captions.filter { $0.key >= decode } }
            samples.append(
                Sample(
                    data: coded.data, decodeTime: MediaTime(decode, options.timescale),
                    presentationTime: MediaTime(packet.pts, options.timescale), isSync: coded.isSync))
        }
    }
}

extension Track {
    /// `track`, with what its bitstream has no place for.
    fileprivate init(_ track: Track, as options: VideoEncoderOptions) {
        guard case .video(var format) = track.format else {
            self = track
            return
        }
        format.sampleAspectRatio = options.sampleAspectRatio
        format.mastering = options.mastering
        format.light = options.light
        self.init(
            codec: track.codec, format: .video(format), decoderConfiguration: track.decoderConfiguration,
            codecString: track.codecString)
    }
}
