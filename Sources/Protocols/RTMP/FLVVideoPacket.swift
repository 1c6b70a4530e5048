public import Bytes

/// The payload of a video message in the classic form: a VideoTagHeader and what follows it. Adobe Video File Format 10.1
/// §E.4.3.1. The other form is `ExVideoPacket`.
public enum FLVVideoPacket: Sendable, Hashable {
    /// The decoder configuration of the frames that follow: an `AVCDecoderConfigurationRecord`.
    case sequenceHeader(ByteChunk)
    /// One coded picture.
    ///
    /// `compositionTime` is how many milliseconds after its decode time it is shown, and can be negative. The bytes are
    /// NAL units behind lengths of the size that the decoder configuration states.
    case frame(compositionTime: Int32, isKeyframe: Bool, ByteChunk)
    /// The encoder has ended the sequence.
    case endOfSequence
    /// Video that is not H.264 in the classic form; the name is for people.
    case unsupported(codecName: String)

    /// Reads the payload of a video message; frames share its memory.
    ///
    /// Nothing comes back for a payload without anything to decode: an empty one, a command frame, a coded frame
    /// without bytes.
    public static func parse(_ payload: ByteChunk) throws(FLVError) -> FLVVideoPacket? {
        var reader = ByteReader(payload.span)
        guard let first = try? reader.readUInt8() else { return nil }
        guard first & 0x80 == 0 else { throw .enhancedHeader }
        let frameType = first >> 4
        guard frameType != commandFrame else { return nil }
        guard first & 0x0F == avc else { return .unsupported(codecName: codecName(first & 0x0F)) }
        let packetType: UInt8
        let compositionTime: Int32
        do {
            packetType = try reader.readUInt8()
            compositionTime = try reader.readInt24()
        } catch { throw .truncated }
        let body = payload[reader.offset..<payload.count]
        switch packetType {
        case 0:
            guard !body.isEmpty else { throw .emptySequenceHeader }
            return .sequenceHeader(body)
        case 1:
            guard !body.isEmpty else { return nil }
            let isKeyframe = frameType == keyframe || frameType == generatedKeyframe
            return .frame(compositionTime: compositionTime, isKeyframe: isKeyframe, body)
        case 2: return .endOfSequence
        default: throw .unknownPacketType(packetType)
        }
    }

    private static let keyframe: UInt8 = 1
    private static let generatedKeyframe: UInt8 = 4
    private static let commandFrame: UInt8 = 5
    private static let avc: UInt8 = 7

    /// The codec of that CodecID; 12 and 13 are not Adobe's but widely sent.
    private static func codecName(_ id: UInt8) -> String {
        switch id {
        case 1: "JPEG"
        case 2: "Sorenson H.263"
        case 3: "Screen video"
        case 4: "On2 VP6"
        case 5: "On2 VP6 with alpha"
        case 6: "Screen video 2"
        case 8: "H.263"
        case 9: "MPEG-4 Part 2"
        case 12: "H.265"
        case 13: "AV1"
        default: "video codec \(id)"
        }
    }
}
