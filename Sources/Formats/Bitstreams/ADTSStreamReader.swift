import Bytes
import Media

/// Reads AAC in ADTS, ISO/IEC 14496-3 §1.A.2.2: stream type 0x0F of a transport stream.
///
/// The samples are raw data blocks without their headers. The rate is the core's, since ADTS cannot say that there is
/// spectral band replication. Frames of several raw data blocks are cut where they say where the blocks begin, which
/// only those with a checksum do. Checksums are not verified.
public struct ADTSStreamReader: FramedAudioReader {
    var framer = AudioFramer(ADTSFraming())

    /// A reader of a stream from its beginning, or from anywhere.
    public init() {}
}

struct ADTSFraming: AudioFraming {
    static let firstByte: UInt8 = 0xFF

    /// What the configuration was made of: the fields of the header that it depends on, and the configuration itself.
    private var fields: UInt32?
    private var configuration: [UInt8] = []

    mutating func extent(of bytes: Span<UInt8>, isLast: Bool) -> AudioFrameExtent {
        // syncword and layer
        guard bytes[0] == 0xFF, bytes.count < 2 || bytes[1] & 0xF6 == 0xF0 else { return .none }
        guard let header = ADTSHeader(bytes) else { return .unknown }
        return header.samplingFrequencyIndex < 13 && header.frameSize > header.size
            ? .bytes(header.frameSize) : .none
    }

    mutating func unpack(_ frame: ByteChunk, into output: inout AudioSampleOutput) throws(BitstreamError) {
        guard let header = ADTSHeader(frame.span) else { throw .unexpectedEnd(offset: 0) }
        let first = frame[header.size..<frame.count]
        if header.channelConfiguration == 0 {
            try configure(header, block: first.span, into: &output)
        } else if header.configurationFields != fields {
            try begin(header.configuration.bytes, into: &output)
        }
        fields = header.configurationFields
        guard header.blockCount > 1 else { return try output.append(first, lasting: 1024) }
        guard header.hasChecksum else {
            output.skip((header.blockCount - 1) * 1024)
            throw .unsupported("several raw data blocks without their positions")
        }
        for block in try Self.blocks(in: frame, header) { try output.append(first[block], lasting: 1024) }
    }

    /// The configuration when the channels are listed in the first raw data block: not in each one, but in the first.
    private mutating func configure(
        _ header: ADTSHeader, block: Span<UInt8>, into output: inout AudioSampleOutput
    ) throws(BitstreamError) {
        // id_syn_ele: ID_PCE
        guard block[0] >> 5 == 5 else {
            guard header.configurationFields == fields else { throw .missing("program_config_element") }
            return
        }
        var writer = header.configuration
        try ProgramConfigElement.copy(from: block, at: 3, to: &writer)
        if writer.bytes != configuration { try begin(writer.bytes, into: &output) }
    }

    private mutating func begin(_ bytes: [UInt8], into output: inout AudioSampleOutput) throws(BitstreamError) {
        fields = nil
        output.begin(try Track(audioSpecificConfig: ByteChunk(bytes)))
        configuration = bytes
    }

    /// Where the raw data blocks lie, counted from the first one, §1.A.2.2.3: each is followed by its checksum.
    private static func blocks(in frame: ByteChunk, _ header: ADTSHeader) throws(BitstreamError) -> [Range<Int>] {
        let (bytes, end) = (frame.span, frame.count - header.size)
        var starts = [0]
        for index in 0..<(header.blockCount - 1) {
            let offset = ADTSHeader.fixedSize + 2 * index
            starts.append(Int(bytes[offset]) << 8 | Int(bytes[offset + 1]))
        }
        starts.append(end)
        var blocks: [Range<Int>] = []
        for (start, next) in zip(starts, starts.dropFirst()) {
            guard next - 2 > start else {
                throw .invalid("raw_data_block_position", offset: ADTSHeader.fixedSize)
            }
            blocks.append(start..<(next - 2))
        }
        return blocks
    }
}
