import Media

/// What a NAL unit is to its access unit, H.264 §7.4.1.2.3 and HEVC §7.4.2.4.4.
enum NALUnitRole {
    /// A delimiter: begins an access unit, and is taken out.
    case delimiter
    /// A parameter set: begins an access unit when it stands behind a picture, and goes into the track.
    case parameterSet
    /// Supplemental enhancement information: begins an access unit when it stands behind a picture.
    case message
    /// Something else that begins an access unit when it stands behind a picture.
    case opening
    /// It belongs to the slice behind it, whichever picture that is of.
    case prefix
    /// A slice of a picture.
    case slice
    /// It belongs to the access unit that it stands in.
    case rest
    /// Filler, to be taken out.
    case filler
    /// Something that cannot be.
    case nonsense
}

/// How a slice stands to the picture before it.
enum SliceRelation {
    /// It is of the same picture.
    case continues
    /// It is of the second field of a frame whose first field came before.
    case secondField
    /// It is of another picture.
    case begins
}

/// The part of a slice header that H.264 and HEVC have in common.
protocol SliceBeginning {
    /// True for the slice that a picture begins with.
    var isFirst: Bool { get }
}

/// What H.264 and HEVC do each in their own way between a byte stream and samples.
protocol AccessUnitSyntax: Sendable {
    /// The part of a slice header that matters here.
    associatedtype Slice: SliceBeginning

    /// The syntax of a stream of which nothing is known.
    init()

    /// What a NAL unit, which is not empty, is to its access unit.
    func role(of unit: Span<UInt8>) -> NALUnitRole

    /// The header of a slice; nothing when it cannot be read.
    func slice(_ unit: Span<UInt8>) -> Slice?
    /// How a slice stands to the one that was added last.
    func relation(of slice: Slice) -> SliceRelation
    /// A slice of the picture begun, or of one that begins with it.
    mutating func add(_ slice: Slice)
    /// Supplemental enhancement information of the picture begun, or of the next one.
    mutating func add(message: Span<UInt8>)
    /// True when the picture begun is one field, and the other may follow.
    var isHalf: Bool { get }
    /// Ends the picture begun, and tells whether decoding can begin there.
    mutating func endPicture(at times: PacketTimes) -> SampleAccess

    /// Ends the picture begun, which is not whole.
    mutating func dropPicture()

    /// True when exactly that parameter set is in force.
    func isKnown(parameterSet: Span<UInt8>) -> Bool
    /// Puts a parameter set in force.
    mutating func put(parameterSet: Span<UInt8>) throws(BitstreamError)
    /// The track that the parameter sets in force describe.
    func track() throws(BitstreamError) -> Track
    /// How long a picture lasts in ticks of 90 kHz, as the parameter sets claim.
    var pictureDuration: Int64? { get }
}
