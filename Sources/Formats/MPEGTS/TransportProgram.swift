/// A program of a transport stream, as its map describes it. ISO/IEC 13818-1 §2.4.4.8.
public struct TransportProgram: Sendable, Hashable {
    /// An elementary stream of the program.
    public struct Stream: Sendable, Hashable {
        /// The packet identifier.
        public let pid: UInt16
        /// `stream_type`. ISO/IEC 13818-1 table 2-34.
        public let type: UInt8
        /// What the stream carries, as its type and descriptors say.
        public let kind: StreamKind
        /// The three letters of `ISO_639_language_code` as they were sent, where there are any.
        public let language: String?
        /// `audio_type` beside the language: 0 undefined, 1 clean effects, 2 hearing impaired, 3 visual impaired
        /// commentary.
        public let audioType: UInt8
    }

    /// `program_number`.
    public let number: UInt16
    /// The packet identifier of the program's clock; nothing where it has none.
    public let clockPID: UInt16?
    /// The elementary streams in the order of the map.
    public let streams: [Stream]
}

/// What an elementary stream carries.
public enum StreamKind: Sendable, Hashable {
    /// H.264 in Annex B form.
    case h264
    /// HEVC in Annex B form.
    case hevc
    /// AAC in ADTS frames.
    case aacADTS
    /// AAC in LOAS frames.
    case aacLATM
    /// AC-3.
    case ac3
    /// Enhanced AC-3.
    case eac3
    /// Opus with the `channel_config_code` of its descriptor, 2 (stereo) where it has none.
    case opus(channelConfigCode: UInt8)
    /// MPEG audio, layer II in most cases.
    case mp2
    /// Sections of SCTE 35.
    case splices
    /// Timed ID3 tags.
    case id3
    /// KLV, SMPTE 336M.
    case klv
    /// PES packets of private data of which no more is known.
    case privateData
    /// A stream of that `stream_type`, which is listed but not followed.
    case other(UInt8)
}

extension StreamKind {
    /// True when something always comes: silence on a stream of such a kind is a fault.
    var isContinuous: Bool {
        switch self {
        case .h264, .hevc, .aacADTS, .aacLATM, .ac3, .eac3, .opus, .mp2: true
        case .splices, .id3, .klv, .privateData, .other: false
        }
    }

    /// True when the stream's packets are taken from the transport stream.
    var isFollowed: Bool {
        if case .other = self { return false }
        return true
    }
}
