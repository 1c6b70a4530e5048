internal import Bitstreams
internal import Bytes
internal import FFmpeg

/// Parameter sets that stand beside the packets of a stream, and how long the lengths of NAL units in those are.
struct ParameterSets: Sendable {
    let lengthSize: Int
    let units: [ByteChunk]

    /// Those in an `avcC`; nothing where `record` is none.
    init?(avc record: ByteChunk) {
        guard let configuration = try? AVCDecoderConfiguration(record: record) else { return nil }
        lengthSize = configuration.lengthSize
        units =
            configuration.sequenceParameterSets + configuration.sequenceParameterSetExtensions
            + configuration.pictureParameterSets
    }

    /// Those in an `hvcC`; nothing where `record` is none.
    init?(hevc record: ByteChunk) {
        guard let configuration = try? HEVCDecoderConfiguration(record: record) else { return nil }
        lengthSize = configuration.lengthSize
        units =
            configuration.videoParameterSets + configuration.sequenceParameterSets + configuration.pictureParameterSets
    }
}

/// Pictures as a byte stream (annex B), or with lengths before their NAL units and their parameter sets beside them: then
/// they are made a byte stream, so that both are read in one way.
struct VideoPacketReader<Reader: ElementaryStreamReader>: PacketReader {
    private static var startCode: [UInt8] { [0, 0, 0, 1] }

    private var reader: Reader
    private let parse: @Sendable (ByteChunk) -> ParameterSets?
    private var sets: ParameterSets?
    /// Parameter sets as a byte stream, to go before the next packet.
    private var waiting: [UInt8] = []
    private var unreadable = 0

    init(_ reader: Reader, _ configuration: ByteChunk, parse: @escaping @Sendable (ByteChunk) -> ParameterSets?) {
        self.reader = reader
        self.parse = parse
        configure(configuration)
    }

    var faults: Int { reader.faults + unreadable }

    mutating func configure(_ configuration: ByteChunk) {
        guard !configuration.isEmpty else { return }
        sets = parse(configuration)
        if let sets {
            waiting = sets.units.flatMap { Self.startCode + $0.array }
        } else if Self.isByteStream(configuration) {
            waiting = configuration.array
        }
    }

    mutating func read(
        _ packet: DemuxedPacket, base: TimeBase, times: PacketTimes?, into events: inout [ElementaryStreamEvent]
    ) {
        guard let sets else { return pass(packet.data, times, into: &events) }
        if let bytes = Self.byteStream(packet.data, lengthSize: sets.lengthSize) {
            pass(bytes, times, into: &events)
        } else if Self.isByteStream(packet.data) {
            // Not before: a length looks like a start code, too.
            pass(packet.data, times, into: &events)
        } else {
            unreadable += 1
            reader.skip()
        }
    }

    private mutating func pass(_ bytes: ByteChunk, _ times: PacketTimes?, into events: inout [ElementaryStreamEvent]) {
        let joined = waiting.isEmpty ? bytes : ByteChunk(joining: [ByteChunk(waiting), bytes])
        waiting = []
        reader.read(joined, times: times, into: &events)
    }

    mutating func finish(into events: inout [ElementaryStreamEvent]) { reader.finish(into: &events) }

    private static func isByteStream(_ bytes: ByteChunk) -> Bool {
        let span = bytes.span
        guard span.count > 4, span[0] == 0, span[1] == 0 else { return false }
        return span[2] == 1 || span[2] == 0 && span[3] == 1
    }

    /// The NAL units behind start codes; nothing where the lengths do not come out even.
    private static func byteStream(_ data: ByteChunk, lengthSize: Int) -> ByteChunk? {
        var units: [Range<Int>] = []
        let span = data.span
        var offset = 0
        while offset < span.count {
            guard span.count - offset >= lengthSize else { return nil }
            var length = 0
            for place in 0..<lengthSize { length = length << 8 | Int(span[offset + place]) }
            offset += lengthSize
            guard length <= span.count - offset else { return nil }
            units.append(offset..<(offset + length))
            offset += length
        }
        let size = units.reduce(0) { $0 + 4 + $1.count }
        return data.withUnsafeBytes { source in
            ByteChunk(count: size) { target in
                var end = 0
                for unit in units {
                    target.storeBytes(of: UInt32(1).bigEndian, toByteOffset: end, as: UInt32.self)
                    UnsafeMutableRawBufferPointer(rebasing: target[(end + 4)...])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[unit]))
                    end += 4 + unit.count
                }
            }
        }
    }
}
