internal import CFFmpeg

/// A decoder or an encoder of libavcodec, with the packet that goes in or out. For one thread.
final class CodecContext {
    let codecs: UnsafePointer<cffmpeg_codecs>
    let raw: UnsafeMutablePointer<AVCodecContext>
    let packet: UnsafeMutablePointer<AVPacket>
    let frame: UnsafeMutablePointer<AVFrame>

    /// A context of `codec` that is not yet open.
    init(_ codecs: UnsafePointer<cffmpeg_codecs>, _ codec: UnsafePointer<AVCodec>) throws(CodecError) {
        var context = codecs.pointee.avcodec_alloc_context3(codec)
        var packet = codecs.pointee.av_packet_alloc()
        var frame = codecs.pointee.av_frame_alloc()
        guard let context, let packet, let frame else {
            codecs.pointee.avcodec_free_context(&context)
            codecs.pointee.av_packet_free(&packet)
            codecs.pointee.av_frame_free(&frame)
            throw .failed(cffmpeg_no_memory())
        }
        (self.codecs, raw, self.packet, self.frame) = (codecs, context, packet, frame)
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = raw
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        codecs.pointee.avcodec_free_context(&context)
        codecs.pointee.av_packet_free(&packet)
        codecs.pointee.av_frame_free(&frame)
    }

    /// Gives it what configures it.
    func setExtradata(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
        let padding = Int(AV_INPUT_BUFFER_PADDING_SIZE)
        guard !bytes.isEmpty else { return }
        guard let copy = codecs.pointee.av_mallocz(bytes.count + padding) else { throw .failed(cffmpeg_no_memory()) }
        UnsafeMutableRawBufferPointer(start: copy, count: bytes.count).copyMemory(from: bytes)
        raw.pointee.extradata = copy.assumingMemoryBound(to: UInt8.self)
        raw.pointee.extradata_size = Int32(clamping: bytes.count)
    }

    /// Opens it with `options`, of which it must know every one.
    func open(_ codec: UnsafePointer<AVCodec>, _ options: [(name: String, value: String)]) throws(CodecError) {
        var settings: OpaquePointer?
        defer { codecs.pointee.av_dict_free(&settings) }
        for option in options { _ = codecs.pointee.av_dict_set(&settings, option.name, option.value, 0) }
        let result = codecs.pointee.avcodec_open2(raw, codec, &settings)
        guard result >= 0 else { throw .refused(String(cString: codec.pointee.name)) }
        if let unknown = codecs.pointee.av_dict_get(settings, "", nil, AV_DICT_IGNORE_SUFFIX) {
            throw .unknownOption(String(cString: unknown.pointee.key))
        }
    }

    /// Gives a decoder the coded bytes of a sample; nothing says that no more come.
    func send(_ bytes: UnsafeRawBufferPointer?, presentation: Int64 = 0, decode: Int64 = 0) -> Int32 {
        guard let bytes, let start = bytes.baseAddress else { return codecs.pointee.avcodec_send_packet(raw, nil) }
        // The packet owns nothing: libavcodec makes a copy, with the padding that it wants.
        packet.pointee.data = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: UInt8.self))
        packet.pointee.size = Int32(clamping: bytes.count)
        (packet.pointee.pts, packet.pointee.dts) = (presentation, decode)
        defer { codecs.pointee.av_packet_unref(packet) }
        return codecs.pointee.avcodec_send_packet(raw, packet)
    }
}
