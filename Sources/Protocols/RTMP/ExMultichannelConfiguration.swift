internal import Bytes

/// Which speaker each channel of a track is for. Enhanced RTMP v2, AudioPacketType.MultichannelConfig.
public struct ExMultichannelConfiguration: Sendable, Hashable {
    /// How the speakers are told. AudioChannelOrder.
    public enum Order: Sendable, Hashable {
        /// They are not.
        case unspecified
        /// The channels come in the order of the bits of an AudioChannelMask.
        case native(mask: UInt32)
        /// One AudioChannel for each channel.
        case custom([UInt8])
    }

    /// How many channels there are.
    public let channelCount: Int
    /// How the speakers are told.
    public let order: Order

    /// A configuration of `channelCount` channels.
    public init(channelCount: Int, order: Order) {
        self.channelCount = channelCount
        self.order = order
    }

    init(_ bytes: Span<UInt8>) throws(FLVError) {
        var reader = ByteReader(bytes)
        do {
            let kind = try reader.readUInt8()
            let count = Int(try reader.readUInt8())
            channelCount = count
            switch kind {
            case 1: order = .native(mask: try reader.readUInt32())
            case 2: order = .custom(try (0..<count).map { _ in try reader.readUInt8() })
            default: order = .unspecified
            }
        } catch { throw .truncated }
    }
}
