internal import Bitstreams
internal import Bytes
internal import CFFmpeg
internal import Media

/// Makes samples, as an MP4 track carries them, of the packets that encoders write.
final class SamplePacker {
    private let codec: Codec
    /// What stands in every key frame.
    private let orientation: ByteChunk?
    private var av1 = AV1StreamReader()

    /// A packer of pictures that players are to turn by so many degrees, clockwise.
    init(codec: Codec, rotation: Double? = nil) {
        self.codec = codec
        orientation = rotation.flatMap { SupplementalMessage(rotation: $0, for: codec) }?.unit(for: codec)
    }

    /// The track of what an encoder says before its first packet; for AV1, of that packet.
    func track(_ header: ByteChunk) throws(CodecError) -> Track {
        do {
            switch codec {
            case .h264:
                let units = Self.units(header)
                return Track(
                    try AVCDecoderConfiguration(
                        sequenceParameterSets: units.filter { $0.span[0] & 0x1F == 7 },
                        pictureParameterSets: units.filter { $0.span[0] & 0x1F == 8 }))
            case .hevc:
                let units = Self.units(header)
                func sets(_ type: UInt8) -> [ByteChunk] { units.filter { $0.span[0] >> 1 & 0x3F == type } }
                return Track(
                    try HEVCDecoderConfiguration(
                        videoParameterSets: sets(32), sequenceParameterSets: sets(33), pictureParameterSets: sets(34)))
            case .av1:
                var reader = AV1StreamReader()
                _ = try reader.read(header)
                guard let track = reader.track else { throw CodecError.unreadableConfiguration }
                return track
            default: throw CodecError.unreadableConfiguration
            }
        } catch {
            throw .unreadableConfiguration
        }
    }

    /// The sample in a packet, with `message` put in.
    func sample(
        _ packet: UnsafeRawBufferPointer, message: CaptionMessage?
    ) throws(CodecError) -> (data: ByteChunk, isSync: Bool) {
        do {
            switch codec {
            case .h264:
                let unit = try AVCAccessUnit(Self.withLengths(packet), lengthSize: 4)
                guard unit.isIDR, let orientation else { return (unit.data, unit.isIDR) }
                return (try Self.put([orientation], into: unit.data) { (1...5).contains($0 & 0x1F) }, true)
            case .hevc:
                let unit = try HEVCAccessUnit(Self.withLengths(packet), lengthSize: 4)
                let isSync = unit.access == .sync
                let units = [isSync ? orientation : nil, message?.hevcUnit].compactMap(\.self)
                return (try Self.put(units, into: unit.data) { $0 >> 1 < 32 }, isSync)
            default:
                guard let sample = try av1.read(ByteChunk(packet)) else { throw CodecError.unreadableConfiguration }
                return (Self.put(message?.av1Unit, intoTemporalUnit: sample.data), sample.isSync)
            }
        } catch {
            throw .failed(cffmpeg_invalid())
        }
    }

    /// Puts `messages` before the first slice, which `isSlice` knows by the first byte of its NAL unit: behind what stands
    /// before it, which may have to be first.
    private static func put(
        _ messages: [ByteChunk], into data: ByteChunk, before isSlice: (UInt8) -> Bool
    ) throws(BitstreamError) -> ByteChunk {
        guard !messages.isEmpty else { return data }
        let bytes = data.span
        var units = NALUnitReader(bytes, lengthSize: 4)
        while let unit = try units.next() {
            guard isSlice(bytes[unit.lowerBound]) else { continue }
            let place = unit.lowerBound - 4
            return ByteChunk(joining: [data[0..<place]] + messages + [data[place..<data.count]])
        }
        return data
    }

    /// Puts `message` before the first frame of AV1 data, behind the sequence header where there is one.
    private static func put(_ message: ByteChunk?, intoTemporalUnit data: ByteChunk) -> ByteChunk {
        guard let message else { return data }
        let bytes = data.span
        // obu_type OBU_SEQUENCE_HEADER, without extension, with a size: encoders write no other.
        guard bytes.count >= 2, bytes[0] == 1 << 3 | 2, bytes[1] < 128 else {
            return ByteChunk(joining: [message, data])
        }
        let place = min(2 + Int(bytes[1]), data.count)
        return ByteChunk(joining: [data[0..<place], message, data[place..<data.count]])
    }

    /// The NAL units of a byte stream.
    private static func ranges(_ bytes: ByteChunk) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        let span = bytes.span
        var next = AnnexB.startCode(in: span, from: 0)
        while let code = next {
            next = AnnexB.startCode(in: span, from: code + 3)
            let range = AnnexB.unit(in: span, from: code + 3, to: next ?? span.count)
            if !range.isEmpty { ranges.append(range) }
        }
        return ranges
    }

    private static func units(_ bytes: ByteChunk) -> [ByteChunk] { ranges(bytes).map { bytes[$0] } }

    /// The NAL units of a byte stream, each behind its length in four bytes.
    private static func withLengths(_ packet: UnsafeRawBufferPointer) -> ByteChunk {
        let source = ByteChunk(packet)
        let ranges = ranges(source)
        return ByteChunk(count: ranges.reduce(0) { $0 + 4 + $1.count }) { target in
            var offset = 0
            for range in ranges {
                target.storeBytes(of: UInt32(range.count).bigEndian, toByteOffset: offset, as: UInt32.self)
                UnsafeMutableRawBufferPointer(rebasing: target[(offset + 4)...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: packet[range]))
                offset += 4 + range.count
            }
        }
    }
}

extension ByteChunk {
    /// A copy of what a C library has there.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count) { if !bytes.isEmpty { $0.copyMemory(from: bytes) } }
    }
}
