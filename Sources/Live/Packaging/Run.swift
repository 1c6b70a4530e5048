internal import Bytes
internal import Media
internal import Timeline

/// A row of samples on one unbroken timeline of a source: what has been cut, and what of it may be published.
///
/// Video leads where there is video, the first rendition of it where there are more; the others are cut at its instants,
/// and wait and are waited for as audio is. Audio is cut at the instants of the chunks that video has published, and video
/// publishes a chunk only when audio has followed the one before: no rendition is more than one part ahead. Where
/// frames of sound are too long to be cut there, a part of it that ends before a chunk does comes before it. Without video
/// audio is cut at the instants that the track has reached that has come furthest, at each when all have followed to the
/// one before. A track that stops for longer than `patience` gets a hole, and so releases the others; after twice as long
/// nobody waits for it, until it comes back. One that runs ahead waits. Sound that comes behind what leads is waited for as
/// much longer as it was late; how much that is, the first frames of the run tell.
struct Run {
    /// A cut that may be published now.
    enum Release {
        /// Of the video rendition of that index.
        case video(Int, Cut)
        /// Of the audio rendition of that index.
        case audio(Int, Cut)
    }

    /// How long, in media time, one track waits for the other.
    private static let patience = MediaTime.milliseconds(1500)

    private let profile: LatencyProfile
    private let sourceStart: MediaTime
    private let start: MediaTime

    private var video: VideoCutter?
    /// The other video renditions.
    private var rungs: [VideoFollower]
    private var audio: [AudioFollower]
    /// Cuts that video has made and not published.
    private var videoCuts: [Cut] = []
    private var pacer: AudioPacer
    /// The instant up to which audio was last told to come.
    private var approached: MediaTime?
    /// How far the others were ahead of the leading pictures when these came, at most lately; in milliseconds.
    private var lag: Int64 = 0
    private var isEnding = false
    /// The renditions that were waited for in vain.
    private(set) var stalled: Set<String> = []

    /// A run of the `video` tracks, of which the first leads, and of the audio renditions of `audio`. The source has those
    /// at the indices `present`, whose sound comes `soundDelay` behind; the others are to be kept going.
    init(
        profile: LatencyProfile, video: [Track], audio: [Sound], present: [Int], sourceStart: MediaTime,
        start: MediaTime, soundDelay: MediaTime
    ) {
        self.profile = profile
        self.sourceStart = sourceStart
        self.start = start
        let sourceTimescale = sourceStart.timescale
        self.video = video.first.map { track in
            VideoCutter(
                profile: profile, sourceTimescale: sourceTimescale, reordersPictures: track.codec.reordersPictures)
        }
        rungs = video.dropFirst().map { track in
            VideoFollower(
                profile: profile, sourceTimescale: sourceTimescale, reordersPictures: track.codec.reordersPictures,
                start: start)
        }
        self.audio = audio.enumerated().map { index, sound in
            AudioFollower(
                cutter: AudioCutter(format: sound.format, profile: profile, start: max(start, sound.edge)),
                silence: sound.silence, isAbsent: !present.contains(index), delay: soundDelay)
        }
        pacer = AudioPacer(profile: profile, start: start)
    }

    /// The measured frame rate of the video rendition of that index.
    func frameRate(_ rung: Int) -> Double? { rung == 0 ? video?.frameRate : rungs[rung - 1].frameRate }

    // MARK: Taking samples

    /// Takes a sample of the video rendition of that index; false when nothing can be shown from it.
    mutating func appendVideo(_ sample: Sample, rung: Int) -> Bool {
        guard rung <= rungs.count else { return false }
        let frame = TimedFrame(
            data: sample.data, sourceDecodeTime: sample.decodeTime.value,
            decodeTime: place(sample.decodeTime).ticks(in: .video),
            presentationTime: place(sample.presentationTime).ticks(in: .video), access: sample.access)
        if rung == 0 { return lead(with: frame) }
        let leading = leadingEnd ?? place(sample.presentationTime)
        let isTaken = rungs[rung - 1].append(frame, leading: leading)
        giveUpOnLeader()
        return isTaken
    }

    private mutating func lead(with frame: TimedFrame) -> Bool {
        if let video, !video.needsKeyFrame, let end = furthest {
            let lead = (end - video.endTime).ticks(in: .milliseconds)
            lag = max(min(lead, Self.patience.ticks(in: .milliseconds)), lag * 63 / 64)
        }
        guard video?.append(frame, cuts: &videoCuts) ?? false else { return false }
        for index in audio.indices { audio[index].heard = .zero }
        for index in rungs.indices { rungs[index].noteLeading() }
        return true
    }

    /// Nothing comes any more of the video rendition of that index, until it comes back; not of the leading one.
    mutating func withdrawVideo(rung: Int) { if rung > 0, rung <= rungs.count { rungs[rung - 1].withdraw() } }

    /// Takes a sample of the audio rendition of that index.
    mutating func appendAudio(_ sample: Sample, track: Int) {
        guard audio.indices.contains(track), !audio[track].isAbsent else { return }
        let time = place(sample.presentationTime)
        audio[track].append(sample.data, at: time, leading: leadingEnd ?? time)
        giveUpOnLeader()
    }

    /// Nothing comes any more of the audio rendition of that index.
    mutating func withdrawAudio(track: Int) {
        if audio.indices.contains(track) { audio[track].withdraw() }
    }

    /// When the leading pictures have stopped, what they lack becomes a hole. They have when none came while `patience` of
    /// another track did, and all tracks that still come are that far ahead of them: one track ahead of the others says
    /// nothing. A track that had nothing while another had twice the patience comes no more. From then on the hole grows as
    /// the others come, only not beyond where a picture may still be that comes as late beside them as those before.
    private mutating func giveUpOnLeader() {
        guard let video, video.isRunning else { return }
        let most = max(audio.map(\.heard).max() ?? .zero, rungs.map(\.heard).max() ?? .zero)
        guard most > Self.patience else { return }
        let followers =
            audio.map { ($0.heard, $0.hasStopped, $0.cutter.end) } + rungs.map { ($0.heard, $0.hasStopped, $0.end) }
        let coming = followers.filter { heard, hasStopped, _ in !hasStopped && most - heard <= Self.patience * 2 }
        guard let end = coming.map(\.2).min(), video.needsKeyFrame || end - video.endTime > Self.patience
        else { return }
        // Those of the slowest: the others have pictures wherever it has one.
        let others = rungs.filter { !$0.hasStopped }.map(\.waiting).min { $0.count < $1.count }
        self.video?.giveUp(
            before: end - profile.gapPart - .milliseconds(lag), others: others ?? [], cuts: &videoCuts)
        stalled.insert(Presentation.video(0))
    }

    private mutating func follow(_ targets: [CutTarget]) {
        for index in rungs.indices { rungs[index].targets += targets }
        for index in audio.indices { audio[index].targets += targets }
    }

    /// Ends the segment with the first key frame at or after `time`, where video leads.
    mutating func endSegment(at time: MediaTime) { video?.endSegment(at: time) }

    /// The source has gone, or its timeline broke: what is open will be closed and released.
    mutating func interrupt() {
        isEnding = true
        video?.interrupt(cuts: &videoCuts)
        for index in rungs.indices { rungs[index].flush() }
        if video == nil, let end = furthestSound {
            follow(pacer.targets(upTo: end) + [.chunkEnd(end), .segmentEnd(.interruption)])
        }
    }

    /// Where the audio track ends that has come furthest.
    private var furthestSound: MediaTime? { audio.map(\.cutter.end).max() }

    /// Where what follows pictures ends that has come furthest.
    private var furthest: MediaTime? {
        guard let end = rungs.map(\.end).max() else { return furthestSound }
        return max(end, furthestSound ?? end)
    }

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
            for index in rungs.indices {
                if let cut = rungs[index].next(isEnding: isEnding) { return .video(index + 1, cut) }
            }
            // All have followed as far as they have come.
            if audio.contains(where: { !$0.targets.isEmpty }) || rungs.contains(where: { !$0.targets.isEmpty }) {
                guard giveUpOnFollowers() else { return nil }
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
            case .chunk(let chunk):
                for index in rungs.indices { rungs[index].open(at: chunk.start) }
                follow([.chunkEnd(MediaTime(chunk.end, .video))])
            case .segmentEnd(let reason): follow([.segmentEnd(reason)])
            }
            return .video(0, cut)
        }
    }

    /// What audio has to do before anything may end at `instant`; nothing when that was said. Parts of long frames end where
    /// they can: those that end before the instant come before it, so that no rendition falls behind by more than a part.
    private mutating func approach(_ instant: MediaTime) -> [CutTarget]? {
        if approached == instant { return nil }
        approached = instant
        return [.chunkEnd(instant, mayReach: false)]
    }

    /// When a track has kept the others waiting for longer than `patience` and its delay, what it lacks becomes a hole; at
    /// once, when nothing has come of it for twice as long.
    private mutating func giveUpOnFollowers() -> Bool {
        guard let leading = leadingEnd else { return false }
        func isGivenUp(_ end: MediaTime, _ lateness: Lateness) -> Bool {
            let patience = Self.patience + lateness.delay
            return isEnding || leading - end > patience || leading - lateness.heardAt > patience * 2
        }
        var hasGivenUp = false
        for index in audio.indices {
            guard case .chunkEnd(let instant, _)? = audio[index].targets.first,
                isGivenUp(audio[index].cutter.end, audio[index].lateness)
            else { continue }
            audio[index].giveUp(before: instant)
            stalled.insert(Presentation.audio(index))
            hasGivenUp = true
        }
        for index in rungs.indices {
            guard case .chunkEnd(let instant, _)? = rungs[index].targets.first,
                isGivenUp(rungs[index].end, rungs[index].lateness)
            else { continue }
            rungs[index].giveUp(before: instant)
            stalled.insert(Presentation.video(index + 1))
            hasGivenUp = true
        }
        return hasGivenUp
    }
}
