import Ingest
import Media
import Packaging
import Testing
import Time

@testable import Channels

/// Clocks that jump or go astray, and pauses.
@Suite struct FeedSessionClockTests {
    private let now = Instant(nanoseconds: 0)

    /// A track on a clock of its own is hours ahead: it is put beside the others.
    @Test func soundOfAnotherClockIsHeardBesideTheOthers() {
        var session = FeedSession()
        for index in 0...1 { _ = session.take(.track(SessionBench.sound(index)), arrival: now) }
        var distances: [Int64] = []
        var last: Int64 = 0
        for time in stride(from: Int64(0), to: 3000, by: 20) {
            let arrival = now + .milliseconds(time)
            var actions = session.take(.audio(SessionBench.sample(time)), arrival: arrival)
            actions += session.take(.audio(SessionBench.sample(time + 3_600_000), track: 1), arrival: arrival)
            for case .media(.audio(let sample, let track)) in actions {
                if track == 0 {
                    last = sample.decodeTime.value
                } else {
                    distances.append(sample.decodeTime.value - last)
                }
            }
        }
        #expect(session.isRunning && session.droppedSamples == 0 && distances.count == 150)
        #expect(distances.dropFirst(60).allSatisfy { abs($0) <= 40 })
    }

    /// What is held back until it is clear whose clock jumped is not held longer because nothing else comes.
    @Test func whatIsHeldBackIsHandedOnInTime() {
        var session = SessionBench.session()
        for time in stride(from: Int64(0), to: 1000, by: 20) {
            _ = session.take(.video(SessionBench.sample(time, isSync: time == 0)), arrival: now + .milliseconds(time))
            _ = session.take(.audio(SessionBench.sample(time)), arrival: now + .milliseconds(time))
        }
        #expect(session.take(.audio(SessionBench.sample(-50_000)), arrival: now + .milliseconds(1000)).isEmpty)
        _ = session.take(.video(SessionBench.sample(1000)), arrival: now + .milliseconds(1000))
        #expect(session.settle(at: now + .milliseconds(1900)).isEmpty)
        #expect(!session.settle(at: now + .milliseconds(2001)).isEmpty && session.isRunning)
    }

    @Test func soundGoesOnForAsLongAsPicturesAreGone() {
        var session = FeedSession()
        _ = session.take(.track(ChannelBench.video), arrival: now)
        _ = session.take(.track(SessionBench.sound(0)), arrival: now)
        _ = session.take(.video(SessionBench.sample(0, isSync: true)), arrival: now)
        #expect(session.isRunning)
        for time in stride(from: Int64(0), to: 60_000, by: 20) {
            let arrival = now + .milliseconds(time)
            #expect(session.take(.audio(SessionBench.sample(time)), arrival: arrival).count == 1)
        }
        let back = session.take(.video(SessionBench.sample(60_000, isSync: true)), arrival: now + .seconds(60))
        #expect(back.count == 1 && session.isRunning, "the source's clock has gone on")
    }

    /// How often a run begins, when every 20 ms a sample of each track comes: of the audio tracks 0 and 1, and of video a key
    /// frame. `clock` says what time each has, or that it does not come.
    private static func runs(hasVideo: Bool, clock: (_ track: Int?, _ time: Int64) -> Int64?) -> Int {
        var session = FeedSession()
        let tracks: [Int?] = (hasVideo ? [nil] : []) + [0, 1]
        for track in tracks.map({ $0.map { SessionBench.sound($0) } ?? ChannelBench.video }) {
            _ = session.take(.track(track), arrival: Instant(nanoseconds: 0))
        }
        var runs = 0
        for time in stride(from: Int64(0), to: 8000, by: 20) {
            let arrival = Instant(nanoseconds: time * 1_000_000)
            for track in tracks {
                guard let at = clock(track, time) else { continue }
                let event: FeedEvent =
                    track.map { .audio(SessionBench.sample(at), track: $0) }
                    ?? .video(SessionBench.sample(at, isSync: true))
                if SessionBench.begun(session.take(event, arrival: arrival)) != nil { runs += 1 }
            }
        }
        #expect(session.isRunning && session.droppedSamples == 0)
        return runs
    }

    /// It has a hole, and the others go on as they did; also when it is ahead of them, or no picture is left.
    @Test(arguments: [0, 1], [0, 3000] as [Int64])
    func aTrackOfSoundMayPause(paused: Int, ahead: Int64) {
        let pauses = [2000..<3300, 4000..<7500] as [Range<Int64>]
        let others = [(true, Int64.max, true), (true, Int64.max, false), (true, 1000, true), (false, 0, true)]
        for (hasVideo, lastPicture, hasSound) in others {
            let runs = Self.runs(hasVideo: hasVideo) { track, time in
                guard let track else { return time < lastPicture ? time : nil }
                if track == paused, pauses.contains(where: { $0.contains(time) }) { return nil }
                return track == paused ? time + ahead : hasSound ? time : nil
            }
            #expect(runs == 1, "pictures: \(hasVideo), until \(lastPicture); other sound: \(hasSound)")
        }
    }

    /// Of two tracks that are not quite on one time, either lands near the other when both jump.
    @Test(arguments: [true, false], [0, 900, -900] as [Int64])
    func aClockThatJumpsBeginsARun(hasVideo: Bool, ahead: Int64) {
        for jump in [1500, 5000, -1500] as [Int64] {
            let runs = Self.runs(hasVideo: hasVideo) { track, time in
                10_000 + time + (track == 1 ? ahead : 0) + (time < 4000 ? 0 : jump)
            }
            #expect(runs >= 2, "by \(jump)")
        }
    }

    @Test func soundThatGoesBackALittleIsDropped() {
        var session = SessionBench.session()
        _ = session.take(.video(SessionBench.sample(0, isSync: true)), arrival: now)
        #expect(session.take(.audio(SessionBench.sample(40)), arrival: now).count == 1)
        #expect(session.take(.audio(SessionBench.sample(20)), arrival: now).isEmpty)
        #expect(session.take(.audio(SessionBench.sample(60)), arrival: now).count == 1)
        #expect(session.isRunning && session.droppedSamples == 1)
    }

    /// As much time has passed on its clock as on ours.
    @Test(arguments: [true, false]) func aSourceThatPausesGoesOn(hasVideo: Bool) {
        let runs = Self.runs(hasVideo: hasVideo) { _, time in (4000..<5500).contains(time) ? nil : time }
        #expect(runs == 1)
    }
}
