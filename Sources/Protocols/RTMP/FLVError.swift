/// Why the payload of a video or audio message cannot be read.
public enum FLVError: Error, Equatable, Sendable {
    /// The payload ends inside its header.
    case truncated
    /// A sequence header without a decoder configuration.
    case emptySequenceHeader
    /// A packet type that FLV, or Enhanced RTMP, does not define where it stands.
    case unknownPacketType(UInt8)
    /// The header of Enhanced RTMP, which `ExVideoPacket` and `ExAudioPacket` read.
    case enhancedHeader
    /// A FourCC that Enhanced RTMP does not define.
    case unknownCodec(UInt32)
    /// An AvMultitrackType that Enhanced RTMP does not define.
    case unknownMultitrackType(UInt8)
    /// More tracks in one message than the limits allow.
    case tooManyTracks
    /// Metadata that are not names and values in turn.
    case malformedMetadata
}
