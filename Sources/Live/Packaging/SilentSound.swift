internal import Bitstreams
public import Bytes
public import Media

/// What is heard of a rendition whose track has not come.
enum SilentSound {
    /// The track of a rendition whose sound nobody knows yet: AAC-LC, stereo, 48 kHz, which every player can decode.
    static let track = try? Track(audioSpecificConfig: ByteChunk([0x11, 0x90]))
}

/// What a run must know of an audio rendition.
struct Sound {
    let format: AudioFormat
    /// A frame that nothing is heard of; nothing where the coding has none that we can write.
    let silence: ByteChunk?
    /// Where its media end so far.
    let edge: MediaTime

    /// The sound of `track`, published up to `edge`; nothing when it is not sound.
    init?(of track: Track, upTo edge: MediaTime) {
        guard case .audio(let format) = track.format else { return nil }
        self.format = format
        self.edge = edge
        silence = track.silentFrame
    }
}

extension Track {
    /// A frame of its sound that nothing is heard of; nothing where its coding has none that we can write.
    public var silentFrame: ByteChunk? {
        guard codec == .aac, let configuration = try? AudioSpecificConfig(decoderConfiguration.span),
            configuration.audioObjectType == 2
        else { return nil }
        return AACSilence.frame(channelConfiguration: configuration.channelConfiguration)
    }
}
