import Bytes
import Media

/// Reads MPEG audio layer II, ISO/IEC 11172-3 §2.4.1 and, at half the rates, 13818-3 §2.4: stream types 0x03 and 0x04 of
/// a transport stream. The samples are whole frames. The other layers are not understood.
public struct MPEGAudioStreamReader: FramedAudioReader {
    var framer = AudioFramer(MPEGAudioFraming())

    /// A reader of a stream from its beginning, or from anywhere.
    public init() {}
}

struct MPEGAudioFraming: AudioFraming {
    static let firstByte: UInt8 = 0xFF

    private var header: MPEGAudioHeader?

    mutating func extent(of bytes: Span<UInt8>, isLast: Bool) -> AudioFrameExtent {
        // syncword, ID and layer
        guard bytes[0] == 0xFF, bytes.count < 2 || bytes[1] & 0xF6 == 0xF4 else { return .none }
        guard bytes.count >= MPEGAudioHeader.size else { return .unknown }
        guard let header = MPEGAudioHeader(bytes) else { return .none }
        return .bytes(header.frameSize)
    }

    mutating func unpack(_ frame: ByteChunk, into output: inout AudioSampleOutput) throws(BitstreamError) {
        guard let header = MPEGAudioHeader(frame.span) else { throw .invalid("header", offset: 0) }
        if header.sampleRate != self.header?.sampleRate || header.channelCount != self.header?.channelCount {
            output.begin(Track(mpegAudioSampleRate: header.sampleRate, channelCount: header.channelCount))
        }
        self.header = header
        try output.append(frame, lasting: MPEGAudioHeader.samplesPerFrame)
    }
}
