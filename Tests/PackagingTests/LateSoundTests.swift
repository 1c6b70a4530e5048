import Bytes
import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// Sound that comes steadily behind its pictures, as where a multiplexer fills a decoder's buffer: the pictures wait for it.
@Suite struct LateSoundTests {
    private static let names = LatencyProfile.Name.allCases
    private static let two = Array(AudioTracksTests.languages.prefix(2))

    private static func started(_ name: LatencyProfile.Name = .low, sounds: Int = 1) -> Presentation {
        var presentation = Presentation(
            id: "test", profile: LatencyProfile(name), wallStart: WallTime(microseconds: 1_800_000_000_000_000),
            start: Instant(nanoseconds: 0))
        begin(&presentation, sounds: sounds)
        return presentation
    }

    private static func begin(
        _ presentation: inout Presentation, sounds: Int = 1, at seconds: Int64 = 0, soundDelay: MediaTime = .zero
    ) {
        _ = presentation.beginRun(
            tracks: [Feed.video] + two.prefix(sounds), sourceStart: .zero,
            now: Instant(nanoseconds: seconds * 1_000_000_000), soundDelay: soundDelay)
    }

    /// Plays what comes in so many seconds: pictures in time, and a frame of sound of a time in milliseconds as much later
    /// as `delay` says, or never. Where it `isUnderWay` sound comes from the first picture on, if it is of a time before.
    /// Answers, in seconds, when there was something new of which rendition, and where it ended then.
    @discardableResult private static func play(
        _ presentation: inout Presentation, seconds: Int64, sounds: Int = 1, isUnderWay: Bool = false,
        delay: (_ place: Int, _ time: Int64) -> Int64?
    ) -> [(name: String, time: Double, edge: Double)] {
        var arrivals: [(time: Int64, place: Int?, sample: Sample)] = []
        for case .video(let sample) in Feed(gopFrames: 30, hasAudio: false).events(seconds: seconds) {
            arrivals.append((sample.decodeTime.value, nil, sample))
        }
        let start: Int64 = isUnderWay ? -15 : 0
        for (place, track) in two.prefix(sounds).enumerated() {
            let feed = Feed(sampleRate: track.timescale.ticksPerSecond, hasVideo: false)
            for case .audio(let sample) in feed.events(seconds: seconds - start, from: start * 1000) {
                let time = sample.decodeTime.value
                guard let delay = delay(place, time), (0..<seconds * 1000).contains(time + delay) else { continue }
                arrivals.append((time + delay, place, sample))
            }
        }
        var published: [(name: String, time: Double, edge: Double)] = []
        var edges = presentation.snapshot.renditions.map(\.edge)
        for (time, place, sample) in arrivals.sorted(by: { $0.time < $1.time }) {
            if let place {
                presentation.appendAudio(sample, track: place)
            } else {
                _ = presentation.appendVideo(sample)
            }
            for (index, rendition) in presentation.snapshot.renditions.enumerated() {
                guard let edge = rendition.edge, edge != edges[index] else { continue }
                edges[index] = edge
                published.append((rendition.name, Double(time) / 1000, edge.seconds))
            }
        }
        return published
    }

    /// Between which times nothing is heard of a rendition, in seconds: for more than a frame.
    private static func silences(_ presentation: Presentation, _ place: Int = 0) throws -> [(from: Double, to: Double)]
    {
        let rate = Double(two[place].timescale.ticksPerSecond)
        let chunks = try PresentationTests.timings(presentation, Presentation.audio(place)).flatMap(\.self)
        let edge = try #require(presentation.audioWindows[place].edge)
        let times = [-1024] + chunks.flatMap(\.decode) + [edge.ticks(in: two[place].timescale)]
        return zip(times, times.dropFirst()).filter { $1 - $0 > 2048 }.map {
            (Double($0 + 1024) / rate, Double($1) / rate)
        }
    }

    /// How long it took at most from one time that something was published of a rendition to the next.
    private static func longestPause(_ published: [(name: String, time: Double, edge: Double)]) -> Double {
        Set(published.map(\.name)).map { name in
            let times = published.filter { $0.name == name }.map(\.time)
            return zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .infinity
        }.max() ?? .infinity
    }

    /// As a run begins behind one in which the source had no sound yet.
    @Test(arguments: names, [0, 1400, 2000, 3000, 5000, 9500] as [Int64])
    func nothingIsMissingWhereSoundIsUnderWay(name: LatencyProfile.Name, late: Int64) throws {
        var presentation = Self.started(name)
        let published = Self.play(&presentation, seconds: 30, isUnderWay: true) { _, _ in late }
        let events = presentation.takeEvents()
        #expect(events.isEmpty)
        let silences = try Self.silences(presentation)
        #expect(silences.isEmpty, "\(silences)")
        // All but the first of the picture comes later by that, in as even steps as ever.
        let part = presentation.profile.partTarget.seconds + 0.05
        #expect(published.dropFirst().allSatisfy { $0.time >= Double(late) / 1000 })
        #expect(Self.longestPause(Array(published.dropFirst())) <= part)
        for name in ["video", "audio"] {
            let edge = try #require(published.last { $0.name == name }?.edge)
            #expect(edge > 30 - Double(late) / 1000 - 2 * part, "\(name) until \(edge)")
        }
        OddFeedTests.expectLegalParts(presentation, "\(late) ms")
    }

    /// Where it is known how late it will be nothing of it is missing.
    @Test(arguments: names) func whatIsKnownToBeLateIsWaitedFor(name: LatencyProfile.Name) throws {
        var presentation = Presentation(
            id: "test", profile: LatencyProfile(name), wallStart: WallTime(microseconds: 1_800_000_000_000_000),
            start: Instant(nanoseconds: 0))
        Self.begin(&presentation, soundDelay: .milliseconds(3000))
        Self.play(&presentation, seconds: 30) { _, _ in 3000 }
        #expect(presentation.takeEvents().isEmpty)
        let silences = try Self.silences(presentation)
        #expect(silences.isEmpty, "\(silences)")
    }

    /// Until the first of it has come nobody knows how late it will be. Once that is known all wait a single time.
    @Test(arguments: names, [1000, 1400, 1800, 2000, 3000, 5000, 9500] as [Int64])
    func soundIsSilentAtTheBeginningAlone(name: LatencyProfile.Name, late: Int64) throws {
        var presentation = Self.started(name)
        let published = Self.play(&presentation, seconds: 40) { _, _ in late }
        let silences = try Self.silences(presentation)
        #expect(silences.count == (late < 1500 ? 0 : 1), "\(silences)")
        for silence in silences { #expect(silence.from == 0 && silence.to <= Double(late) / 1000, "\(silence)") }
        let part = presentation.profile.partTarget.seconds + 0.05
        #expect(Self.longestPause(published) < max(Double(late) / 1000, 0.5) + part)
        #expect(Self.longestPause(published.filter { $0.time > Double(late) / 500 + part }) <= part)
        OddFeedTests.expectLegalParts(presentation, "\(late) ms")
    }

    /// A multiplexer that sends seconds of sound at once, when all pictures of that time have gone.
    @Test(arguments: [1000, 2000, 4000] as [Int64]) func soundMayComeInLateBursts(length: Int64) throws {
        var presentation = Self.started()
        Self.play(&presentation, seconds: 60) { _, time in length - (time % length + length) % length }
        let silences = try Self.silences(presentation)
        #expect(silences.count <= 1 && silences.allSatisfy { $0.from == 0 && $0.to <= 4 }, "\(silences)")
    }

    @Test(arguments: [0, 2000, 5000] as [Int64]) func soundThatStopsHoldsNobodyUpForLong(late: Int64) throws {
        var presentation = Self.started()
        let published = Self.play(&presentation, seconds: 45, isUnderWay: true) { _, time in
            time < 15_000 ? late : nil
        }
        #expect(presentation.takeEvents() == [.trackStalled(rendition: "audio")])
        let silences = try Self.silences(presentation)
        #expect(silences.count == 1 && abs((silences.first?.from ?? 0) - 15) < 0.05, "\(silences)")
        let video = published.filter { $0.name == "video" }
        let behind = zip(video, video.dropFirst()).map { $1.time - $0.edge }.max() ?? 60
        #expect(behind < Double(late) / 1000 + 2.6, "\(behind)")
        let edges = presentation.snapshot.renditions.compactMap { $0.edge?.seconds }
        #expect(edges.allSatisfy { $0 > 44.4 }, "once it is given up nobody is behind: \(edges)")
    }

    @Test func soundThatFallsFartherAndFartherBehindIsGivenUp() throws {
        var presentation = Self.started()
        let published = Self.play(&presentation, seconds: 60) { _, time in time / 2 }
        let video = published.filter { $0.name == "video" }
        let behind = zip(video, video.dropFirst()).map { $1.time - $0.edge }.max() ?? 60
        #expect((10...12.6).contains(behind), "\(behind)")
        let edge = try #require(video.last?.edge)
        #expect(edge > 59.4)
    }

    /// How late sound was is forgotten when it has not been for a while, and with the run.
    @Test(arguments: [false, true]) func soundThatIsNoLongerLateIsNotWaitedFor(isNewRun: Bool) throws {
        var presentation = Self.started()
        var (late, end) = (Int64(15_000), Int64(60_000))
        if isNewRun {
            Self.play(&presentation, seconds: 20, isUnderWay: true) { _, _ in 5000 }
            presentation.interrupt()
            Self.begin(&presentation, at: 20)
            (late, end) = (0, 5000)
        }
        let published = Self.play(&presentation, seconds: end / 1000 + 10, isUnderWay: true) { _, time in
            // The last frames that are late do not come any more.
            if time >= end { return nil }
            return time >= late ? 0 : time < late - 5000 ? 5000 : nil
        }
        let start = isNewRun ? 20.0 : 0
        let video = published.filter { $0.name == "video" && $0.time > Double(end) / 1000 }
        let behind = zip(video, video.dropFirst()).map { $1.time + start - $0.edge }.max() ?? 60
        #expect(behind < 2.6, "\(behind)")
    }

    /// What came in time is kept until the other has come.
    @Test(arguments: [2000, 9500] as [Int64]) func soundInTimeWaitsForOtherSoundThatIsLate(late: Int64) throws {
        var presentation = Self.started(sounds: 2)
        Self.play(&presentation, seconds: 30, sounds: 2, isUnderWay: true) { place, _ in place == 1 ? late : 0 }
        for place in 0..<2 {
            let silences = try Self.silences(presentation, place)
            #expect(silences.isEmpty, "\(place): \(silences)")
        }
    }

    /// When the late one stops there is room for what waits.
    @Test func soundInTimeIsWholeWhenOtherSoundThatWasLateStops() throws {
        var presentation = Self.started(sounds: 2)
        Self.play(&presentation, seconds: 40, sounds: 2, isUnderWay: true) { place, time in
            place == 0 ? 0 : time < 5000 ? 9500 : nil
        }
        let silences = try Self.silences(presentation)
        #expect(silences.isEmpty, "\(silences)")
        let edge = try #require(presentation.audioWindows[0].edge?.seconds)
        #expect(edge > 27.5)
    }
}
