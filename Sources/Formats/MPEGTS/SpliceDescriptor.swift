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
