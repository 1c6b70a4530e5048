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
    let layout: OpusChannelLayout
    private var hasBegun = false

    init(layout: OpusChannelLayout) { self.layout = layout }

    mutating func extent(of bytes: Span<UInt8>, isLast: Bool) -> AudioFrameExtent {
        // control_header_prefix
        guard bytes[0] == 0x7F, bytes.count < 2 || bytes[1] & 0xE0 == 0xE0 else { return .none }
        do throws(BitstreamError) {
            let header = try OpusControlHeader(bytes)
            return .bytes(header.size + header.payloadSize)
        } catch .unexpectedEnd {
            return .unknown
        } catch {
            return .none
        }
    }

    mutating func unpack(_ frame: ByteChunk, into output: inout AudioSampleOutput) throws(BitstreamError) {
        let header = try OpusControlHeader(frame.span)
        let packet = frame[header.size..<frame.count]
        let duration = try OpusPacket.duration(of: packet.span)
        if !hasBegun {
            hasBegun = true
            output.begin(Track(layout, samplesPerFrame: duration))
        }
        try output.append(packet, lasting: duration)
    }
}
