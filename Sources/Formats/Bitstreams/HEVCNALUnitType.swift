/// What a NAL unit carries: `nal_unit_type`, HEVC table 7-1.
public struct HEVCNALUnitType: RawRepresentable, Sendable, Hashable {
    /// The number, 0 to 63.
    public let rawValue: UInt8

    /// The type with that number.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The type in the first byte of a NAL unit's header of two.
    public init(header: UInt8) { rawValue = header >> 1 & 0x3F }

    /// A random access decodable leading picture that no other of its sub-layer refers to; 7 is one that is referred to.
    public static let randomAccessDecodableLeading = HEVCNALUnitType(rawValue: 6)
    /// A random access skipped leading picture that no other of its sub-layer refers to; 9 is one that is referred to.
    public static let randomAccessSkippedLeading = HEVCNALUnitType(rawValue: 8)
    /// BLA_W_LP, the first of the three types of broken link access pictures.
    public static let brokenLinkAccess = HEVCNALUnitType(rawValue: 16)
    /// IDR_W_RADL: an instantaneous decoding refresh that decodable leading pictures may follow.
    public static let instantaneousDecodingRefreshWithLeading = HEVCNALUnitType(rawValue: 19)
    /// IDR_N_LP: an instantaneous decoding refresh without leading pictures.
    public static let instantaneousDecodingRefresh = HEVCNALUnitType(rawValue: 20)
    /// CRA_NUT: a clean random access picture.
    public static let cleanRandomAccess = HEVCNALUnitType(rawValue: 21)
    /// VPS_NUT.
    public static let videoParameterSet = HEVCNALUnitType(rawValue: 32)
    /// SPS_NUT.
    public static let sequenceParameterSet = HEVCNALUnitType(rawValue: 33)
    /// PPS_NUT.
    public static let pictureParameterSet = HEVCNALUnitType(rawValue: 34)
    /// AUD_NUT.
    public static let accessUnitDelimiter = HEVCNALUnitType(rawValue: 35)
    /// FD_NUT: filler data.
    public static let filler = HEVCNALUnitType(rawValue: 38)
    /// PREFIX_SEI_NUT: supplemental enhancement information before the picture.
    public static let supplementalEnhancementInformation = HEVCNALUnitType(rawValue: 39)
    /// SUFFIX_SEI_NUT: supplemental enhancement information behind the picture.
    public static let supplementalEnhancementInformationSuffix = HEVCNALUnitType(rawValue: 40)

    /// True for a slice segment of a picture.
    public var isSlice: Bool { rawValue <= 9 || (16...21).contains(rawValue) }

    /// True for RASL pictures, which cannot be decoded when decoding began at the picture before them that it can
    /// begin at.
    public var isSkippedLeading: Bool { rawValue == 8 || rawValue == 9 }

    /// True for IDR and BLA pictures: nothing that follows needs anything from before, but skipped leading pictures.
    public var isClosedAccess: Bool { (16...20).contains(rawValue) }

    /// True for VPS, SPS and PPS.
    public var isParameterSet: Bool { (32...34).contains(rawValue) }
}
