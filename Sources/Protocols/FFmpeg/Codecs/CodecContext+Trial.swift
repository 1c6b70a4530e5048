internal import Bytes
internal import CFFmpeg

extension CodecContext {
    /// The first packet that an encoder of pictures makes, for those that do not say before what it begins with. The
    /// encoder, which is open, is of no use afterwards.
    func trialPacket() throws(CodecError) -> ByteChunk {
        frame.pointee.width = raw.pointee.width
        frame.pointee.height = raw.pointee.height
        frame.pointee.format = raw.pointee.pix_fmt.rawValue
        let result = codecs.pointee.av_frame_get_buffer(frame, 0)
        guard result >= 0 else { throw .failed(result) }
        defer { codecs.pointee.av_frame_unref(frame) }
        // What it shows does not matter, but that it is written does.
        let storage = frame.pointee
        for plane in [storage.buf.0, storage.buf.1, storage.buf.2] {
            if let plane { plane.pointee.data.update(repeating: 0, count: plane.pointee.size) }
        }
        frame.pointee.pts = 0
        guard codecs.pointee.avcodec_send_frame(raw, frame) >= 0, codecs.pointee.avcodec_send_frame(raw, nil) >= 0,
            codecs.pointee.avcodec_receive_packet(raw, packet) >= 0
        else { throw .unreadableConfiguration }
        defer { codecs.pointee.av_packet_unref(packet) }
        return ByteChunk(UnsafeRawBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size)))
    }

    /// What an encoder that is open says it begins with.
    var header: ByteChunk {
        ByteChunk(UnsafeRawBufferPointer(start: raw.pointee.extradata, count: Int(raw.pointee.extradata_size)))
    }
}
