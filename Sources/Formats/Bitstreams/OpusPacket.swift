/// One packet of Opus, RFC 6716 §3.
public enum OpusPacket {
    /// How many samples of 48 kHz `packet` lasts, §3.1 and §3.2. Of a multistream packet the first stream's packet tells.
    public static func duration(of packet: Span<UInt8>) throws(BitstreamError) -> Int {
        guard !packet.isEmpty else { throw .unexpectedEnd(offset: 0) }
        let configuration = Int(packet[0] >> 3)
        let frameSize =
            switch configuration {
            case ..<12: [480, 960, 1920, 2880][configuration % 4]
            case ..<16: 480 << (configuration % 2)
            default: 120 << (configuration % 4)
            }
        let frameCount: Int
        switch packet[0] & 3 {
        case 0: frameCount = 1
        case 3:
            guard packet.count > 1 else { throw .unexpectedEnd(offset: 1) }
            frameCount = Int(packet[1] & 0x3F)
        default: frameCount = 2
        }
        // 120 ms
        guard (1...5760).contains(frameSize * frameCount) else { throw .invalid("frame count", offset: 1) }
        return frameSize * frameCount
    }
}
