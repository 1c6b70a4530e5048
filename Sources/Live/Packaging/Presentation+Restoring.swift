public import Bytes
internal import Media
public import Time

extension Presentation {
    /// The presentation that `records` tell of, as another process left it, and how much of each rendition they tell.
    /// What was published keeps its numbers and its dates, what was growing is complete, and the time since then is
    /// still to pass (`passSilence`). The clocks show `wallTime` and `now`; a wall clock that stands before the newest
    /// media counts as standing there.
    ///
    /// Nothing when the records do not begin with a presentation, when they tell of none that can go on, or when it fell
    /// silent so long ago that nothing is left that a client could go on with.
    public static func replaying(
        _ records: [PresentationRecord], wallTime: WallTime, now: Instant
    ) -> (presentation: Presentation, marks: [String: RenditionMark])? {
        guard case .presentation(let id, let profile, let wallStart)? = records.first else { return nil }
        var presentation = Presentation(id: id, profile: profile, wallStart: wallStart, start: now)
        for record in records.dropFirst() {
            guard record != .ended else { return nil }
            presentation.replay(record)
        }
        let marks = Dictionary(uniqueKeysWithValues: presentation.windows.map { ($0.name, $0.mark) })
        guard presentation.goOn(at: wallTime, now) else { return nil }
        return (presentation, marks)
    }

    /// Gives a complete segment its media again.
    public mutating func restore(_ media: ByteChunk, segment: Int64, rendition: String) {
        if rendition == Self.video {
            videoWindow?.restore(media, segment: segment)
        } else if let index = audioWindows.firstIndex(where: { $0.name == rendition }) {
            audioWindows[index].restore(media, segment: segment)
        }
    }

    private mutating func replay(_ record: PresentationRecord) {
        switch record {
        case .presentation, .ended: break
        case .frameRate(let rate): frameRate = rate
        case .dependentSegments: hasIndependentSegments = false
        case .track(let name, _, _), .part(let name, _), .segmentEnd(let name), .standing(let name, _):
            if name == Self.video {
                if videoWindow == nil { videoWindow = RenditionWindow(name: name, profile: profile) }
                videoWindow?.replay(record, wallStart: start.wall)
            } else if let index = audioIndex(of: name) {
                audioWindows[index].replay(record, wallStart: start.wall)
            }
        }
    }

    /// The audio rendition of that name, made when it is the next one.
    private mutating func audioIndex(of name: String) -> Int? {
        if let known = audioWindows.firstIndex(where: { $0.name == name }) { return known }
        guard name == Self.audio(audioWindows.count) else { return nil }
        audioWindows.append(RenditionWindow(name: name, profile: profile))
        audioSequenceNumbers.append(0)
        return audioWindows.count - 1
    }

    /// Completes what was growing, lets renditions that were behind catch up without media, so that all go on with the
    /// same segment, and places the timeline's zero on the clock.
    private mutating func goOn(at wallTime: WallTime, _ now: Instant) -> Bool {
        guard windows.contains(where: { !$0.segments.isEmpty }) else { return false }
        videoWindow?.endSegment()
        for index in audioWindows.indices { audioWindows[index].endSegment() }
        if let leading = windows.max(by: { $0.nextSegmentNumber < $1.nextSegmentNumber }) {
            videoWindow?.follow(leading, wallStart: start.wall)
            for index in audioWindows.indices { audioWindows[index].follow(leading, wallStart: start.wall) }
        }
        // Fragments go on to be numbered behind those that there were (ISO/IEC 14496-12 §8.8.5): no part has two.
        videoSequenceNumber = UInt32(truncatingIfNeeded: videoWindow?.nextPartNumber ?? 0)
        audioSequenceNumbers = audioWindows.map { UInt32(truncatingIfNeeded: $0.nextPartNumber) }
        // A clock that was never set shows a date before all others.
        let apart = min(max(wallTime - start.wall, .zero), .seconds(1_000_000_000))
        let passed = MediaTime(apart.wholeMicroseconds, Timescale(1_000_000))
        guard passed - edge < max(profile.window, profile.dvrWindow ?? .zero) + profile.target * 2 else { return false }
        let elapsed = max(passed, edge).ticks(in: .milliseconds, rounding: .up)
        start.instant = now - .milliseconds(elapsed)
        return true
    }
}

extension RenditionWindow {
    /// Publishes missing media for the segments that `leading` has and this rendition has not.
    fileprivate mutating func follow(_ leading: RenditionWindow, wallStart: WallTime) {
        while nextSegmentNumber < leading.nextSegmentNumber, let segment = leading.segment(nextSegmentNumber) {
            // Records that contradict each other must not keep a server from starting.
            guard edge ?? .zero < segment.end else { return }
            // Discontinuities are the same in all renditions (§6.2.1).
            if segment.isDiscontinuous { discontinue() }
            publish(
                Silence.Stretch(end: segment.end, endsSegment: true, isWhole: true), of: profile, wallStart: wallStart)
        }
    }
}
