import Ingest
import Locks
import Media
import Packaging
import Publishing
import Telemetry
import Testing
import Time

@testable import Channels

/// A channel with a backup, seen by its viewers.
@Suite struct FailoverTests {
    private let registry = MetricsRegistry()
    private let bench: ChannelBench

    init() { bench = ChannelBench(failover: FailoverRules(for: .ultra), registry: registry) }

    /// Both inputs send pictures with a key frame each second, and sound where they are to.
    private final class Pair {
        let bench: ChannelBench
        var feeds: [ChannelInput: any Feed] = [:]
        private var milliseconds: Int64 = 0

        init(_ bench: ChannelBench) { self.bench = bench }

        func open(_ input: ChannelInput, for encoder: ChannelBench.Encoder = ChannelBench.Encoder()) throws {
            let feed = try bench.publish(
                ChannelBench.video, key: input == .primary ? "key-of-news" : "backup-of-news", for: encoder)
            feeds[input] = feed
        }

        func close(_ input: ChannelInput) { feeds.removeValue(forKey: input)?.end() }

        /// Time passes, and those of `inputs` that are open send what belongs to it. The backup's clock is another, and its
        /// key frames come half a second later.
        func run(_ length: Int64, of inputs: ChannelInput...) throws {
            for _ in 0..<(length / 40) {
                for input in inputs {
                    guard let feed = feeds[input] else { continue }
                    let isPrimary = input == .primary
                    let time = milliseconds + (isPrimary ? 0 : 7_000_000)
                    let isKey = (milliseconds + (isPrimary ? 0 : 520)) % 1000 == 0
                    let at = MediaTime.milliseconds(time)
                    feed.receive(
                        .video(
                            Sample(
                                data: isPrimary ? ChannelBench.picture : ChannelBench.otherPicture, decodeTime: at,
                                presentationTime: at, isSync: isKey)), arrival: bench.clock.now)
                }
                milliseconds += 40
                bench.clock.advance(by: .milliseconds(40))
                try bench.channel.tick()
            }
        }
    }

    private func parts() throws -> Int64 {
        try #require(try bench.channel.output.snapshot?.rendition("video")).nextPartNumber
    }

    /// The value of the channel's metric of that name.
    private func metric(_ name: String) -> Substring? {
        registry.prometheusText().split(separator: "\n")
            .first { $0.hasPrefix("headwater_channel_\(name){channel=\"news\"}") }?
            .split(separator: " ").last
    }

    private func switches(_ reason: String) -> Bool {
        registry.prometheusText().contains(
            "headwater_channel_input_switches_total{channel=\"news\",reason=\"\(reason)\"} 1")
    }

    /// Whether the backup's last key frame was long ago or came just now.
    @Test(arguments: [4400, 4520, 4640] as [Int64])
    func whenThePrimaryInputIsClosedTheBackupIsPublishedAtOnce(after milliseconds: Int64) throws {
        let pair = Pair(bench)
        try pair.open(.primary)
        try pair.open(.backup)
        try pair.run(milliseconds, of: .primary, .backup)
        let before = try parts()
        pair.close(.primary)
        let video = try #require(try bench.channel.output.snapshot?.rendition("video"))
        #expect(video.segments.last?.isDiscontinuous == true, "without a tick, and without waiting for a key frame")
        #expect(switches("closed"))
        try pair.run(2000, of: .backup)
        #expect(try parts() > before + 8)
    }

    /// Which tracks it has may not be known yet.
    @Test func aBackupThatHasJustComeIsGivenTimeToTellItsTracks() throws {
        let primary = try bench.publish(ChannelBench.video, ChannelBench.audio)
        for time in stride(from: Int64(0), to: 3000, by: 40) { play(primary, time) }
        let backup = try bench.publish(ChannelBench.video, key: "backup-of-news")
        for time in stride(from: Int64(0), to: 200, by: 40) { play(backup, time, hasSound: false) }
        primary.end()
        #expect(switches("closed"))
        backup.receive(.track(ChannelBench.audio), arrival: bench.clock.now)
        for time in stride(from: Int64(200), to: 3000, by: 40) { play(backup, time) }
        let video = try #require(try bench.channel.output.snapshot?.rendition("video"))
        #expect(video.segments.count(where: \.isDiscontinuous) == 1)
    }

    /// A picture, every second a key frame, and sound with it.
    private func play(_ feed: any Feed, _ time: Int64, hasSound: Bool = true) {
        bench.feed(feed, milliseconds: time..<time + 40, hasKeys: time % 1000 == 0)
        if hasSound { bench.sound(feed, milliseconds: time) }
        bench.clock.advance(by: .milliseconds(40))
    }

    /// Its connection is gone, and so is the one after it, which has sent nothing.
    @Test func anInputIsClosedWhenNobodyIsLeft() throws {
        let pair = Pair(bench)
        let encoder = ChannelBench.Encoder()
        try pair.open(.primary, for: encoder)
        try pair.open(.backup)
        try pair.run(3000, of: .primary, .backup)
        encoder.isGone.withLock { $0 = true }
        let next = try bench.open()
        pair.close(.primary)
        #expect(!switches("closed"), "somebody is there")
        next.end()
        #expect(switches("closed"))
    }

    @Test func theBackupsComingAndGoingIsNotSeen() throws {
        let pair = Pair(bench)
        try pair.open(.primary)
        try pair.run(2480, of: .primary)
        let before = try parts()
        try pair.open(.backup)
        #expect(try parts() == before)
        try pair.run(1000, of: .primary, .backup)
        let between = try parts()
        pair.close(.backup)
        #expect(try parts() == between && metric("on_air") == "1")
        try pair.run(1520, of: .primary)
        let video = try #require(try bench.channel.output.snapshot?.rendition("video"))
        #expect(!video.segments.contains(where: \.isDiscontinuous) && !video.segments.contains(where: \.isGap))
    }

    @Test func aChannelIsOnAirWhileAnyInputHasAPublisher() throws {
        let pair = Pair(bench)
        #expect(metric("on_air") == "0")
        try pair.open(.backup)
        #expect(metric("on_air") == "1")
        try pair.open(.primary)
        pair.close(.primary)
        #expect(metric("on_air") == "1")
        pair.close(.backup)
        #expect(metric("on_air") == "0")
    }

    /// Its next one begins with its own key frame.
    @Test func whatAFeedLeftThatHasEndedIsNotSeen() throws {
        let pair = Pair(bench)
        try pair.open(.primary)
        try pair.open(.backup)
        try pair.run(2600, of: .primary, .backup)
        pair.close(.backup)
        try pair.open(.backup)
        try pair.run(120, of: .primary, .backup)
        pair.close(.primary)
        #expect(!switches("closed"))
        try pair.run(1000, of: .backup)
        #expect(switches("closed"))
    }

    /// Sound of the backup is coded otherwise, so that another presentation begins. What the last one ended with is told all
    /// the same: a segment without a key frame, which waited for its sound.
    @Test func whatHappenedBeforeTheChangeIsTold() throws {
        let primary = try bench.publish(ChannelBench.video, ChannelBench.audio)
        let backup = try bench.publish(ChannelBench.video, ChannelBench.surround, key: "backup-of-news")
        let id = try bench.channel.output.snapshot?.id
        let target = Int64(LatencyProfile(.ultra).targetDuration) * 1000
        for time in stride(from: Int64(0), to: target + 400, by: 40) {
            bench.feed(primary, milliseconds: time..<time + 40, hasKeys: time == 0)
            if time < target - 400 { bench.sound(primary, milliseconds: time) }
            play(backup, time)
        }
        #expect(metric("segments_without_key_frame_total") == "0")
        primary.end()
        #expect(switches("closed"))
        #expect(try bench.channel.output.snapshot?.id != id)
        #expect(metric("segments_without_key_frame_total") == "1")
    }

    @Test func theBackupIsNotSeenWhileAllIsWell() throws {
        let pair = Pair(bench)
        try pair.open(.backup)
        try pair.open(.primary)
        try pair.run(3000, of: .primary)
        let before = try parts()
        try pair.run(2000, of: .primary)
        let alone = try parts() - before
        try pair.run(2000, of: .primary, .backup)
        #expect(try parts() - before - alone == alone)
    }

    @Test func aBackupThatIsThereFirstIsSeenUntilThePrimaryInputHasBeenSteady() throws {
        let pair = Pair(bench)
        try pair.open(.backup)
        try pair.run(3400, of: .backup)
        #expect(try parts() > 5, "the primary input is closed")
        try pair.open(.primary)
        try pair.run(3560, of: .primary, .backup)
        #expect(!switches("primary_is_back"), "its next key frame is that of the seventh second")
        let before = try parts()
        try pair.run(80, of: .primary, .backup)
        #expect(switches("primary_is_back"))
        #expect(try parts() <= before + 1, "what the backup has begun, and nothing of before the key frame")
        #expect(metric("dropped_samples_total") == "0", "nothing is shown twice")
        let id = try bench.channel.output.snapshot?.id
        try pair.run(4000, of: .primary, .backup)
        let snapshot = try #require(try bench.channel.output.snapshot)
        #expect(snapshot.id == id, "one presentation")
        let segments = try #require(snapshot.rendition("video")).segments
        let sizes = segments.drop { !$0.isDiscontinuous }.compactMap(\.parts.first?.byteCount)
        #expect(sizes.count > 3 && Set(sizes).count == 1, "the key frame is there once")
    }

    @Test func aSilentInputIsLeftAfterTheTimeOfTheProfile() throws {
        let pair = Pair(bench)
        try pair.open(.primary)
        try pair.open(.backup)
        try pair.run(4000, of: .primary, .backup)
        try pair.run(920, of: .backup)
        #expect(!switches("silent"))
        let before = try parts()
        try pair.run(160, of: .backup)
        #expect(switches("silent"))
        #expect(try parts() > before)
    }

    @Test func bothGoneIsSilenceAndWhoComesFirstIsSeen() throws {
        let pair = Pair(bench)
        try pair.open(.primary)
        try pair.open(.backup)
        try pair.run(4000, of: .primary, .backup)
        pair.close(.backup)
        pair.close(.primary)
        try pair.run(4000)
        #expect(!switches("closed"))
        try pair.open(.backup)
        let before = try parts()
        try pair.run(2000, of: .backup)
        #expect(switches("closed"))
        #expect(try parts() > before + 5)
    }

    @Test func eachInputHasOnePublisher() throws {
        let pair = Pair(bench)
        try pair.open(.primary)
        try pair.open(.backup)
        try pair.run(1000, of: .primary, .backup)
        #expect(throws: PublishRefusal.self) { try pair.open(.primary) }
        #expect(throws: PublishRefusal.self) { try pair.open(.backup) }
        #expect(throws: PublishRefusal.self) { try bench.directory.admit(ChannelBench.request("backup-of-news")) }
        _ = try bench.directory.admit(ChannelBench.request("backup-of-sport"))
    }

    @Test func theBackupsKeyIsTheChannelsToo() throws {
        _ = try bench.open("backup-of-news", channel: "news")
        #expect(throws: PublishRefusal.self) { try bench.open("backup-of-sport", channel: "news") }
    }
}

/// A feed that lacks what its channel should have.
@Suite struct MissingTrackTests {
    @Test func aTrackThatDoesNotComeIsToldOfOnce() throws {
        let missing = ["NetStream.Publish.TrackMissing"]
        for (track, tracks, expected) in [
            (ChannelBench.video, DeclaredTracks.videoAndAudio, missing), (ChannelBench.video, .video, []),
            (ChannelBench.audio, .videoAndAudio, missing), (ChannelBench.audio, .audio, []),
        ] {
            let encoder = ChannelBench.Encoder()
            let bench = ChannelBench(tracks: tracks)
            let feed = try bench.publish(track, for: encoder)
            for step in Int64(0)..<500 {
                if track == ChannelBench.video {
                    bench.feed(feed, milliseconds: step * 40..<step * 40 + 40, hasKeys: step % 25 == 0)
                } else {
                    bench.sound(feed, milliseconds: step * 40)
                }
                bench.clock.advance(by: .milliseconds(40))
                try bench.channel.tick()
            }
            #expect(encoder.warnings.withLock { $0 } == expected, "\(track.codec) of \(tracks)")
        }
    }
}

/// A second encoder with the key of one that sends.
@Suite struct TakeoverTests {
    private let bench = ChannelBench(secondPublisher: .takeover)

    @Test func itTakesTheFirstOnesPlaceAndTheChannelGoesOn() throws {
        let first = ChannelBench.Encoder()
        let old = try bench.publish(ChannelBench.video, for: first)
        bench.feed(old, milliseconds: 0..<3000)
        let before = try #require(try bench.channel.output.snapshot?.rendition("video")).nextPartNumber
        _ = try bench.directory.admit(ChannelBench.request("key-of-news"))
        let new = try bench.open()
        #expect(first.farewells.withLock { $0.count } == 1)
        new.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        bench.feed(new, milliseconds: 500_000..<503_000)
        bench.feed(old, milliseconds: 3000..<9000)
        let after = try #require(try bench.channel.output.snapshot?.rendition("video")).nextPartNumber
        #expect(after - before >= 12 && after - before <= 18, "what the first one still sends is not seen")
    }

    @Test func encodersThatThrowEachOtherOutDoNotDoSoForEver() throws {
        var outcomes: [Bool] = []
        var feed: (any Feed)?
        for second in Int64(0)..<90 {
            if second % 5 == 0 {
                do {
                    feed = try bench.open()
                    outcomes.append(true)
                } catch {
                    #expect(error.reason == .busy)
                    outcomes.append(false)
                }
            }
            if let feed { bench.feed(feed, milliseconds: second * 1000..<second * 1000 + 1000) }
            bench.clock.advance(by: .seconds(1))
        }
        // The first comes to an empty channel, three take over, and one more when each of these is a minute past.
        let refused = [Bool](repeating: false, count: 9)
        #expect(outcomes == [true, true, true, true] + refused + [true, true, true, false, false])
    }
}
