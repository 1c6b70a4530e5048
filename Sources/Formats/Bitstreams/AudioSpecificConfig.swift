/// An `AudioSpecificConfig`, ISO/IEC 14496-3 §1.6.2.1: how an AAC track is coded. It is the payload of `esds` in MP4 and
/// of the AAC sequence header in FLV.
///
/// The object types of plain AAC are understood (Main, LC, SSR, LTP), with spectral band replication and parametric
/// stereo on top; others are answered with `BitstreamError.unsupported`.
public struct AudioSpecificConfig: Sendable, Hashable {
    /// What a decoder may build on top of the core.
    public struct Extension: Sendable, Hashable {
        /// Audio samples in one second after spectral band replication.
        public let samplingFrequency: UInt32
        /// True when parametric stereo makes two channels out of one.
        public let hasParametricStereo: Bool
        /// True when it is signalled first, as an object type of its own, so that a decoder without it refuses the
        /// track. Otherwise it follows the core's configuration, where such a decoder overlooks it.
        public let isHierarchical: Bool
    }

    /// The object type of the core, such as 2 for AAC-LC.
    public let audioObjectType: UInt8
    /// Audio samples of the core in one second.
    public let samplingFrequency: UInt32
    /// `channelConfiguration`; 0 when a program config element lists the channels.
    public let channelConfiguration: UInt8
    /// The channels of the core.
    public let coreChannelCount: Int
    /// Audio samples of the core in one frame: 1024, or 960.
    public let samplesPerFrame: Int
    /// Spectral band replication, where it is signalled.
    public private(set) var bandReplication: Extension?

    /// The configuration in `bytes`. What follows it is overlooked.
    public init(_ bytes: Span<UInt8>) throws(BitstreamError) {
        var reader = SyntaxReader(bytes)
        try self.init(core: &reader)
        if bandReplication == nil { bandReplication = try Self.compatibleExtension(&reader) }
    }

    /// The configuration at the cursor, without extensions that are signalled behind it.
    @_lifetime(reader: copy reader)
    init(core reader: inout SyntaxReader) throws(BitstreamError) {
        var objectType = try Self.objectType(&reader)
        samplingFrequency = try Self.samplingFrequency(&reader)
        let channelOffset = reader.offset
        channelConfiguration = UInt8(try reader.u(4))
        if objectType == 5 || objectType == 29 {
            let hasParametricStereo = objectType == 29
            bandReplication = Extension(
                samplingFrequency: try Self.samplingFrequency(&reader), hasParametricStereo: hasParametricStereo,
                isHierarchical: true)
            objectType = try Self.objectType(&reader)
        }
        guard (1...4).contains(objectType) else { throw .unsupported("audio object type \(objectType)") }
        audioObjectType = objectType

        // GASpecificConfig, §4.4.1.
        samplesPerFrame = try reader.flag() ? 960 : 1024
        // dependsOnCoreCoder, coreCoderDelay
        if try reader.flag() { try reader.skip(14) }
        // extensionFlag
        try reader.skip(1)
        if channelConfiguration == 0 {
            coreChannelCount = try ProgramConfigElement.channelCount(&reader)
        } else {
            guard let count = Self.channelCounts[channelConfiguration] else {
                throw .invalid("channelConfiguration", offset: channelOffset)
            }
            coreChannelCount = count
        }
    }

    /// The channels that a decoder puts out: two for one with parametric stereo.
    public var channelCount: Int {
        coreChannelCount == 1 && bandReplication?.hasParametricStereo == true ? 2 : coreChannelCount
    }

    /// The codec in the form of RFC 6381 §3.3, such as `mp4a.40.2`: the object type that is signalled first.
    public var codecString: String {
        guard let bandReplication, bandReplication.isHierarchical else { return "mp4a.40.\(audioObjectType)" }
        return bandReplication.hasParametricStereo ? "mp4a.40.29" : "mp4a.40.5"
    }
}

extension AudioSpecificConfig {
    /// `GetAudioObjectType()`, table 1.16: five bits, or six more after the escape value 31.
    @_lifetime(reader: copy reader)
    private static func objectType(_ reader: inout SyntaxReader) throws(BitstreamError) -> UInt8 {
        let type = UInt8(try reader.u(5))
        guard type == 31 else { return type }
        return 32 + UInt8(try reader.u(6))
    }

    /// `samplingFrequencyIndex`, table 1.18, or `samplingFrequency` itself.
    @_lifetime(reader: copy reader)
    private static func samplingFrequency(_ reader: inout SyntaxReader) throws(BitstreamError) -> UInt32 {
        let offset = reader.offset
        let index = Int(try reader.u(4))
        if index == 15 {
            let frequency = try reader.u(24)
            guard (1...maxFrequency).contains(frequency) else { throw .invalid("samplingFrequency", offset: offset) }
            return frequency
        }
        guard index < frequencies.count else { throw .invalid("samplingFrequencyIndex", offset: offset) }
        return frequencies[index]
    }

    /// Spectral band replication and parametric stereo, signalled behind the core's configuration, §1.6.5.
    @_lifetime(reader: copy reader)
    private static func compatibleExtension(_ reader: inout SyntaxReader) throws(BitstreamError) -> Extension? {
        guard reader.remaining >= 16, try reader.u(11) == 0x2B7 else { return nil }
        guard try objectType(&reader) == 5, try reader.flag() else { return nil }
        let frequency = try samplingFrequency(&reader)
        var hasParametricStereo = false
        if reader.remaining >= 12, try reader.u(11) == 0x548 { hasParametricStereo = try reader.flag() }
        return Extension(
            samplingFrequency: frequency, hasParametricStereo: hasParametricStereo, isHierarchical: false)
    }

    /// Table 1.18.
    private static let frequencies: [UInt32] = [
        96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
    ]
    /// Twice the highest rate that sound is recorded at; more is not sound.
    private static let maxFrequency: UInt32 = 768_000
    /// Table 1.19.
    private static let channelCounts: [UInt8: Int] = [
        1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 13: 24, 14: 8,
    ]
}
