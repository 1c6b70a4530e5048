public import Telemetry

/// What a caller asks for: the stream id of its handshake, in any of the forms in which encoders send one.
///
/// | What is sent | Who sends it | What is read |
/// |---|---|---|
/// | `#!::r=CHANNEL,m=publish,key=KEY` | the form of SRT Access Control, in any order | channel, mode, key |
/// | `#!:{r=CHANNEL,key=KEY}` | its nested form | the same |
/// | `#!::u=KEY,bmd_uuid=…,bmd_name=…` | Blackmagic, whose stream key becomes the user | key |
/// | `CHANNEL,mode:publish,token:KEY` | what Restreamer hands out | channel, mode, key |
/// | `publish:CHANNEL:KEY`, `publish:KEY`, `publish/CHANNEL/KEY` | ffmpeg and OBS | mode, channel, key |
/// | `srt://HOST/live/KEY`, `live/CHANNEL?key=KEY` | whoever pastes an RTMP address | channel, key |
/// | `KEY` | vMix, Sony and others with a single short field | key |
///
/// White space and NULs around the text are dropped, and keys that mean nothing here are overlooked. Text that an encoder
/// has percent-encoded as a whole is decoded first; values within the `#!:` forms are decoded one by one. A slash,
/// colon or comma within a bare key belongs to it.
public struct SRTStreamID: Sendable {
    /// What the caller wants to do.
    public enum Mode: Sendable, Hashable {
        /// To send a stream.
        case publish
        /// To receive one, or both ways.
        case request
        /// The text does not say.
        case unknown
    }

    /// What the caller wants to do.
    public internal(set) var mode = Mode.unknown
    /// The channel's name. Where there is a channel and no key, it may be the key that stands in its place: encoders with
    /// one field for both send `r=KEY`.
    public internal(set) var channel: String?
    /// The stream key.
    public internal(set) var key: Secret<String>?
    /// The user, who is not looked at where the key is.
    public internal(set) var user: String?

    /// The longest text there is, in bytes: SRT Access Control, "Stream ID".
    public static let maximumLength = 512

    init() {}

    /// Reads `text`, as it came.
    public init(_ text: [UInt8]) throws(SRTStreamIDError) {
        guard text.count <= Self.maximumLength else { throw .tooLong(text.count) }
        var reader = SRTStreamIDReader()
        try reader.read(Self.trimmed(text[...]))
        self = reader.result
    }

    /// `text` without the white space and NULs around it.
    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank: (UInt8) -> Bool = { $0 <= 0x20 || $0 == 0x7F }
        guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return text[first...last]
    }
}

/// Why a stream id cannot be read.
public enum SRTStreamIDError: Error, Equatable, Sendable {
    /// There is none, as from encoders that know none, or whose handshake is of version 4.
    case empty
    /// It has so many bytes, and may have 512.
    case tooLong(Int)
    /// It is not UTF-8, or has control characters in it.
    case notText
    /// Braces in it are not closed.
    case unbalanced
    /// It names nothing: neither a channel nor a key.
    case nameless
    /// A field that there is once is there twice: its name.
    case repeated(String)
}
