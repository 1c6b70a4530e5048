internal import Bytes
internal import Media
internal import Timeline

/// A row of samples on one unbroken timeline of a source: what has been cut, and what of it may be published.
///
/// Video leads where there is video. Audio is cut at the instants of the chunks that video has published, and video
/// publishes a chunk only when audio has followed the one before: no rendition is more than one part ahead. A track that
/// stops for longer than `patience` gets a hole, and so releases the other.
struct Run {
    /// A cut that may be published now.
    enum Release {
        case video(Cut)
        case audio(Cut)
    }

    /// How long, in media time, one track waits for the other.
    private static let patience = MediaTime.milliseconds(1500)
    /// How much earlier than video audio may end; what lacks beyond that is a hole.
    private static let largestLag = MediaTime.milliseconds(250)

    private let profile: LatencyProfile
    private let sourceStart: MediaTime
    private let start: MediaTime

    private var video: VideoCutter?
    private var audio: AudioCutter?
    /// True when the renditions include audio and the source has none.
    private let isAudioAbsent: Bool
    /// Cuts that video has made and not published.
    private var videoCuts: [Cut] = []
    /// What audio has not yet followed.
    private var audioTargets: [AudioTarget] = []
    private var pacer: AudioPacer
    private var isEnding = false
    /// The renditions that were waited for in vain.
    private(set) var stalled: Set<String> = []

    /// A run of those tracks. Without an audio track, `silentFormat` is that of the audio rendition to be kept going.
    init(
        profile: LatencyProfile, video: Track?, audio: Track?, silentFormat: AudioFormat?, sourceStart: MediaTime,
        sourceTimescale: Timescale, start: MediaTime
    ) {
        self.profile = profile
        self.sourceStart = sourceStart
        self.start = start
        if video != nil { self.video = VideoCutter(profile: profile, sourceTimescale: sourceTimescale) }
        if case .audio(let format)? = audio?.format { self.audio = AudioCutter(format: format, start: start) }
        isAudioAbsent = audio == nil && silentFormat != nil
        if let silentFormat, audio == nil { self.audio = AudioCutter(format: silentFormat, start: start) }
        pacer = AudioPacer(profile: profile, start: start)
    }

    /// The measured frame rate of the video.
    var frameRate: Double? { video?.frameRate }

    /// Audio frames that came too late.
    var lateAudioFrames: Int { audio?.lateFrames ?? 0 }

    // MARK: Taking samples

    /// Takes a video sample; false when nothing can be shown from it.
    mutating func appendVideo(_ sample: Sample) -> Bool {
        let frame = TimedFrame(
            data: sample.data, sourceDecodeTime: sample.decodeTime.value,
            decodeTime: place(sample.decodeTime).ticks(in: .video),
            presentationTime: place(sample.presentationTime).ticks(in: .video), isSync: sample.isSync)
        return video?.append(frame, cuts: &videoCuts) ?? false
    }

    /// Takes an audio sample.
    mutating func appendAudio(_ sample: Sample) {
        guard !isAudioAbsent else { return }
        let time = place(sample.presentationTime)
        audio?.append(sample.data, at: time)
        guard let end = audio?.end else { return }
        if let video {
            if video.isRunning, end - video.endTime > Self.patience {
                self.video?.giveUp(before: end - profile.gapPart, cuts: &videoCuts)
                stalled.insert(Presentation.video)
            }
        } else {
            audioTargets += pacer.targets(upTo: end)
        }
    }

    /// Ends the segment with the first key frame at or after `time`, where video leads.
    mutating func endSegment(at time: MediaTime) { video?.endSegment(at: time) }

    /// The source has gone, or its timeline broke: what is open will be closed and released.
    mutating func interrupt() {
        isEnding = true
        video?.interrupt(cuts: &videoCuts)
        if video == nil, let end = audio?.end { audioTargets += [.chunkEnd(end), .segmentEnd(.interruption)] }
    }

    /// The place on the presentation's timeline of a time of the source.
    func place(_ time: MediaTime) -> MediaTime { time - sourceStart + start }

    // MARK: Releasing

    /// The next thing that may be published; nothing while a track has to be waited for.
    mutating func nextRelease() -> Release? {
        while true {
            if let release = followVideo() { return release }
            guard let cut = videoCuts.first else { return nil }
            if case .chunk(let chunk) = cut {
                if !audioTargets.isEmpty {
                    guard giveUpOnAudio() else { return nil }
                    continue
                }
                if audio != nil { audioTargets.append(.chunkEnd(MediaTime(chunk.end, .video))) }
            } else if case .segmentEnd(let reason) = cut, audio != nil {
                audioTargets.append(.segmentEnd(reason))
            }
            videoCuts.removeFirst()
            return .video(cut)
        }
    }

    /// The next chunk or segment end of audio, as far as its frames and video's decisions reach.
    private mutating func followVideo() -> Release? {
        while let target = audioTargets.first {
            switch target {
            case .segmentEnd(let reason):
                audioTargets.removeFirst()
                return .audio(.segmentEnd(reason))
            case .chunkEnd(let instant):
                if isAudioAbsent { audio?.giveUp(before: instant) }
                switch audio?.cut(at: instant) ?? .nothing {
                case .chunk(let chunk):
                    audioTargets.removeFirst()
                    return .audio(.chunk(chunk))
                case .nothing:
                    audioTargets.removeFirst()
                case .wait:
                    guard isEnding, let audio else { return nil }
                    if instant - audio.end > Self.largestLag || !audio.hasFrames {
                        self.audio?.giveUp(before: instant)
                        continue
                    }
                    audioTargets.removeFirst()
                    if let rest = self.audio?.flush() { return .audio(.chunk(rest)) }
                }
            }
        }
        return nil
    }

    /// When audio has kept video waiting for longer than `patience`, what it lacks becomes a hole.
    private mutating func giveUpOnAudio() -> Bool {
        guard let video, let audio, case .chunkEnd(let instant)? = audioTargets.first else { return false }
        guard isEnding || video.endTime - audio.end > Self.patience else { return false }
        self.audio?.giveUp(before: instant)
        stalled.insert(Presentation.audio)
        return true
    }
}
