public import Bytes

/// The payload of an audio message in the classic form: an AudioTagHeader and what follows it. Adobe Video File Format 10.1
/// §E.4.2.1. The other form is `ExAudioPacket`.
public enum FLVAudioPacket: Sendable, Hashable {
    /// The decoder configuration of the frames that follow: an `AudioSpecificConfig`.
    case sequenceHeader(ByteChunk)
    /// One coded frame of sound: a raw AAC access unit.
    case frame(ByteChunk)
    /// The sound pauses: a message without bytes.
    case silence
    /// Sound that is not AAC in the classic form; the name is for people.
    case unsupported(codecName: String)

    /// Reads the payload of an audio message; frames share its memory.
    ///
    /// Nothing comes back for a coded frame without bytes.
    public static func parse(_ payload: ByteChunk) throws(FLVError) -> FLVAudioPacket? {
        var reader = ByteReader(payload.span)
        guard let first = try? reader.readUInt8() else { return .silence }
        let format = first >> 4
        guard format != enhanced else { throw .enhancedHeader }
        guard format == aac else { return .unsupported(codecName: codecName(format)) }
        guard let packetType = try? reader.readUInt8() else { throw .truncated }
        let body = payload[reader.offset..<payload.count]
        switch packetType {
        case 0:
            guard !body.isEmpty else { throw .emptySequenceHeader }
            return .sequenceHeader(body)
        case 1: return body.isEmpty ? nil : .frame(body)
        default: throw .unknownPacketType(packetType)
        }
    }

    private static let enhanced: UInt8 = 9
    private static let aac: UInt8 = 10

    /// The codec of that SoundFormat; 13 is not Adobe's but widely sent.
    private static func codecName(_ format: UInt8) -> String {
        switch format {
        case 0, 3: "PCM"
        case 1: "ADPCM"
        case 2, 14: "MP3"
        case 4, 5, 6: "Nellymoser"
        case 7: "G.711 A-law"
        case 8: "G.711 mu-law"
        case 11: "Speex"
        case 13: "Opus"
        default: "sound format \(format)"
        }
    }
}
