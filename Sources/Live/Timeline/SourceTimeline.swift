public import Media
public import Time

/// Why a sample has no place on the timeline.
public enum SourceTimelineDrop: Sendable, Hashable, CaseIterable {
    /// It lies before one of its track that came in earlier.
    case backwards
    /// It came in before, and does again.
    case repeated
    /// Its time led nowhere: the next ones of its track went on from before it.
    case astray
    /// Its time is more than 17 years from zero.
    case outOfRange
    /// Its track is one too many.
    case tooManyTracks
}

/// Puts the samples of all tracks of a source on one timeline, whatever the source's clocks do.
///
/// The times that come in are unwrapped. While they go on they are left alone. What a jump of a track's clock means shows
/// in what the other tracks do, so its samples are held back for at most a second:
///
/// - All tracks that are live jump, to places not more than 10 s apart: the source began anew. A new epoch begins for all
///   of them at once, and the source's times stand as they are.
/// - The others go on: that one clock was set anew. The track gets a shift of its own, by which it goes on where its last
///   sample ended, and after the pause that our clock saw, if there was one. The shift ends when the clock jumps back to
///   where it would be without, or with the epoch.
/// - The next samples go on from before the jump: what was held back is dropped.
///
/// A jump is a step back, or one forward, of more than a second; but not one forward in which as much time passed on our
/// clock (a pause), or by which the others got as far too (a pause that came in after a stall of the network). A time more
/// than 10 s from where all others are is one too.
///
/// Of a smaller step the samples that follow are held back as well, until it is known whether it is one of this clock
/// alone. It is when the track goes on steadily from behind the others, which go on too; or when it stays a quarter of a
/// second ahead of where it was beside the others, and our clock saw no pause. When all that are live step back, by more than
/// a tenth of a second, and go on from there, the source began anew, unless they bring again what had come. Other small
/// steps back are dropped, and small ones forward are holes.
///
/// A track that begins late, or again, stays at its own times when they are within 10 s of the others': nothing then says
/// that its clock is another, and sound that comes 20 s late by the common clock has the times of the pictures it comes
/// with. Any other time is of a clock that has nothing to do with theirs, and its first sample is put at the newest place
/// that the others had when it came in.
public struct SourceTimeline<Element: Sendable>: Sendable {
    /// What happens to samples, in this order.
    public enum Output: Sendable {
        /// A sample belongs at its own times plus `shift`, which is in ticks of its decode time.
        case place(Element, track: Int, shift: MediaTime)
        /// What follows is on another timeline than what came before, on all tracks.
        case newEpoch
        /// A sample has no place.
        case drop(Element, track: Int, SourceTimelineDrop)
    }

    /// A sample on its way.
    private struct Passage {
        let element: Element
        /// The track's place in `tracks`.
        let track: Int
        let timescale: Timescale
        let time: Int64
        let duration: Int64?
        let fingerprint: UInt64?
        let size: Int
        let arrival: Instant
    }

    private static var longestHold: Duration { .seconds(1) }
    private static var holdLimit: (samples: Int, bytes: Int) { (512, 16 << 20) }
    private static var trackLimit: Int { 64 }
    /// How many samples tell together that all tracks stepped back a little.
    private static var leastHeld: Int { 4 }

    private var tracks: [SourceTimelineTrack] = []
    /// What is held back, in the order in which it came in.
    private var held: [Passage] = []
    private var heldBytes = 0
    /// When the first of the tracks that are held back jumped.
    private var since: Instant?

    /// A timeline on which nothing is.
    public init() {}

    /// When what is held back is decided about at the latest; nil when nothing is.
    public var deadline: Instant? { since.map { $0 + Self.longestHold } }

    /// Takes a sample of `size` bytes that came in at `arrival`, the next one of all tracks, and appends to `outputs` what
    /// happens now.
    ///
    /// `duration` is the sample's length where that is known for sure, as with sound; it is measured otherwise. One that has
    /// the time and the `fingerprint` of an earlier one is that one again.
    public mutating func take(
        _ element: Element, of track: Int, decodeTime: MediaTime, duration: MediaTime? = nil, size: Int,
        fingerprint: UInt64? = nil, arrival: Instant, into outputs: inout [Output]
    ) {
        settle(at: arrival, into: &outputs)
        guard let time = decodeTime.nanoseconds, let index = index(of: track) else {
            let reason: SourceTimelineDrop = decodeTime.nanoseconds == nil ? .outOfRange : .tooManyTracks
            return outputs.append(.drop(element, track: track, reason))
        }
        let length = duration?.nanoseconds.flatMap { (1...SourceTimelineTrack.largestStep).contains($0) ? $0 : nil }
        let passage = Passage(
            element: element, track: index, timescale: decodeTime.timescale, time: time, duration: length,
            fingerprint: fingerprint, size: min(max(size, 0), Self.holdLimit.bytes), arrival: arrival)
        if let jump = tracks[index].jump,
            tracks[index].isHole(jump, time, at: arrival, beside: others(than: index, at: arrival))
        {
            admit(index, into: &outputs)
        }
        if let jump = tracks[index].jump {
            let alone = others(than: index, at: arrival) != nil
            switch tracks[index].continuesJump(jump, time, alone: alone) {
            case .none: return drop(passage, .backwards, into: &outputs)
            case .some(true): return hold(passage, jump, into: &outputs)
            case .some(false): break
            }
        }
        let others = others(than: index, at: arrival)
        switch judge(passage, beside: others) {
        case .isBehind: drop(passage, .backwards, into: &outputs)
        case .goesOn:
            release(index, into: &outputs)
            place(passage, beside: others, into: &outputs)
        case .returns:
            release(index, into: &outputs)
            tracks[index].endShift()
            place(passage, beside: others, into: &outputs)
        case .jumps(let cause):
            let jump = SourceTimelineTrack.Jump(
                cause: cause, since: tracks[index].jump?.since ?? arrival, time: time, arrival: arrival,
                newest: others?.upperBound, lastTime: time, lastArrival: arrival)
            release(index, into: &outputs)
            hold(passage, jump, into: &outputs)
        }
    }

    /// Decides about what is held back if it has been for long enough at `now`.
    public mutating func settle(at now: Instant, into outputs: inout [Output]) {
        if let deadline, now >= deadline { settle(into: &outputs) }
    }

    private mutating func index(of id: Int) -> Int? {
        for index in tracks.indices where tracks[index].id == id { return index }
        guard tracks.count < Self.trackLimit else { return nil }
        tracks.append(SourceTimelineTrack(id: id))
        return tracks.count - 1
    }

    /// The places of the other tracks that are live; nil when none is.
    private func others(than index: Int, at now: Instant) -> ClosedRange<Int64>? {
        var range: ClosedRange<Int64>?
        for other in tracks.indices where other != index && tracks[other].isLive(at: now) {
            let place = tracks[other].place
            range = range?.extended(to: place) ?? place...place
        }
        return range
    }

    private func judge(_ passage: Passage, beside others: ClosedRange<Int64>?) -> SourceTimelineTrack.Verdict {
        let track = tracks[passage.track]
        if track.isPlaced { return track.judge(passage.time, arrival: passage.arrival, beside: others) }
        guard let others = others ?? stopped(at: passage.arrival) else { return .goesOn }
        return others.isNear(passage.time) ? .goesOn : .jumps(.distance)
    }

    /// Where tracks of which nothing comes any more would be now; nil when there are none.
    private func stopped(at now: Instant) -> ClosedRange<Int64>? {
        var range: ClosedRange<Int64>?
        for track in tracks where track.isPlaced {
            let place = track.place + SourceTimelineTrack.length(from: track.arrival, to: now)
            range = range?.extended(to: place) ?? place...place
        }
        return range
    }

    private mutating func place(
        _ passage: Passage, beside others: ClosedRange<Int64>?, into outputs: inout [Output]
    ) {
        let index = passage.track
        guard (passage.time + tracks[index].shift).isWithinLimit else {
            return drop(passage, .outOfRange, into: &outputs)
        }
        guard
            tracks[index].pass(
                passage.time, duration: passage.duration, fingerprint: passage.fingerprint, arrival: passage.arrival,
                beside: others)
        else { return drop(passage, .backwards, into: &outputs) }
        tracks[index].hasGoneOn = true
        let shift = MediaTime(nanoseconds: tracks[index].shift, in: passage.timescale)
        outputs.append(.place(passage.element, track: tracks[index].id, shift: shift))
    }

    private func drop(_ passage: Passage, _ reason: SourceTimelineDrop, into outputs: inout [Output]) {
        let isRepeated = reason == .backwards && isRepeated(passage)
        outputs.append(.drop(passage.element, track: tracks[passage.track].id, isRepeated ? .repeated : reason))
    }

    private func isRepeated(_ passage: Passage) -> Bool {
        tracks[passage.track].hasPassed(passage.time, passage.fingerprint)
    }
}

extension SourceTimeline {
    /// Holds a sample back, as the last one after `jump`, and decides about all of them when there is nothing to wait for.
    private mutating func hold(
        _ passage: Passage, _ jump: SourceTimelineTrack.Jump, into outputs: inout [Output]
    ) {
        if since == nil {
            since = jump.since
            for index in tracks.indices { tracks[index].hasGoneOn = false }
        }
        var jump = jump
        (jump.lastTime, jump.lastArrival) = (passage.time, passage.arrival)
        jump.count += 1
        tracks[passage.track].jump = jump
        held.append(passage)
        heldBytes += passage.size
        let isFull = held.count >= Self.holdLimit.samples || heldBytes >= Self.holdLimit.bytes
        let others = others(than: passage.track, at: passage.arrival)
        let isDecided = tracks[passage.track].hasSlipped(jump, beside: others) && tracks.count { $0.jump != nil } == 1
        if isFull || isDecided || (others == nil && areSure) { settle(into: &outputs) }
    }

    /// True when none of those that are held back is just late: small steps back count where the track goes on.
    private var areSure: Bool {
        let steps = tracks.filter { track in track.jump.map(track.isBackward) ?? false }
        return steps.isEmpty || (held.count >= Self.leastHeld && steps.allSatisfy { !$0.hasSingleJump })
    }

    /// Drops what is held back of a track that went on elsewhere.
    private mutating func release(_ index: Int, into outputs: inout [Output]) {
        guard let jump = tracks[index].jump else { return }
        let isBehind = tracks[index].isBackward(jump)
        for passage in takeHeld(of: index) { drop(passage, isBehind ? .backwards : .astray, into: &outputs) }
    }

    /// Lets pass what is held back of a track that went on after all.
    private mutating func admit(_ index: Int, into outputs: inout [Output]) {
        for passage in takeHeld(of: index) {
            place(passage, beside: others(than: index, at: passage.arrival), into: &outputs)
        }
    }

    /// What is held back of a track, which is so no more.
    private mutating func takeHeld(of index: Int) -> [Passage] {
        let passages = held.filter { $0.track == index }
        held.removeAll { $0.track == index }
        heldBytes -= passages.reduce(0) { $0 + $1.size }
        tracks[index].jump = nil
        since = tracks.compactMap(\.jump?.since).min()
        return passages
    }

    /// Drops what is held back of small steps back when no track goes on: single samples, or all of it when it came before.
    private mutating func dropPast(into outputs: inout [Output]) {
        let isRepeated = held.allSatisfy(isRepeated)
        for index in tracks.indices {
            guard let jump = tracks[index].jump, tracks[index].isBackward(jump) else { continue }
            if isRepeated || tracks[index].hasSingleJump { release(index, into: &outputs) }
        }
    }

    private mutating func settle(into outputs: inout [Output]) {
        let othersWentOn = tracks.contains { $0.jump == nil && $0.hasGoneOn }
        if !othersWentOn { dropPast(into: &outputs) }
        for index in tracks.indices {
            guard let jump = tracks[index].jump, tracks[index].isForward(jump) else { continue }
            let others = others(than: index, at: jump.lastArrival)
            let isHole = tracks[index].isHole(jump, jump.lastTime, at: jump.lastArrival, beside: others)
            if !othersWentOn || isHole { admit(index, into: &outputs) }
        }
        let times = tracks.compactMap(\.jump?.time)
        if !othersWentOn, let first = times.min(), times.allSatisfy({ (first...first).isNear($0) }) {
            for index in tracks.indices { tracks[index].beginEpoch() }
            outputs.append(.newEpoch)
        } else {
            anchor(othersWentOn: othersWentOn)
        }
        let passages = held
        (held, heldBytes, since) = ([], 0, nil)
        for passage in passages { place(passage, beside: nil, into: &outputs) }
    }

    /// Gives each track that is held back a shift of its own: first those that have a place to go on from.
    private mutating func anchor(othersWentOn: Bool) {
        var reference: (place: Int64, arrival: Instant)?
        for cause in [SourceTimelineTrack.Cause.step, .slip, .distance] {
            for index in tracks.indices {
                guard let jump = tracks[index].jump, jump.cause == cause else { continue }
                let landing =
                    switch cause {
                    case .step, .slip: tracks[index].landing(after: jump, othersWentOn: othersWentOn)
                    case .distance:
                        jump.newest
                            ?? reference.map { reference in
                                reference.place
                                    + SourceTimelineTrack.length(from: reference.arrival, to: jump.arrival)
                            } ?? jump.time
                    }
                tracks[index].anchor(jump, at: landing)
                reference = reference ?? (landing, jump.arrival)
            }
        }
    }
}
