public import Bytes

/// One track's part of an audio message of Enhanced RTMP. Enhanced RTMP v2, ExAudioTagHeader and ExAudioTagBody.
public struct ExAudioPacket: Sendable, Hashable {
    /// What the packet carries.
    public enum Body: Sendable, Hashable {
        /// The decoder configuration of the frames that follow: an `AudioSpecificConfig`, the ID header of Opus, which
        /// may be empty, or `fLaC` with what follows it.
        case sequenceStart(ByteChunk)
        /// One coded frame of sound.
        case frame(ByteChunk)
        /// Which speaker each channel is for, where the codec does not tell.
        case multichannelConfiguration(ExMultichannelConfiguration)
        /// The encoder has ended the sequence.
        case sequenceEnd
    }

    /// How the track is coded.
    public let codec: ExAudioCodec
    /// The track's number, 0 for the default one.
    public let track: UInt8
    /// How many nanoseconds after the message's time this packet alone is heard, less than a millisecond.
    public let nanoseconds: UInt32
    /// What the packet carries.
    public let body: Body

    /// A packet of that track.
    public init(codec: ExAudioCodec, track: UInt8 = 0, nanoseconds: UInt32 = 0, body: Body) {
        self.codec = codec
        self.track = track
        self.nanoseconds = nanoseconds
        self.body = body
    }

    /// True for a payload that begins with an ExAudioTagHeader.
    static func begins(_ payload: ByteChunk) -> Bool { !payload.isEmpty && payload.span[0] >> 4 == 9 }

    /// The packets in the payload of an audio message, which share its memory.
    ///
    /// A packet that cannot be read is left out, and the message is not whole then. Frames without bytes are nothing.
    static func packets(in payload: ByteChunk, limits: RTMPLimits) -> (packets: [ExAudioPacket], isWhole: Bool) {
        var packets: [ExAudioPacket] = []
        var isWhole = true
        do throws(FLVError) {
            var reader = try ExTagReader(payload.span, multitrack: PacketType.multitrack)
            try reader.readTracks()
            for count in 0... {
                guard let track = try reader.nextTrack() else { break }
                guard count < limits.tracksPerMessage else { throw .tooManyTracks }
                do throws(FLVError) {
                    guard let codec = ExAudioCodec(track.codec) else { throw .unknownCodec(track.codec.rawValue) }
                    if let body = try body(reader.packetType, codec, payload[track.body]) {
                        packets.append(
                            ExAudioPacket(codec: codec, track: track.id, nanoseconds: reader.nanoseconds, body: body))
                    }
                } catch { isWhole = false }
            }
        } catch { isWhole = false }
        return (packets, isWhole)
    }

    /// AudioPacketType.
    private enum PacketType {
        static let sequenceStart: UInt8 = 0
        static let codedFrames: UInt8 = 1
        static let sequenceEnd: UInt8 = 2
        static let multichannelConfiguration: UInt8 = 4
        static let multitrack: UInt8 = 5
    }

    private static func body(
        _ packetType: UInt8, _ codec: ExAudioCodec, _ bytes: ByteChunk
    ) throws(FLVError) -> Body? {
        switch packetType {
        case PacketType.sequenceStart:
            // Opus has a default; AC-3 has all in its frames, and encoders send an empty one.
            guard !bytes.isEmpty || codec == .opus || codec == .ac3 || codec == .eac3 else {
                throw .emptySequenceHeader
            }
            return .sequenceStart(bytes)
        case PacketType.codedFrames: return bytes.isEmpty ? nil : .frame(bytes)
        case PacketType.sequenceEnd: return .sequenceEnd
        case PacketType.multichannelConfiguration:
            return .multichannelConfiguration(try ExMultichannelConfiguration(bytes.span))
        default: throw .unknownPacketType(packetType)
        }
    }
}
