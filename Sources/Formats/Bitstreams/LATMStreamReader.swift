import Bytes
import Media

/// Reads AAC in LATM with the synchronization of LOAS, ISO/IEC 14496-3 §1.7: `AudioSyncStream()` with configurations in
/// band, stream type 0x11 of a transport stream.
///
/// One programme of one layer is understood. Frames before the first `StreamMuxConfig()` are counted as faults.
public struct LATMStreamReader: FramedAudioReader {
    var framer = AudioFramer(LATMFraming())

    /// A reader of a stream from its beginning, or from anywhere.
    public init() {}
}

struct LATMFraming: AudioFraming {
    static let firstByte: UInt8 = 0x56
    /// syncword, audioMuxLengthBytes
    private static let headerSize = 3

    private var configuration: StreamMuxConfig?
    private var samplesPerFrame = 0

    mutating func extent(of bytes: Span<UInt8>, isLast: Bool) -> AudioFrameExtent {
        guard bytes[0] == 0x56, bytes.count < 2 || bytes[1] & 0xE0 == 0xE0 else { return .none }
        guard bytes.count >= Self.headerSize else { return .unknown }
        let length = Int(bytes[1] & 0x1F) << 8 | Int(bytes[2])
        return length > 0 ? .bytes(Self.headerSize + length) : .none
    }

    /// `AudioMuxElement(1)`, §1.7.3.
    mutating func unpack(_ frame: ByteChunk, into output: inout AudioSampleOutput) throws(BitstreamError) {
        let element = frame[Self.headerSize..<frame.count]
        var reader = SyntaxReader(element.span)
        // useSameStreamMux
        if try !reader.flag() {
            let old = configuration.take()
            let new = try StreamMuxConfig(&reader)
            if new.audioSpecificConfig != old?.audioSpecificConfig {
                let track = try Track(audioSpecificConfig: ByteChunk(new.audioSpecificConfig))
                output.begin(track)
                if case .audio(let format) = track.format { samplesPerFrame = format.samplesPerFrame }
            }
            configuration = new
        }
        guard let configuration else { throw .missing("StreamMuxConfig") }
        for _ in 0..<configuration.subframeCount {
            // PayloadLengthInfo(), §1.7.3.1
            var (length, part) = (0, UInt32(0))
            repeat {
                part = try reader.u(8)
                length += Int(part)
            } while part == 255
            let start = element.count * 8 - reader.remaining
            try reader.skip(8 * length)
            guard length > 0 else { throw .invalid("MuxSlotLengthBytes", offset: start / 8) }
            try output.append(element.bytes(fromBit: start, count: length), lasting: samplesPerFrame)
        }
    }
}
