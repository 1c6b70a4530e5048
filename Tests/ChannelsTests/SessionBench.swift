import Bytes
import Ingest
import Media
import Packaging
import Time

@testable import Channels

/// What sessions are given, and what they make of it.
enum SessionBench {
    static func sample(_ milliseconds: Int64, bytes: Int = 10, isSync: Bool = false) -> Sample {
        Sample(
            data: ByteChunk([UInt8](repeating: 0, count: bytes)), decodeTime: .milliseconds(milliseconds),
            presentationTime: .milliseconds(milliseconds), isSync: isSync)
    }

    static let larger = Track(
        codec: .h264, format: .video(VideoFormat(width: 640, height: 360)),
        decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 1]), codecString: "avc1.64001f")

    static func sound(_ index: Int, rate: UInt32 = 48_000) -> Track {
        var track = Track(
            codec: .aac, format: .audio(AudioFormat(sampleRate: rate, channelCount: 2, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk([0x11, 0x90]), codecString: "mp4a.40.2")
        track.index = index
        return track
    }

    /// A session that knows both tracks, where it is to know sound.
    static func session(hasAudio: Bool = true) -> FeedSession {
        var session = FeedSession()
        _ = session.take(.track(ChannelBench.video), arrival: Instant(nanoseconds: 0))
        if hasAudio { _ = session.take(.track(ChannelBench.audio), arrival: Instant(nanoseconds: 0)) }
        return session
    }

    /// The times of what a run begins with, and what it says of its beginning; nothing when none begins.
    static func begun(_ actions: [FeedSession.Action]) -> (
        start: Int64, arrival: Instant, tracks: [Track], times: [Int64]
    )? {
        guard case .media(.begin(let start))? = actions.first else { return nil }
        let times = actions.compactMap { action -> Int64? in
            switch action {
            case .media(.video(let sample, _)), .media(.audio(let sample, _)): sample.decodeTime.value
            default: nil
            }
        }
        return (start.sourceStart.value, start.arrival, start.tracks, times)
    }
}
