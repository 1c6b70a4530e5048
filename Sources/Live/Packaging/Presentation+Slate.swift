internal import Media
public import Time

extension Presentation {
    /// What passed longer ago than so many target durations nobody waits for: it is missing media, and the slate comes behind.
    private static let reach: Int64 = 2

    /// Lets time pass in which nothing comes in: what the clock says should be there is the slate, where there is one that
    /// the renditions can show, else missing media, in all renditions alike (EXT-X-GAP, §4.4.4.7). Does nothing while a run
    /// goes on.
    public mutating func passSilence(until now: Instant) {
        guard run == nil || show != nil, !videoWindows.isEmpty || !audioWindows.isEmpty else { return }
        let time = elapsed(at: now)
        if show == nil {
            guard let slate, slate.fits(videoWindows) else { return passMissing(until: time) }
            guard hasSilence || time - edge >= slate.patience else { return }
            begin(slate, at: time)
        }
        goOn(until: time)
    }

    /// How many frames a source is expected to have in a second that nobody has seen yet.
    private static let expectedRate = 30.0

    /// Begins the presentation with the slate, at its zero: nothing has come yet. When `expectsSound`, there is a rendition of
    /// sound, silent until that comes. False where there is no slate, or something has been published.
    public mutating func beginWithSlate(expectsSound: Bool) -> Bool {
        guard let slate, videoWindows.isEmpty, audioWindows.isEmpty, !slate.groups.isEmpty else { return false }
        let zero = MediaTime(0, .video)
        guard
            beginRun(
                tracks: slate.groups.map(\.track), sourceStart: zero, now: start.instant, expectsSound: expectsSound)
        else { return false }
        for rung in frameRates.indices { frameRates[rung] = Self.expectedRate }
        show = SlateShow(slate, start: zero)
        events.append(.slateBegan)
        return true
    }

    /// Shows the slate from where media ended, as far as anybody may still look there: time is `time`.
    private mutating func begin(_ slate: Slate, at time: MediaTime) {
        if hasSilence || time - edge > profile.target * Self.reach {
            passMissing(until: time)
            endSilence(at: time)
        }
        let place = edge
        for (index, group) in slate.groups.enumerated() { videoWindows[index].begin(group.track) }
        changeAll { $0.discontinue() }
        isSoundAlone = false
        run = Run(
            profile: profile, video: slate.groups.map(\.track), audio: audioWindows.compactMap(\.sound), present: [],
            sourceStart: MediaTime(0, .video), start: place, soundDelay: .zero)
        show = SlateShow(slate, start: place)
        events.append(.slateBegan)
    }

    /// As long as a picture behind a part is needed to tell that it is whole. A source that comes back begins behind it: with
    /// more the timeline would be ahead of the clock by as much.
    private static let lead = MediaTime.milliseconds(100)

    /// Publishes what of the slate is due at `time`.
    private mutating func goOn(until time: MediaTime) {
        guard var show else { return }
        while let samples = show.next(before: time + Self.lead) {
            for (rung, sample) in samples.enumerated() { _ = run?.appendVideo(sample, rung: rung) }
        }
        self.show = show
        advance()
    }

    // MARK: Where the run itself goes on

    /// The run goes on with what comes of another source from `time` on, which came in first at `arrival`: its clock is not
    /// that of the one before.
    mutating func changeSource(at time: MediaTime, arrival: Instant) {
        guard let place = run?.place(time) else { return }
        clock = SourceClock(start: arrival, shift: arrival - start.instant - place.duration)
    }

    /// Whoever feeds the run shows a slate from here on, or has shown it.
    mutating func noteSlate(_ isShown: Bool) {
        guard isShown != (slateStart != nil) else { return }
        if let slateStart { events.append(.slateEnded(edge - slateStart)) } else { events.append(.slateBegan) }
        slateStart = isShown ? edge : nil
    }
}
