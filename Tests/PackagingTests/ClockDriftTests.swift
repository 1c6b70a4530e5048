import Bytes
import HLS
import Media
import SampleFeed
import SeededRandom
import Testing
import Time

@testable import Packaging

/// Sources whose clocks are not ours, seen by the dates of their segments.
@Suite struct ClockDriftTests {
    /// What makes the way from the source to here uneven.
    struct Way {
        /// Each sample comes in up to so much late.
        var jitter = 0.0
        /// Every so many seconds nothing comes through for half a second, then all of it at once.
        var bursts: Double?

        static let even = Way()
        static let rough = Way(jitter: 0.015, bursts: 17)
    }

    /// A channel with an encoder whose clock is `drift` ppm fast; the dates of all its segments are noted.
    struct Life {
        typealias Mark = (start: MediaTime, date: WallTime, isGap: Bool)

        var presentation: Presentation
        let feed: Feed
        var drift: Double
        private var random: SeededGenerator
        /// True time, in seconds.
        private(set) var now = 0.0
        private(set) var marks: [String: [Int64: Mark]] = [:]

        init(drift: Double, seed: UInt64 = 1, hasVideo: Bool = true) {
            feed = Feed(frames: 5, gopFrames: 20, sampleRate: 8000, hasVideo: hasVideo)
            presentation = Presentation.started(feed, .standard)
            self.drift = drift
            random = SeededGenerator(seed: seed)
        }

        /// The encoder goes on for so many seconds of its clock, from where the presentation's run began.
        mutating func play(
            _ seconds: Int64, from source: Int64 = 0, _ way: Way = .even,
            each: (inout Life, Feed.Event) -> Void = { _, _ in }
        ) {
            let begin = now
            var arrival = now
            for event in feed.events(seconds: seconds, from: source) {
                let sample =
                    switch event {
                    case .video(let sample), .audio(let sample): sample
                    }
                let time = begin + (sample.decodeTime.seconds - Double(source) / 1000) / (1 + drift / 1e6)
                var late = time == begin ? 0 : Double.random(in: 0...way.jitter, using: &random)
                if let bursts = way.bursts {
                    let phase = time.truncatingRemainder(dividingBy: bursts)
                    if phase > bursts - 0.5 { late = max(late, bursts - phase) }
                }
                arrival = max(arrival, time + late)
                switch event {
                case .video(let sample): _ = presentation.appendVideo(sample, arrival: Self.instant(arrival))
                case .audio(let sample): presentation.appendAudio(sample, arrival: Self.instant(arrival))
                }
                if sample.isSync { note() }
                each(&self, event)
                now = time
            }
            now = begin + Double(seconds) / (1 + drift / 1e6)
            note()
        }

        mutating func wait(_ seconds: Double) {
            now += seconds
            presentation.passSilence(until: Self.instant(now))
            note()
        }

        mutating func begin(from source: Int64) -> Bool {
            presentation.beginRun(
                tracks: feed.tracks, sourceStart: .milliseconds(source), now: Self.instant(now))
        }

        mutating func note(newest count: Int = 3) {
            for window in presentation.windows {
                for segment in window.segments.suffix(count) {
                    let known = marks[window.name]?[segment.sequenceNumber]
                    #expect(known?.date ?? segment.programDateTime == segment.programDateTime)
                    marks[window.name, default: [:]][segment.sequenceNumber] =
                        (segment.start, segment.programDateTime, segment.isGap)
                }
            }
        }

        static func instant(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64((seconds * 1e9).rounded())) }

        /// The segments of a rendition in their order.
        func row(_ name: String) -> [Mark] { (marks[name] ?? [:]).sorted { $0.key < $1.key }.map(\.value) }

        /// How much later than true the date of a segment is, which was made by a source that began with the timeline.
        func error(_ mark: Mark) -> Double {
            Self.passed(mark.date) - mark.start.seconds / (1 + drift / 1e6)
        }

        static func passed(_ date: WallTime) -> Double { Double(date.microseconds - 1_800_000_000_000_000) / 1e6 }

        /// What holds whatever the clock does: dates run like the places but for 500 ppm, and alike in all renditions.
        func expectSmooth(sourceLocation: SourceLocation = #_sourceLocation) {
            for window in presentation.windows {
                let row = row(window.name)
                #expect(row.count == marks[window.name]?.keys.max().map { Int($0) + 1 }, sourceLocation: sourceLocation)
                for (one, next) in zip(row, row.dropFirst()) {
                    let (step, length) = (
                        Self.passed(next.date) - Self.passed(one.date), (next.start - one.start).seconds
                    )
                    let isSmooth = abs(step - length) <= length * 500e-6 + 3e-6
                    #expect(isSmooth && step > 0, "\(window.name) at \(one.start)", sourceLocation: sourceLocation)
                }
            }
            guard let leading = presentation.windows.first else { return }
            for window in presentation.windows.dropFirst() {
                for (number, mark) in marks[window.name] ?? [:] {
                    guard let other = marks[leading.name]?[number] else { continue }
                    let apart = (mark.start - other.start).seconds
                    let difference = Self.passed(mark.date) - Self.passed(other.date) - apart
                    #expect(
                        abs(difference) <= abs(apart) * 500e-6 + 3e-6, "\(window.name) \(number)",
                        sourceLocation: sourceLocation)
                }
            }
        }
    }

    /// A simulated hour.
    @Test(arguments: zip([0, 0, 100, -100, 1000, -1000], [Way.even, .rough, .rough, .rough, .rough, .even]))
    func anHourOfAClockThatIsNotOurs(drift: Double, way: Way) throws {
        var life = Life(drift: drift, seed: 9)
        life.play(3600, way)
        life.expectSmooth()
        let row = life.row("video")
        #expect(row.count == 900)
        let beyond = max(abs(drift) - 500, 0) / 1e6
        for mark in row where mark.start > .milliseconds(600_000) {
            #expect(abs(life.error(mark)) < 0.05 + beyond * mark.start.seconds, "\(mark.start)")
        }
        #expect(abs(try #require(life.presentation.clockDrift) - drift) < 2)
        if drift == 0 {
            let shifted = row.count { Life.passed($0.date) != $0.start.seconds }
            #expect(shifted == 0, "an exact clock is let be")
        }
    }

    @Test func soundAloneIsFollowedToo() throws {
        var life = Life(drift: 200, hasVideo: false)
        life.play(900, .rough)
        life.expectSmooth()
        let last = try #require(life.row("audio").last)
        #expect(abs(life.error(last)) < 0.03)
    }

    /// What the encoder had gathered comes first: the dates are ahead of the true time, and are brought back to it.
    @Test func aBurstAtTheBeginningIsMadeUpFor() throws {
        var life = Life(drift: 0)
        for event in life.feed.events(seconds: 1800) {
            guard case .video(let sample) = event else { continue }
            let arrival = Life.instant(max(0, sample.decodeTime.seconds - 0.3))
            _ = life.presentation.appendVideo(sample, arrival: arrival)
            life.note()
        }
        life.expectSmooth()
        let (first, last) = (try #require(life.row("video").first), try #require(life.row("video").last))
        #expect(Life.passed(first.date) == 0)
        #expect(abs(Life.passed(last.date) - last.start.seconds + 0.3) < 0.02)
    }

    /// The source leaves, time passes by our clock, and dates are those of our clock when it is back.
    @Test(arguments: [1000, -1000, 300] as [Double]) func aPauseTellsTheTrueTime(drift: Double) throws {
        var life = Life(drift: drift)
        life.play(900)
        life.presentation.interrupt()
        life.wait(5)
        life.wait(5)
        let shifts = Set(
            life.presentation.windows.flatMap { window in
                window.segments.filter(\.isGap).map { window.shift(of: $0.programDateTime, at: $0.start) }
            })
        #expect(shifts.count <= 2, "silence runs on our clock")
        let begins = life.begin(from: 0)
        #expect(begins)
        let back = life.now
        life.play(60)
        life.expectSmooth()
        for name in ["video", "audio"] {
            let first = try #require(life.presentation.snapshot.rendition(name)?.segments.first { $0.isDiscontinuous })
            #expect(abs(Life.passed(first.programDateTime) - back) < 0.003, "\(name)")
        }
    }

    /// Its dates were ahead of the true time when the source came back at once, with a better clock.
    @Test func whatASourceLeftBehindIsMadeUpForByTheNext() throws {
        var life = Life(drift: 1500)
        life.play(600)
        life.drift = 0
        let begins = life.begin(from: 0)
        #expect(begins)
        let back = life.now
        let edge = try #require(life.presentation.videoWindow?.edge)
        life.play(1500)
        life.expectSmooth()
        let marks = life.row("video").filter { $0.start >= edge }
        let first = try #require(marks.first).start
        let errors = marks.map { Life.passed($0.date) - back - ($0.start - first).seconds }
        let (begin, end) = (try #require(errors.first), try #require(errors.last))
        #expect(begin > 0.5 && abs(end) < 0.025)
    }

    /// The process dies, and another goes on: what was told is told again, and goes on from there.
    @Test(arguments: [0, 3.0, 20], [300, -1000] as [Double])
    func aRestartInTheMiddleKeepsTheDates(outage: Double, drift: Double) throws {
        var life = Life(drift: drift)
        var kept = RestoringTests.Kept(life.presentation)
        life.play(900) { life, event in
            if case .video(let sample) = event, sample.isSync { kept.keep(life.presentation) }
        }
        kept.keep(life.presentation)
        let before = life.presentation.snapshot
        for name in kept.journals.keys {
            let bytes = kept.journals[name]?.flatMap(\.bytes) ?? []
            kept.journals[name] = PresentationRecord.read(bytes.span).records
        }
        // Between deaths without an encoder nothing is lost either.
        for _ in 0..<2 {
            life.wait(0)
            life.presentation = try #require(kept.again(wall: Int64(((life.now + outage / 2) * 1000).rounded())))
            kept.keep(life.presentation)
            life.note(newest: 99)
            life.wait(outage / 2)
        }
        for rendition in before.renditions {
            for segment in rendition.segments {
                let again = try #require(life.presentation.snapshot.rendition(rendition.name))
                guard let same = again.segments.first(where: { $0.sequenceNumber == segment.sequenceNumber }) else {
                    continue
                }
                #expect(same.programDateTime == segment.programDateTime)
            }
        }
        let begins = life.begin(from: 0)
        #expect(begins)
        let edge = Life.passed(try #require(before.renditions[0].segments.last).programDateTime)
        let back = max(life.now, edge)
        life.play(120)
        life.expectSmooth()
        let first = try #require(life.presentation.videoWindow?.segments.last { $0.isDiscontinuous })
        #expect(Life.passed(first.programDateTime) >= back - 0.003)
        if outage > 2 { #expect(abs(Life.passed(first.programDateTime) - life.now + 120 / (1 + drift / 1e6)) < 0.004) }
    }

    /// What was told of a break stays as it was told, though the dates have run on since, and another process tells it.
    @Test func datesOfBreaksAreThoseOfTheirPictures() throws {
        var life = Life(drift: 400)
        life.play(600)
        for (kind, time) in [(SpliceCue.Kind.out, Int64(600_000)), (.in, 608_000)] {
            let isTaken = life.presentation.append(
                SpliceCue(kind: kind, eventID: 7, time: .milliseconds(time), section: ByteChunk([0xFC])))
            #expect(isTaken)
        }
        let tags = life.presentation.playlist("video").split(separator: "\n").filter {
            $0.hasPrefix("#EXT-X-DATERANGE")
        }
        let start = try #require(tags.first?.split(separator: "START-DATE=\"").last?.split(separator: "\"").first)
        let place = MediaTime.milliseconds(600_000)
        let due = Life.passed(WallTime(microseconds: 1_800_000_000_000_000)) + (place + .zero).seconds
        let shift = life.presentation.anchor.shift(at: place).fractionalSeconds
        #expect(shift < -0.2)
        #expect(abs(Life.passed(try WallTime(rfc3339: String(start))) - due - shift) < 0.0011)
        let length = try #require(tags.last?.split(separator: ",DURATION=").last?.split(separator: ",").first)
        #expect(abs(try #require(Double(length)) - 8 * (1 - 400e-6)) < 0.0005)
        // Kept, and told again.
        let splices = life.presentation.snapshot.splices(after: 0).map { PresentationRecord.splice($0.splice) }
        var kept = RestoringTests.Kept(life.presentation)
        kept.keep(life.presentation)
        kept.head += splices
        let again = try #require(kept.again(wall: Int64(life.now * 1000)))
        let retold = again.playlist("video").split(separator: "\n").filter { $0.hasPrefix("#EXT-X-DATERANGE") }
        #expect(retold == tags && tags.count == 2)
    }

    /// Both the ranges and the playlists are what clients see of them: dates.
    @Test(arguments: [-20, 0, 20]) func rangesAreListedAsLongAsTheirDatesAre(seconds: Int) throws {
        let feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, .ultra)
        presentation.anchor = WallAnchor(shift: .seconds(seconds))
        presentation.play(feed.events(seconds: 10))
        _ = presentation.append(
            SpliceCue(kind: .command, eventID: 1, time: .milliseconds(12_300), section: ByteChunk([0xFC])))
        var (listed, gone) = (0, 0)
        for second in Int64(10)..<80 {
            presentation.play(feed.events(seconds: 1, from: second * 1000))
            let first = presentation.windows.compactMap { $0.listed.first?.start }.min() ?? .zero
            let isListed = presentation.playlist("video").contains("splice-1-1")
            #expect(isListed == (first < .milliseconds(12_301)), "\(first)")
            (listed, gone) = (listed + (isListed ? 1 : 0), gone + (isListed ? 0 : 1))
        }
        #expect(listed > 10 && gone > 10)
    }
}
