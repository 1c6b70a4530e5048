public import Media
public import Time

/// What a presentation is fed with, one after the other: a run of samples begins, goes on and ends.
public enum MediaStep: Sendable {
    /// A run begins.
    case begin(RunStart)
    /// A picture of the run's video track of that index.
    case video(Sample, rung: Int = 0)
    /// A frame of sound of the run's audio track of that index.
    case audio(Sample, track: Int)
    /// Data for programs beside the player.
    case metadata(TimedMetadata)
    /// A break begins or ends.
    case splice(SpliceCue)
    /// Nothing comes of that video track, which is not the first, until it comes back with a key frame.
    case withdrawVideo(rung: Int)
    /// Nothing comes of that audio track until the next run.
    case withdrawAudio(track: Int)
    /// The run goes on with what comes of another source from that time on, which came in first when the step says.
    case source(at: MediaTime)
    /// What is shown while no source brings anything is being shown from here on, or has been.
    case slate(isShown: Bool)
    /// The run ends: the source has gone, or its timeline broke.
    case interrupt
}

/// How a run of samples begins.
public struct RunStart: Sendable, Equatable {
    /// Its tracks: pictures from the largest down, then sound.
    public var tracks: [Track]
    /// Where the source's clock stands there.
    public var sourceStart: MediaTime
    /// When the first sample came in.
    public var arrival: Instant
    /// True when the source's timeline goes on as in the run before.
    public var continues: Bool
    /// How far behind its pictures sound comes, because it takes so long to be made what it is to be.
    public var soundDelay = MediaTime.zero

    /// A run of those tracks.
    public init(tracks: [Track], sourceStart: MediaTime, arrival: Instant, continues: Bool) {
        self.tracks = tracks
        self.sourceStart = sourceStart
        self.arrival = arrival
        self.continues = continues
    }
}

extension Track {
    /// True for pictures.
    public var isVideo: Bool { if case .video = format { true } else { false } }
}

extension Sample {
    /// The same, so much later.
    public func moved(by shift: MediaTime) -> Sample {
        Sample(
            data: data, decodeTime: decodeTime + shift, presentationTime: presentationTime + shift, access: access)
    }
}

extension MediaTime {
    /// The same, so much later, on the same timescale.
    fileprivate func moved(by shift: MediaTime) -> MediaTime { self + shift.converted(to: timescale) }
}

extension SpliceCue {
    /// The same, so much later.
    public func moved(by shift: MediaTime) -> SpliceCue {
        SpliceCue(kind: kind, eventID: eventID, time: time.moved(by: shift), duration: duration, section: section)
    }
}

extension MediaStep {
    /// The same, so much later on the source's timeline, where it has a time.
    public func moved(by shift: MediaTime) -> MediaStep {
        switch self {
        case .video(let sample, let rung):
            .video(sample.moved(by: shift.converted(to: sample.decodeTime.timescale)), rung: rung)
        case .audio(let sample, let track):
            .audio(sample.moved(by: shift.converted(to: sample.decodeTime.timescale)), track: track)
        case .metadata(let item): .metadata(TimedMetadata(time: item.time.moved(by: shift), tag: item.tag))
        case .splice(let cue): .splice(cue.moved(by: shift))
        case .begin, .withdrawVideo, .withdrawAudio, .source, .slate, .interrupt: self
        }
    }
}

extension Presentation {
    /// Takes a step of the current run, which came in at `arrival`; another run begins with `beginRun`. False where it was
    /// dropped.
    public mutating func take(_ step: MediaStep, arrival: Instant) -> Bool {
        switch step {
        case .interrupt: interrupt()
        // What still comes of a source that has been given up.
        case _ where show != nil: return false
        case .begin: return false
        case .video(let sample, let rung): return appendVideo(sample, rung: rung, arrival: arrival)
        case .audio(let sample, let track): appendAudio(sample, track: track, arrival: arrival)
        case .metadata(let item): return append(item)
        case .splice(let cue): return append(cue)
        case .withdrawVideo(let rung): withdrawVideo(rung: rung)
        case .withdrawAudio(let track): withdrawAudio(track: track)
        case .source(let time): changeSource(at: time, arrival: arrival)
        case .slate(let isShown): noteSlate(isShown)
        }
        return true
    }
}
