internal import Media
public import Time

extension Presentation {
    /// After so long nothing is left that a client could go on with.
    private static let longestOutage = MediaTime.milliseconds(86_400_000)

    /// The presentation that `records` tell of, as another process left it: what was published keeps its numbers and its
    /// dates, what was growing is complete, and the time since then is still to pass (`passSilence`). The clocks show
    /// `wallTime` and `now`; a wall clock that stands before the newest media counts as standing there.
    ///
    /// Nothing when the records do not begin with a presentation, when they tell of none that can go on, or when it ended
    /// more than a day ago.
    public init?(replaying records: [PresentationRecord], wallTime: WallTime, now: Instant) {
        guard case .presentation(let id, let profile, let wallStart)? = records.first else { return nil }
        self.init(id: id, profile: profile, wallStart: wallStart, start: now)
        for record in records.dropFirst() { replay(record, wallStart: wallStart) }
        guard videoWindow != nil || !audioWindows.isEmpty else { return nil }
        completeSegments(wallStart: wallStart)
        let passed = MediaTime((wallTime - wallStart).wholeMicroseconds, Timescale(1_000_000))
        guard passed - edge < Self.longestOutage else { return nil }
        let elapsed = max(passed, edge).ticks(in: .milliseconds, rounding: .up)
        start = (wallStart, now - .milliseconds(elapsed))
    }

    private mutating func replay(_ record: PresentationRecord, wallStart: WallTime) {
        switch record {
        case .presentation: break
        case .frameRate(let rate): frameRate = rate
        case .track(let name, _, _), .part(let name, _), .segmentEnd(let name), .standing(let name, _):
            if name == Self.video {
                if videoWindow == nil { videoWindow = RenditionWindow(name: name, profile: profile) }
                videoWindow?.replay(record, wallStart: wallStart)
                noteKeyFrame(record)
            } else if let index = audioIndex(of: name) {
                audioWindows[index].replay(record, wallStart: wallStart)
            }
            count(record)
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

    /// Fragments go on to be numbered behind those that there were (ISO/IEC 14496-12 §8.8.5).
    private mutating func count(_ record: PresentationRecord) {
        let (name, next): (String, UInt32)
        switch record {
        case .standing(let rendition, let standing): (name, next) = (rendition, UInt32(clamping: standing.nextPart))
        case .part(let rendition, _): (name, next) = (rendition, 1)
        default: return
        }
        if name == Self.video {
            videoSequenceNumber &+= next
        } else if let index = audioWindows.firstIndex(where: { $0.name == name }) {
            audioSequenceNumbers[index] &+= next
        }
    }

    private mutating func noteKeyFrame(_ record: PresentationRecord) {
        guard case .part(_, let part) = record, part.byteCount != nil, let segment = videoWindow?.segments.last,
            segment.parts.count == 1, !part.isIndependent
        else { return }
        hasIndependentSegments = false
    }

    /// Completes what was growing, and lets renditions that were behind catch up without media: so all go on with the same
    /// segment.
    private mutating func completeSegments(wallStart: WallTime) {
        videoWindow?.endSegment()
        for index in audioWindows.indices { audioWindows[index].endSegment() }
        guard let leading = windows.max(by: { $0.nextSegmentNumber < $1.nextSegmentNumber }) else { return }
        if leading.name != Self.video { videoWindow?.follow(leading, wallStart: wallStart) }
        for index in audioWindows.indices where leading.name != audioWindows[index].name {
            audioWindows[index].follow(leading, wallStart: wallStart)
        }
    }
}

extension RenditionWindow {
    /// Publishes missing media for the segments that `leading` has and this rendition has not.
    fileprivate mutating func follow(_ leading: RenditionWindow, wallStart: WallTime) {
        while nextSegmentNumber < leading.nextSegmentNumber, let segment = leading.segment(nextSegmentNumber) {
            publish(Silence.Stretch(end: segment.end, endsSegment: true, isWhole: true), of: profile, wallStart: wallStart)
        }
    }
}
