internal import Bytes
internal import Media
internal import Timeline

/// A row of samples on one unbroken timeline of a source: what has been cut, and what of it may be published.
///
/// Video leads where there is video. Audio is cut at the instants of the chunks that video has published, and video
/// publishes a chunk only when audio has followed the one before: no rendition is more than one part ahead. Where
/// frames of sound are too long to be cut there, a part of it that ends before a chunk does comes before it. Without video
/// audio is cut at the instants that the track has reached that has come furthest, at each when all have followed to the
/// one before. A track that stops for longer than `patience` gets a hole, and so releases the others; after twice as long
/// nobody waits for it, until it comes back. One that runs ahead waits. Sound that comes behind what leads is waited for as
/// much longer as it was late; how much that is, the first frames of the run tell.
struct Run {
    /// A cut that may be published now.
    enum Release {
        case video(Cut)
        /// Of the audio rendition of that index.
        case audio(Int, Cut)
    }

    /// How long, in media time, one track waits for the other.
    private static let patience = MediaTime.milliseconds(1500)

    private let profile: LatencyProfile
    private let sourceStart: MediaTime
    private let start: MediaTime

    private var video: VideoCutter?
    private var audio: [AudioFollower]
    /// Cuts that video has made and not published.
    private var videoCuts: [Cut] = []
    private var pacer: AudioPacer
    /// The instant up to which audio was last told to come.
    private var approached: MediaTime?
    /// How far sound was ahead of the pictures when these came, at most lately; in milliseconds.
    private var soundLead: Int64 = 0
    private var isEnding = false
    /// The renditions that were waited for in vain.
    private(set) var stalled: Set<String> = []

    /// A run of those tracks, whose audio renditions are those of `audio`. The source has those at the indices `present`;
    /// the others are to be kept going.
    init(
        profile: LatencyProfile, video: Track?, audio: [Sound], present: [Int], sourceStart: MediaTime,
        sourceTimescale: Timescale, start: MediaTime
    ) {
        self.profile = profile
        self.sourceStart = sourceStart
        self.start = start
        self.video = video.map { track in
            VideoCutter(
                profile: profile, sourceTimescale: sourceTimescale, reordersPictures: track.codec.reordersPictures)
        }
        self.audio = audio.enumerated().map { index, sound in
            AudioFollower(
                cutter: AudioCutter(format: sound.format, profile: profile, start: max(start, sound.edge)),
                silence: sound.silence, isAbsent: !present.contains(index))
        }
        pacer = AudioPacer(profile: profile, start: start)
    }

    /// The measured frame rate of the video.
    var frameRate: Double? { video?.frameRate }

    // MARK: Taking samples

    /// Takes a video sample; false when nothing can be shown from it.
    mutating func appendVideo(_ sample: Sample) -> Bool {
        let frame = TimedFrame(
            data: sample.data, sourceDecodeTime: sample.decodeTime.value,
            decodeTime: place(sample.decodeTime).ticks(in: .video),
            presentationTime: place(sample.presentationTime).ticks(in: .video), access: sample.access)
        if let video, !video.needsKeyFrame, let end = furthestSound {
            let lead = (end - video.endTime).ticks(in: .milliseconds)
            soundLead = max(min(lead, Self.patience.ticks(in: .milliseconds)), soundLead * 63 / 64)
        }
        let isTaken = video?.append(frame, cuts: &videoCuts) ?? false
        if isTaken { for index in audio.indices { audio[index].heard = .zero } }
        return isTaken
    }

    /// Takes a sample of the audio rendition of that index.
    mutating func appendAudio(_ sample: Sample, track: Int) {
        guard audio.indices.contains(track), !audio[track].isAbsent else { return }
        let time = place(sample.presentationTime)
        audio[track].append(sample.data, at: time, leading: leadingEnd ?? time)
        giveUpOnVideo()
    }

    /// Nothing comes any more of the audio rendition of that index.
    mutating func withdrawAudio(track: Int) {
        if audio.indices.contains(track) { audio[track].withdraw() }
    }

    /// When pictures have stopped, what they lack becomes a hole. They have when none came while `patience` of sound did,
    /// and all sound that still comes is that far ahead of them: one track ahead of the others says nothing. A track that had
    /// nothing while another had twice the patience comes no more. From then on the hole grows as sound comes, only not
    /// beyond where a picture may still be that comes as late beside its sound as those before.
    private mutating func giveUpOnVideo() {
        guard let video, video.isRunning, let most = audio.map(\.heard).max(), most > Self.patience else { return }
        let coming = audio.filter { !$0.hasStopped && most - $0.heard <= Self.patience * 2 }
        guard let end = coming.map(\.cutter.end).min(), video.needsKeyFrame || end - video.endTime > Self.patience
        else { return }
        self.video?.giveUp(before: end - profile.gapPart - .milliseconds(soundLead), cuts: &videoCuts)
        stalled.insert(Presentation.video)
    }

    private mutating func follow(_ targets: [AudioTarget]) {
        for index in audio.indices { audio[index].targets += targets }
    }

    /// Ends the segment with the first key frame at or after `time`, where video leads.
    mutating func endSegment(at time: MediaTime) { video?.endSegment(at: time) }

    /// The source has gone, or its timeline broke: what is open will be closed and released.
    mutating func interrupt() {
        isEnding = true
        video?.interrupt(cuts: &videoCuts)
        if video == nil, let end = furthestSound {
            follow(pacer.targets(upTo: end) + [.chunkEnd(end), .segmentEnd(.interruption)])
        }
    }

    /// Where the audio track ends that has come furthest.
    private var furthestSound: MediaTime? { audio.map(\.cutter.end).max() }

    /// How far what leads has come.
    private var leadingEnd: MediaTime? { video?.endTime ?? furthestSound }

    /// The place on the presentation's timeline of a time of the source.
    func place(_ time: MediaTime) -> MediaTime { time - sourceStart + start }

    // MARK: Releasing

    /// The next thing that may be published; nothing while a track has to be waited for.
    mutating func nextRelease() -> Release? {
        while true {
            let following = audio.indices.filter { !audio[$0].targets.isEmpty }
            for index in following.sorted(by: { audio[$0].cutter.start < audio[$1].cutter.start }) {
                if let cut = audio[index].next(isEnding: isEnding) { return .audio(index, cut) }
                // Who is further on waits with it.
                if audio[index].isApproaching { break }
            }
            // All audio has followed as far as it has come.
            if audio.contains(where: { !$0.targets.isEmpty }) {
                guard giveUpOnAudio() else { return nil }
                continue
            }
            if video == nil, let end = furthestSound, pacer.next <= end {
                follow(approach(pacer.next) ?? pacer.targets(upTo: pacer.next))
                continue
            }
            guard let cut = videoCuts.first else { return nil }
            if case .chunk(let chunk) = cut, let targets = approach(MediaTime(chunk.end, .video)) {
                follow(targets)
                continue
            }
            videoCuts.removeFirst()
            switch cut {
            case .chunk(let chunk): follow([.chunkEnd(MediaTime(chunk.end, .video))])
            case .segmentEnd(let reason): follow([.segmentEnd(reason)])
            }
            return .video(cut)
        }
    }

    /// What audio has to do before anything may end at `instant`; nothing when that was said. Parts of long frames end where
    /// they can: those that end before the instant come before it, so that no rendition falls behind by more than a part.
    private mutating func approach(_ instant: MediaTime) -> [AudioTarget]? {
        if approached == instant { return nil }
        approached = instant
        return [.chunkEnd(instant, mayReach: false)]
    }

    /// When a track of audio has kept the others waiting for longer than `patience` and its delay, what it lacks becomes a
    /// hole; at once, when nothing has come of it for twice as long.
    private mutating func giveUpOnAudio() -> Bool {
        guard let leading = leadingEnd else { return false }
        var hasGivenUp = false
        for index in audio.indices {
            let patience = Self.patience + audio[index].delay
            guard case .chunkEnd(let instant, _)? = audio[index].targets.first,
                isEnding || leading - audio[index].cutter.end > patience
                    || leading - audio[index].heardAt > patience * 2
            else { continue }
            audio[index].giveUp(before: instant)
            stalled.insert(Presentation.audio(index))
            hasGivenUp = true
        }
        return hasGivenUp
    }
}
