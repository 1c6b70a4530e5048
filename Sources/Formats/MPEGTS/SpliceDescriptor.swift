public import Bytes

/// What a `splice_info_section` adds to its command. ANSI/SCTE 35 2023 §10.
public enum SpliceDescriptor: Sendable, Hashable {
    /// `avail_descriptor`: the provider's number of the break.
    case avail(providerAvailID: UInt32)
    /// `DTMF_descriptor`: the tones that old inserters wait for, and how many tenths of a second before the break.
    case dtmf(preroll: UInt8, characters: String)
    /// `segmentation_descriptor`: a segment that begins or ends.
    case segmentation(SpliceSegmentation)
    /// `segmentation_descriptor` that takes back one that was announced.
    case segmentationCancelled(eventID: UInt32)
    /// `time_descriptor`: seconds and nanoseconds of TAI since 1970, and how many seconds UTC is behind.
    case time(seconds: UInt64, nanoseconds: UInt32, offsetToUTC: UInt16)
    /// Another one: `audio_descriptor`, or that of whoever the identifier is registered to.
    case other(tag: UInt8, identifier: UInt32)
}

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
