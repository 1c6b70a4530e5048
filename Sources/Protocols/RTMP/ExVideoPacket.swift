public import Bytes

/// One track's part of a video message of Enhanced RTMP. Enhanced RTMP v2, ExVideoTagHeader and ExVideoTagBody.
public struct ExVideoPacket: Sendable, Hashable {
    /// What the packet carries.
    public enum Body: Sendable, Hashable {
        /// The decoder configuration of the frames that follow, as the codec's sample entry in MP4 has it.
        case sequenceStart(ByteChunk)
        /// The decoder configuration of AV1 in the form of a transport stream's descriptor.
        case mpeg2TSSequenceStart(ByteChunk)
        /// One coded picture; `compositionTime` is how many milliseconds after its decode time it is shown.
        case frame(compositionTime: Int32, isKeyframe: Bool, ByteChunk)
        /// Named values that hold from the next frame on, such as `colorInfo`.
        case metadata([AMF0Property])
        /// The encoder has ended the sequence.
        case sequenceEnd
    }

    /// How the track is coded.
    public let codec: ExVideoCodec
    /// The track's number, 0 for the default one.
    public let track: UInt8
    /// How many nanoseconds after the message's time this packet alone is presented, less than a millisecond.
    public let nanoseconds: UInt32
    /// What the packet carries.
    public let body: Body

    /// A packet of that track.
    public init(codec: ExVideoCodec, track: UInt8 = 0, nanoseconds: UInt32 = 0, body: Body) {
        self.codec = codec
        self.track = track
        self.nanoseconds = nanoseconds
        self.body = body
    }

    /// True for a payload that begins with an ExVideoTagHeader.
    static func begins(_ payload: ByteChunk) -> Bool { !payload.isEmpty && payload.span[0] & 0x80 != 0 }

    /// The packets in the payload of a video message, which share its memory.
    ///
    /// A packet that cannot be read is left out, and the message is not whole then. Command frames and frames without
    /// bytes are nothing.
    static func packets(in payload: ByteChunk, limits: RTMPLimits) -> (packets: [ExVideoPacket], isWhole: Bool) {
        var packets: [ExVideoPacket] = []
        var isWhole = true
        do throws(FLVError) {
            var reader = try ExTagReader(payload.span, multitrack: PacketType.multitrack)
            let frameType = payload.span[0] >> 4 & 7
            // Whatever the frame type, metadata are no command: encoders send them so.
            if frameType == commandFrame, reader.packetType != PacketType.metadata { return ([], true) }
            try reader.readTracks()
            for count in 0... {
                guard let track = try reader.nextTrack() else { break }
                guard count < limits.tracksPerMessage else { throw .tooManyTracks }
                do throws(FLVError) {
                    let isKeyframe = frameType == 1 || frameType == 4
                    guard let codec = ExVideoCodec(track.codec) else { throw .unknownCodec(track.codec.rawValue) }
                    let bytes = payload[track.body]
                    let body = try body(reader.packetType, codec, bytes, isKeyframe: isKeyframe, limits: limits)
                    if let body {
                        packets.append(
                            ExVideoPacket(codec: codec, track: track.id, nanoseconds: reader.nanoseconds, body: body))
                    }
                } catch { isWhole = false }
            }
        } catch { isWhole = false }
        return (packets, isWhole)
    }

    private static let commandFrame: UInt8 = 5

    /// VideoPacketType.
    private enum PacketType {
        static let sequenceStart: UInt8 = 0
        static let codedFrames: UInt8 = 1
        static let sequenceEnd: UInt8 = 2
        static let codedFramesX: UInt8 = 3
        static let metadata: UInt8 = 4
        static let mpeg2TSSequenceStart: UInt8 = 5
        static let multitrack: UInt8 = 6
    }

    private static func body(
        _ packetType: UInt8, _ codec: ExVideoCodec, _ bytes: ByteChunk, isKeyframe: Bool, limits: RTMPLimits
    ) throws(FLVError) -> Body? {
        switch packetType {
        case PacketType.sequenceStart:
            guard !bytes.isEmpty else { throw .emptySequenceHeader }
            return .sequenceStart(bytes)
        case PacketType.mpeg2TSSequenceStart:
            guard codec == .av1 else { throw .unknownPacketType(packetType) }
            guard !bytes.isEmpty else { throw .emptySequenceHeader }
            return .mpeg2TSSequenceStart(bytes)
        case PacketType.codedFrames where codec.hasCompositionTime:
            var reader = ByteReader(bytes.span)
            guard let time = try? reader.readInt24() else { throw .truncated }
            let data = bytes[reader.offset..<bytes.count]
            return data.isEmpty ? nil : .frame(compositionTime: time, isKeyframe: isKeyframe, data)
        case PacketType.codedFrames, PacketType.codedFramesX:
            return bytes.isEmpty ? nil : .frame(compositionTime: 0, isKeyframe: isKeyframe, bytes)
        case PacketType.sequenceEnd: return .sequenceEnd
        case PacketType.metadata: return .metadata(try metadata(bytes.span, limits: limits.amf))
        default: throw .unknownPacketType(packetType)
        }
    }

    /// Names and values in turn.
    private static func metadata(_ bytes: Span<UInt8>, limits: AMF0Limits) throws(FLVError) -> [AMF0Property] {
        var reader = AMF0Reader(bytes, limits: limits)
        var properties: [AMF0Property] = []
        while !reader.isAtEnd {
            guard let name = try? reader.read().string, let value = try? reader.read() else { throw .malformedMetadata }
            properties.append(AMF0Property(name, value))
        }
        return properties
    }
}
