/// Why the payload of a video or audio message cannot be read.
public enum FLVError: Error, Equatable, Sendable {
    /// The payload ends inside its header.
    case truncated
    /// A sequence header without a decoder configuration.
    case emptySequenceHeader
    /// An AVC or AAC packet type that FLV does not define.
    case unknownPacketType(UInt8)
}
