/// What a publisher did, in the order in which it did it.
public enum RTMPEvent: Sendable, Hashable {
    /// It connected to an application, and was answered.
    case connected(RTMPConnect)
    /// It wants to publish. Answer with `acceptPublish` or `rejectPublish`; until then its media are dropped.
    case publishRequested(RTMPPublishRequest)
    /// The `onMetaData` object or ECMA array.
    case metadata(AMF0Value)
    /// A video packet. The timestamp is its decode time in milliseconds, modulo 2^32, as on the wire.
    case video(timestamp: UInt32, FLVVideoPacket)
    /// An audio packet. The timestamp is in milliseconds, modulo 2^32, as on the wire.
    case audio(timestamp: UInt32, FLVAudioPacket)
    /// A video packet of Enhanced RTMP, of one track. The timestamp is as with other video.
    case exVideo(timestamp: UInt32, ExVideoPacket)
    /// An audio packet of Enhanced RTMP, of one track. The timestamp is as with other audio.
    case exAudio(timestamp: UInt32, ExAudioPacket)
    /// The properties of an `onTextData` message, which belong to a moment of the media. The timestamp is in milliseconds,
    /// modulo 2^32, as on the wire.
    case text(timestamp: UInt32, [AMF0Property])
    /// It stopped publishing, or took a pending request back. It may publish again on the same connection.
    case unpublished
}
