import Bytes
public import HLS
public import Media
public import Packaging
import Time

/// A source as RTMP shows it: times in whole milliseconds, audio and video interleaved.
public struct Feed: Sendable {
    /// The frame rate is `frames` in `perSeconds` seconds.
    public var frames: Int64
    /// See `frames`.
    public var perSeconds: Int64
    /// From one key frame to the next.
    public var gopFrames: Int64
    /// That of the sound.
    public var sampleRate: UInt32
    /// How long a frame of sound lasts, in samples.
    public var samplesPerFrame: Int64
    /// True when pictures are decoded in another order than they are shown in.
    public var bFrames: Bool
    /// True when there are pictures.
    public var hasVideo: Bool
    /// True when there is sound.
    public var hasAudio: Bool

    /// A source of that kind.
    public init(
        frames: Int64 = 30, perSeconds: Int64 = 1, gopFrames: Int64 = 60, sampleRate: UInt32 = 48_000,
        samplesPerFrame: Int64 = 1024, bFrames: Bool = false, hasVideo: Bool = true, hasAudio: Bool = true
    ) {
        (self.frames, self.perSeconds, self.gopFrames) = (frames, perSeconds, gopFrames)
        (self.sampleRate, self.samplesPerFrame) = (sampleRate, samplesPerFrame)
        (self.bFrames, self.hasVideo, self.hasAudio) = (bFrames, hasVideo, hasAudio)
    }

    /// The track of the pictures.
    public static let video = Track(
        codec: .h264, format: .video(VideoFormat(width: 1280, height: 720)),
        decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0]), codecString: "avc1.64001f")

    /// The track of the sound.
    public var audio: Track {
        Track(
            codec: .aac,
            format: .audio(
                AudioFormat(sampleRate: sampleRate, channelCount: 2, samplesPerFrame: Int(samplesPerFrame))),
            decoderConfiguration: ByteChunk([0x09, 0x90]), codecString: "mp4a.40.1")
    }

    /// The tracks there are.
    public var tracks: [Track] { (hasVideo ? [Self.video] : []) + (hasAudio ? [audio] : []) }

    /// When that frame comes.
    public func milliseconds(ofFrame frame: Int64) -> Int64 { (frame * 1000 * perSeconds + frames / 2) / frames }

    /// What a publisher sends.
    public enum Event: Sendable {
        /// A picture.
        case video(Sample)
        /// A frame of sound.
        case audio(Sample)
    }

    /// The samples up to `seconds`, in the order in which a publisher sends them.
    public func events(seconds: Int64, from start: Int64 = 0, without lost: Set<Int64> = []) -> [Event] {
        var events: [(time: Int64, event: Event)] = []
        var frame: Int64 = 0
        let (picture, sound) = (
            ByteChunk([UInt8](repeating: 0x2A, count: 100)), ByteChunk([UInt8](repeating: 7, count: 20))
        )
        while hasVideo, milliseconds(ofFrame: frame) < seconds * 1000 {
            defer { frame += 1 }
            if lost.contains(frame) { continue }
            let decode = milliseconds(ofFrame: frame)
            // Pattern I P B P B …: the picture after next is decoded before the next one.
            let position = frame % gopFrames
            var shown = frame
            if bFrames, position > 0 { shown += position % 2 == 1 ? (position == gopFrames - 1 ? 0 : 1) : -1 }
            let delay: Int64 = bFrames ? 1 : 0
            let sample = Sample(
                data: picture,
                decodeTime: .milliseconds(start + decode),
                presentationTime: .milliseconds(start + milliseconds(ofFrame: shown + delay)), isSync: position == 0)
            events.append((decode, .video(sample)))
        }
        var index: Int64 = 0
        while hasAudio, index * samplesPerFrame < seconds * Int64(sampleRate) {
            let time = (index * samplesPerFrame * 1000 + Int64(sampleRate) / 2) / Int64(sampleRate)
            let sample = Sample(
                data: sound, decodeTime: .milliseconds(start + time),
                presentationTime: .milliseconds(start + time), isSync: true)
            events.append((time, .audio(sample)))
            index += 1
        }
        return events.sorted { $0.time < $1.time }.map(\.event)
    }
}

extension Presentation {
    /// Takes `events`, and does `each` after every one.
    public mutating func play(_ events: [Feed.Event], each: (inout Presentation) -> Void = { _ in }) {
        for event in events {
            switch event {
            case .video(let sample): _ = appendVideo(sample)
            case .audio(let sample): appendAudio(sample)
            }
            each(&self)
        }
    }

    /// Lets go of media as a channel does whose disk has all that is complete.
    public mutating func releaseKept() {
        let ends = snapshot.renditions.map { rendition in
            (rendition.name, (rendition.segments.last(where: \.isComplete)?.sequenceNumber ?? -1) + 1)
        }
        releaseMedia(before: Dictionary(uniqueKeysWithValues: ends))
    }

    /// The media playlist of that rendition as it stands; "" when there is none.
    public func playlist(_ rendition: String, skip: SkipDirective? = nil) -> String {
        let snapshot = self.snapshot
        guard let window = snapshot.rendition(rendition) else { return "" }
        return String(decoding: snapshot.playlist(of: window).rendered(skip: skip), as: UTF8.self)
    }

    /// A presentation that waits for the first sample of `feed`.
    public static func started(
        _ feed: Feed, _ name: LatencyProfile.Name, targetDuration: Int? = nil, dvrWindow: MediaTime? = nil
    ) -> Presentation {
        var profile = LatencyProfile(name, targetDuration: targetDuration)
        profile.dvrWindow = dvrWindow
        var presentation = Presentation(
            id: "test", profile: profile,
            wallStart: WallTime(microseconds: 1_800_000_000_000_000), start: Instant(nanoseconds: 0))
        _ = presentation.beginRun(
            tracks: feed.tracks, sourceStart: .milliseconds(feed.bFrames ? feed.milliseconds(ofFrame: 1) : 0),
            now: Instant(nanoseconds: 0))
        return presentation
    }
}
