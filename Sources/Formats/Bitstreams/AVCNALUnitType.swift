/// What a NAL unit carries: `nal_unit_type`, H.264 table 7-1.
public enum AVCNALUnitType: UInt8, Sendable {
    /// A slice of a picture that is not an IDR picture.
    case slice = 1
    /// Data partition A of a slice.
    case sliceDataPartitionA = 2
    /// Data partition B of a slice.
    case sliceDataPartitionB = 3
    /// Data partition C of a slice.
    case sliceDataPartitionC = 4
    /// A slice of an IDR picture: decoding can begin here.
    case instantaneousDecodingRefresh = 5
    /// Supplemental enhancement information.
    case supplementalEnhancementInformation = 6
    /// A sequence parameter set.
    case sequenceParameterSet = 7
    /// A picture parameter set.
    case pictureParameterSet = 8
    /// An access unit delimiter.
    case accessUnitDelimiter = 9
    /// The end of a coded video sequence.
    case endOfSequence = 10
    /// The end of the stream.
    case endOfStream = 11
    /// Filler data.
    case filler = 12
    /// A sequence parameter set extension.
    case sequenceParameterSetExtension = 13
    /// A prefix of the NAL unit that follows, in SVC and MVC.
    case prefix = 14
    /// A subset sequence parameter set, in SVC and MVC.
    case subsetSequenceParameterSet = 15
    /// A slice of an auxiliary picture.
    case auxiliarySlice = 19
    /// A slice of another layer or view.
    case sliceExtension = 20

    /// The type in a NAL unit's first byte, or nothing for the reserved and unspecified ones.
    public init?(header: UInt8) { self.init(rawValue: header & 0x1F) }
}
