public import Bytes
public import Media

/// A segment of a programme that begins or ends. ANSI/SCTE 35 2023 §10.3.3.
public struct SpliceSegmentation: Sendable, Hashable {
    /// The number of a part of the segment, and how many parts are expected.
    public struct SubSegment: Sendable, Hashable {
        /// `sub_segment_num`.
        public let number: UInt8
        /// `sub_segments_expected`.
        public let expected: UInt8
    }

    /// `segmentation_event_id`: the beginning and the end of a segment have the same.
    public let eventID: UInt32
    /// `segmentation_type_id`: of what, and whether it begins or ends; see ``kind``.
    public let type: UInt8
    /// `segmentation_duration`, in ticks of 90 kHz, where it is said.
    public let duration: Int64?
    /// `segmentation_upid_type`: how the identifier is written.
    public let upidType: UInt8
    /// `segmentation_upid`: what is shown, as it is.
    public let upid: ByteChunk
    /// `segment_num`.
    public let number: UInt8
    /// `segments_expected`.
    public let expected: UInt8
    /// Which part of the segment it is, where that is said.
    public let subSegment: SubSegment?
}

extension SpliceSegmentation {
    /// What its type says of the programme. ANSI/SCTE 35 2023 table 23; what is not listed is a `.command`, such as
    /// programmes (0x10 to 0x1A), chapters, credits, unscheduled events and networks.
    ///
    /// | `.out` | `.in` | |
    /// |---|---|---|
    /// | 0x22 | 0x23 | break |
    /// | 0x30, 0x32 | 0x31, 0x33 | advertisement, of the provider or the distributor |
    /// | 0x34, 0x36 | 0x35, 0x37 | placement opportunity |
    /// | 0x38, 0x3A | 0x39, 0x3B | overlay placement opportunity |
    /// | 0x3C, 0x3E | 0x3D, 0x3F | promotion |
    /// | 0x42 | 0x43 | alternate content opportunity |
    /// | 0x44, 0x46 | 0x45, 0x47 | advertisement block |
    public var kind: SpliceCue.Kind {
        switch type {
        case 0x22, 0x23, 0x30...0x3F, 0x42...0x47: type & 1 == 0 ? .out : .in
        default: .command
        }
    }
}
