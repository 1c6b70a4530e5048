import Bytes
import Media

/// Reads Opus as a transport stream carries it: access units behind control headers (the ETSI draft "Opus in MPEG-2
/// transport streams", §4.3), in private data with the registration `Opus`.
///
/// What a control header says about samples to be cut off is overlooked: the times of the packets already count them.
public struct OpusStreamReader: FramedAudioReader {
    var framer: AudioFramer<OpusFraming>

    /// A reader of a stream whose descriptor has `channel_config_code`: 0 for two programmes of one channel, or 1 to 8
    /// channels.
    public init(channelConfigurationCode code: UInt8) throws(BitstreamError) {
        framer = AudioFramer(OpusFraming(layout: try OpusChannelLayout(channelConfigurationCode: code)))
    }
}

struct OpusFraming: AudioFraming {
    static let firstByte: UInt8 = 0x7F
    /// More is no access unit: eight channels for 120 ms at the highest bit rate have fewer.
    private static let maxSize = 64 << 10

    let layout: OpusChannelLayout
    private var hasBegun = false

    init(layout: OpusChannelLayout) { self.layout = layout }

    mutating func extent(of bytes: Span<UInt8>, isLast: Bool) -> AudioFrameExtent {
        // control_header_prefix
        guard bytes[0] == 0x7F, bytes.count < 2 || bytes[1] & 0xE0 == 0xE0 else { return .none }
        guard let header = try? OpusControlHeader(bytes) else {
            return bytes.count < Self.maxSize ? .unknown : .none
        }
        let size = header.size + header.payloadSize
        return header.payloadSize > 0 && size <= Self.maxSize ? .bytes(size) : .none
    }

    mutating func unpack(_ frame: ByteChunk, into output: inout AudioSampleOutput) throws(BitstreamError) {
        let header = try OpusControlHeader(frame.span)
        let packet = frame[header.size..<frame.count]
        let duration = try Self.duration(of: packet.span)
        if !hasBegun {
            hasBegun = true
            output.begin(Track(layout, samplesPerFrame: duration))
        }
        try output.append(packet, lasting: duration)
    }

    /// How many samples of 48 kHz a packet lasts, RFC 6716 §3.1 and §3.2.
    private static func duration(of packet: Span<UInt8>) throws(BitstreamError) -> Int {
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

/// `opus_control_header()`.
struct OpusControlHeader {
    /// Bytes of the header itself.
    let size: Int
    /// `au_size`: bytes of the access unit behind it.
    let payloadSize: Int

    init(_ bytes: Span<UInt8>) throws(BitstreamError) {
        var reader = SyntaxReader(bytes)
        guard try reader.u(11) == 0x3FF else { throw .invalid("control_header_prefix", offset: 0) }
        let hasStartTrim = try reader.flag()
        let hasEndTrim = try reader.flag()
        let hasExtension = try reader.flag()
        try reader.skip(2)
        var size = 0
        var part: UInt32
        repeat {
            part = try reader.u(8)
            size += Int(part)
        } while part == 255
        payloadSize = size
        // reserved, start_trim, end_trim
        if hasStartTrim { try reader.skip(16) }
        if hasEndTrim { try reader.skip(16) }
        if hasExtension { try reader.skip(8 * Int(try reader.u(8))) }
        self.size = reader.offset
    }
}
