import Bytes
import Media

/// Reads AC-3 and Enhanced AC-3, ETSI TS 102 366: stream types 0x81 and 0x87 of a transport stream, or private data with
/// the descriptors of DVB. Which of the two it is, each frame says.
///
/// A sample is what an MP4 track carries as one (annex F): a frame of AC-3; of Enhanced AC-3 the frames that hold six
/// blocks of each substream, so that it lasts 1536 audio samples too. Frames that depend on one of AC-3 are left out.
public struct AC3StreamReader: FramedAudioReader {
    var framer = AudioFramer(AC3Framing())

    /// A reader of a stream from its beginning, or from anywhere.
    public init() {}
}

struct AC3Framing: AudioFraming {
    static let firstByte: UInt8 = 0x0B
    /// More frames do not make one sample: six of one block each, with a substream that depends on it, are twelve.
    private static let maxFrames = 16

    private var configuration: AC3Configuration?
    /// True when a packet has been seen that begins with a dependent substream. Then the end of a packet is not the end
    /// of a sample.
    private var packetsSplitSamples = false

    mutating func extent(of bytes: Span<UInt8>, isLast: Bool) -> AudioFrameExtent {
        var (offset, blockCount) = (0, 0)
        for _ in 0..<Self.maxFrames {
            let rest = bytes.extracting(offset..<bytes.count)
            guard let frame = AC3SyncFrame(rest) else {
                let mayBegin =
                    rest.count < AC3SyncFrame.headerSize
                    && (rest.isEmpty || rest[0] == 0x0B) && (rest.count < 2 || rest[1] == 0x77)
                guard mayBegin else { return offset == 0 ? .none : .bytes(offset) }
                let isWhole = isLast || blockCount >= 6 && !packetsSplitSamples
                return rest.isEmpty && isWhole ? .bytes(offset) : .unknown
            }
            let begins = !frame.isDependent && frame.substream == 0
            if offset == 0 {
                guard begins else {
                    if frame.isDependent { packetsSplitSamples = true }
                    return .none
                }
                // Most streams, and most samples, are that simple.
                if !frame.isEnhanced, frame.size >= rest.count { return .bytes(frame.size) }
            } else if begins, blockCount >= 6 {
                return .bytes(offset)
            }
            if begins { blockCount += frame.blockCount }
            guard frame.size <= rest.count else { return blockCount >= 6 ? .bytes(offset + frame.size) : .unknown }
            offset += frame.size
        }
        return .bytes(offset)
    }

    mutating func unpack(_ frame: ByteChunk, into output: inout AudioSampleOutput) throws(BitstreamError) {
        let configuration = try AC3Configuration(sample: frame.span)
        var (data, duration) = (frame, 0)
        if configuration.isEnhanced {
            duration = 256 * Self.blockCount(of: frame.span)
        } else {
            data = frame[0..<(AC3SyncFrame(frame.span)?.size ?? 0)]
            duration = 1536
        }
        if configuration != self.configuration { output.begin(Track(configuration, sample: data)) }
        self.configuration = configuration
        try output.append(data, lasting: duration)
    }

    /// The blocks of the first programme.
    static func blockCount(of bytes: Span<UInt8>) -> Int {
        var (offset, count) = (0, 0)
        while let frame = AC3SyncFrame(bytes.extracting(offset..<bytes.count)) {
            if !frame.isDependent, frame.substream == 0 { count += frame.blockCount }
            offset = min(offset + frame.size, bytes.count)
        }
        return count
    }
}
