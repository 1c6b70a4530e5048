import Bytes
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// Frames of any length make parts that may be: none over the part target, none under 85 % of it but the last of a
/// segment, and no rendition more than a part ahead of another.
@Suite struct SoundFrameTests {
    /// What frames there are: their samples, and samples in a second.
    struct Coding: CustomTestStringConvertible, Sendable {
        let name: String
        let samples: Int64, rate: UInt32
        var testDescription: String { name }
        var length: Double { Double(samples) / Double(rate) }

        init(_ name: String, _ samples: Int64, _ rate: UInt32) {
            (self.name, self.samples, self.rate) = (name, samples, rate)
        }
    }

    static let codings = [
        Coding("AAC 48", 1024, 48_000), Coding("AAC 44.1", 1024, 44_100), Coding("AAC 32", 1024, 32_000),
        Coding("AAC 24, HE-AAC 48", 1024, 24_000), Coding("AAC 22.05, HE-AAC 44.1", 1024, 22_050),
        Coding("AAC 16", 1024, 16_000), Coding("AAC 12", 1024, 12_000), Coding("AAC 11.025", 1024, 11_025),
        Coding("AAC 8", 1024, 8000), Coding("AAC 7.35", 1024, 7350), Coding("AAC 48, short", 960, 48_000),
        Coding("Opus 2.5 ms", 120, 48_000), Coding("Opus 20 ms", 960, 48_000), Coding("Opus 40 ms", 1920, 48_000),
        Coding("Opus 60 ms", 2880, 48_000), Coding("Opus 120 ms", 5760, 48_000), Coding("MP2 48", 1152, 48_000),
        Coding("MP2 44.1", 1152, 44_100), Coding("MP2 32", 1152, 32_000), Coding("MP2 16", 1152, 16_000),
        Coding("AC-3 48", 1536, 48_000), Coding("AC-3 44.1", 1536, 44_100), Coding("AC-3 32", 1536, 32_000),
    ]

    /// Frames a second, or no cadence at all.
    static let cadences: [(frames: Int64, seconds: Int64)?] = [
        (24_000, 1001), (24, 1), (25, 1), (30_000, 1001), (50, 1), (60, 1), (15, 1), (12, 1), nil,
    ]

    /// Pictures at uneven distances, between 10 and 80 ms.
    fileprivate static func unevenPictures(seconds: Int64, gop: Int64) -> [Feed.Event] {
        var (time, count, random) = (Int64(0), Int64(0), UInt64(7))
        var events: [Feed.Event] = []
        while time < seconds * 1000 {
            let sample = Sample(
                data: ByteChunk([1]), decodeTime: .milliseconds(time), presentationTime: .milliseconds(time),
                isSync: count % gop == 0)
            events.append(.video(sample))
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            time += 10 + Int64(random >> 33) % 70
            count += 1
        }
        return events
    }

    /// Frames of sound whose times run by so many thousandths; of a hundred so many are lost.
    fileprivate static func sound(
        of coding: Coding, seconds: Int64, thousandths: Int64 = 1000, lost: UInt64 = 0
    ) -> [Sample] {
        var random = UInt64(coding.samples)
        let times = (0..<Int64(Double(seconds) / coding.length)).map {
            MediaTime($0 * coding.samples * thousandths, Timescale(coding.rate * 1000))
        }
        return times.compactMap { time in
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            if (random >> 33) % 100 < lost { return nil }
            return Sample(data: ByteChunk([7]), decodeTime: time, presentationTime: time, isSync: true)
        }
    }

    private struct Source {
        var codings: [Coding]
        var cadence: (frames: Int64, seconds: Int64)? = (25, 1)
        var hasVideo = true
        /// Tenths of a second from one key frame to the next.
        var gop: Int64 = 20
        /// How much later than the first the last track comes, in milliseconds.
        var late: Int64 = 0
        var thousandths: Int64 = 1000
        var lost: UInt64 = 0
        var seconds: Int64 = 12
        var targetDuration: Int?
        /// Called with the newest picture's time, after every sample.
        var each: (Presentation, MediaTime) -> Void = { _, _ in }

        /// What becomes of it, and how far the renditions were apart at most, in seconds.
        func played(_ name: LatencyProfile.Name) -> (presentation: Presentation, farthest: Double) {
            var events: [(time: MediaTime, track: Int?, sample: Sample)] = []
            let (frames, perSeconds) = cadence ?? (25, 1)
            let feed = Feed(
                frames: frames, perSeconds: perSeconds, gopFrames: max(frames * gop / (perSeconds * 10), 1),
                hasAudio: false)
            let pictures =
                cadence == nil
                ? SoundFrameTests.unevenPictures(seconds: seconds, gop: gop * 2) : feed.events(seconds: seconds)
            for case .video(let sample) in pictures where hasVideo { events.append((sample.decodeTime, nil, sample)) }
            for (track, coding) in codings.enumerated() {
                let delay = MediaTime.milliseconds(track == codings.count - 1 ? late : 0)
                let samples = SoundFrameTests.sound(
                    of: coding, seconds: seconds, thousandths: thousandths, lost: lost)
                events += samples.map { ($0.decodeTime + delay, track, $0) }
            }
            var presentation = Presentation(
                id: "test", profile: LatencyProfile(name, targetDuration: targetDuration),
                wallStart: WallTime(microseconds: 0),
                start: Instant(nanoseconds: 0))
            let sounds = codings.enumerated().map { index, coding in
                var track = Feed(sampleRate: coding.rate, samplesPerFrame: coding.samples).audio
                track.index = index
                return track
            }
            _ = presentation.beginRun(
                tracks: (hasVideo ? [Feed.video] : []) + sounds, sourceStart: .zero, now: Instant(nanoseconds: 0))
            var (farthest, newest) = (0.0, MediaTime.zero)
            for event in events.sorted(by: { $0.time < $1.time }) {
                if let track = event.track {
                    presentation.appendAudio(event.sample, track: track)
                } else {
                    _ = presentation.appendVideo(event.sample)
                    newest = event.time
                }
                each(presentation, newest)
                let edges = presentation.snapshot.renditions.map { $0.edge?.seconds ?? 0 }
                farthest = max(farthest, (edges.max() ?? 0) - (edges.min() ?? 0))
            }
            return (presentation, farthest)
        }
    }

    /// How long parts are at least: as long as they have to be, or as many frames as fit.
    private static func least(_ coding: Coding, _ profile: LatencyProfile) -> Double {
        let most = (profile.partTarget.seconds / coding.length + 1e-9).rounded(.down) * coding.length
        return min(0.85 * profile.partTarget.seconds, most) - 1e-9
    }

    private static func check(_ rendition: RenditionWindow, least: Double, _ what: String) {
        #expect(rendition.segments.count >= 2, "\(what)")
        for segment in rendition.segments {
            let lengths = segment.parts.map(\.duration)
            #expect(lengths.allSatisfy { $0 <= rendition.profile.partTarget }, "\(what): \(lengths.map(\.seconds))")
            #expect(lengths.dropLast().allSatisfy { $0.seconds >= least }, "\(what): \(lengths.map(\.seconds))")
        }
    }

    @Test(arguments: LatencyProfile.Name.allCases, codings)
    func framesOfAnyLengthMakePartsThatMayBe(name: LatencyProfile.Name, coding: Coding) throws {
        for (place, cadence) in Self.cadences.enumerated() {
            let spacings: [(gop: Int64, late: Int64)] = [(7, 0), (20, 300), (25, -200), (90, 0)]
            let (gop, late) = spacings[(place + (name == .low ? 1 : 0)) % 4]
            let source = Source(codings: [coding], cadence: cadence, gop: gop, late: late)
            let (presentation, farthest) = source.played(name)
            let what = "\(cadence.map { "\($0)" } ?? "uneven"), GOP \(gop), \(late)"
            let (profile, audio) = (presentation.profile, presentation.audioWindows[0])
            Self.check(audio, least: Self.least(coding, profile), what)
            #expect(farthest <= profile.partTarget.seconds + 0.05, "\(what)")
            // Segments are of the same time.
            let video = try #require(presentation.videoWindow).segments
            for (picture, sound) in zip(video, audio.segments) {
                #expect(abs((picture.start - sound.start).seconds) <= coding.length + 0.002, "\(what)")
            }
            #expect((audio.edge?.seconds ?? 0) > 10.8, "\(what)")
        }
    }

    /// Of these no number of frames is a part of the right length. A part that can be played from its start may be shorter
    /// (§4.4.4.9), and sound can.
    @Test func fewSoundsHaveShorterParts() {
        let short = LatencyProfile.Name.allCases.map { name in
            let profile = LatencyProfile(name)
            return Self.codings.filter { Self.least($0, profile) < 0.85 * profile.partTarget.seconds - 1e-6 }.map(
                \.name)
        }
        #expect(short[0] == ["AAC 7.35"] && short[1] == short[0])
        #expect(short[2] == ["AAC 12", "AAC 8", "AAC 7.35", "Opus 60 ms", "Opus 120 ms", "MP2 32", "MP2 16"])
    }

    /// Holes end anywhere between the places of frames, and where a source's samples count by another clock than its times
    /// there are many.
    @Test(arguments: LatencyProfile.Name.allCases, [(1000, 5), (1000, 30), (1001, 0), (999, 1)] as [(Int64, UInt64)])
    func holesMakeNoPartTooLong(name: LatencyProfile.Name, fault: (thousandths: Int64, lost: UInt64)) {
        for coding in Self.codings {
            for cadence in [(25, 1), (30, 1), nil] as [(Int64, Int64)?] {
                let source = Source(
                    codings: [coding], cadence: cadence, thousandths: fault.thousandths, lost: fault.lost)
                let presentation = source.played(name).presentation
                // Coarse frames fit where the holes let them.
                let target = presentation.profile.partTarget.seconds
                Self.check(
                    presentation.audioWindows[0], least: coding.length > 0.15 * target ? 0 : 0.85 * target - 1e-9,
                    "\(coding.name), \(cadence.map { "\($0)" } ?? "uneven")")
            }
        }
    }

    /// Whichever of them leads.
    @Test(arguments: LatencyProfile.Name.allCases, [0, 150, -150, 300] as [Int64])
    func soundsOfManyKindsStayTogether(name: LatencyProfile.Name, late: Int64) {
        let wanted = ["AAC 44.1", "AC-3 48", "AAC 22.05, HE-AAC 44.1", "Opus 40 ms", "AC-3 32"]
        let all = Self.codings.filter { wanted.contains($0.name) }
        for (codings, hasVideo) in [(all, true), (all, false), (all.reversed(), false)] {
            let source = Source(codings: codings, hasVideo: hasVideo, gop: 60, late: late, targetDuration: 6)
            var (presentation, farthest) = source.played(name)
            #expect(farthest <= presentation.profile.partTarget.seconds + 0.05)
            presentation.interrupt()
            for (coding, rendition) in zip(codings, presentation.audioWindows) {
                Self.check(rendition, least: Self.least(coding, presentation.profile), coding.name)
                #expect(abs((rendition.edge?.seconds ?? 0) - 12) < 0.1, "\(coding.name)")
                #expect(rendition.segments.allSatisfy { !$0.isGap }, "\(coding.name)")
            }
            let counts = Set(presentation.snapshot.renditions.map(\.segments.count))
            #expect(counts.count == 1, "\(counts)")
        }
    }

    /// A picture waits for the sound of those before it, not for its own.
    @Test(arguments: ["AAC 48", "AAC 44.1", "Opus 20 ms", "AC-3 48"])
    func soundThatIsALittleLateHoldsNoPictureUp(coding: String) {
        let source = Source(codings: Self.codings.filter { $0.name == coding }, cadence: (30, 1), late: 300) {
            let edge = $0.videoWindow?.edge?.seconds ?? 0
            #expect($1.seconds - edge < 0.5, "\(coding) at \($1.seconds)")
        }
        #expect(source.codings.count == 1 && source.played(.low).farthest > 0.4)
    }
}
