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

/// The header of a frame of layer II, ISO/IEC 11172-3 §2.4.2.3.
struct MPEGAudioHeader {
    static let size = 4
    static let samplesPerFrame = 1152

    let sampleRate: UInt32
    let channelCount: Int
    /// Bytes in the frame, header included.
    let frameSize: Int

    /// The header at the beginning of `bytes`; nothing where there is none, or one of a free bit rate.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= Self.size, bytes[0] == 0xFF, bytes[1] & 0xF6 == 0xF4 else { return nil }
        let isLowRate = bytes[1] & 0x08 == 0
        let (bitRate, frequency) = (Int(bytes[2] >> 4), Int(bytes[2] >> 2 & 3))
        guard (1...14).contains(bitRate), frequency < 3 else { return nil }
        sampleRate = ([44_100, 48_000, 32_000] as InlineArray<3, UInt32>)[frequency] / (isLowRate ? 2 : 1)
        channelCount = bytes[3] >> 6 == 3 ? 1 : 2
        let bitsPerSecond = 1000 * (isLowRate ? Self.lowBitRates[bitRate - 1] : Self.bitRates[bitRate - 1])
        let padding = Int(bytes[2] >> 1 & 1)
        frameSize = Self.samplesPerFrame / 8 * bitsPerSecond / Int(sampleRate) + padding
    }

    /// Kilobits in one second, by bitrate_index from 1 on.
    private static let bitRates = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
    /// ISO/IEC 13818-3 §2.4.2.3.
    private static let lowBitRates = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
}
