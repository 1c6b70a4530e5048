import Bytes
import HLS
import ISOBMFF
import Media
import Packaging
import SampleFeed
import Testing
import Time

@Suite struct PresentationTests {
    static let names = LatencyProfile.Name.allCases

    /// A chunk's decode times, presentation times and durations as its boxes state them.
    struct Timing: Equatable {
        var start: Int64
        var decode: [Int64] = []
        var presentation: [Int64] = []
        var end: Int64
    }

    static func timing(_ chunk: ByteChunk) throws -> Timing {
        var reader = ByteReader(chunk.span)
        var timing = Timing(start: 0, end: 0)
        var (duration, flags): (UInt32, UInt32) = (0, 0)
        while !reader.isAtEnd {
            let size = Int(try reader.readUInt32())
            let type = FourCC(rawValue: try reader.readUInt32())
            switch type {
            case "moof", "traf": continue
            case "tfdt":
                try reader.skip(4)
                timing.start = Int64(try reader.readUInt64())
            case "tfhd":
                flags = try reader.readUInt32() & 0xFFFFFF
                try reader.skip(4)
                if flags & 0x8 != 0 { duration = try reader.readUInt32() }
                if flags & 0x10 != 0 { try reader.skip(4) }
                if flags & 0x20 != 0 { try reader.skip(4) }
            case "trun":
                let word = try reader.readUInt32()
                #expect(word >> 24 == 1, "trun version")
                let fields = word & 0xFFFFFF
                let count = try reader.readUInt32()
                if fields & 1 != 0 { try reader.skip(4) }
                if fields & 4 != 0 { try reader.skip(4) }
                var time = timing.start
                for _ in 0..<count {
                    let length = fields & 0x100 != 0 ? try reader.readUInt32() : duration
                    if fields & 0x200 != 0 { try reader.skip(4) }
                    if fields & 0x400 != 0 { try reader.skip(4) }
                    let offset = fields & 0x800 != 0 ? Int32(bitPattern: try reader.readUInt32()) : 0
                    timing.decode.append(time)
                    timing.presentation.append(time + Int64(offset))
                    time += Int64(length)
                }
                timing.end = time
            default: try reader.skip(size - 8)
            }
        }
        return timing
    }

    static func timings(_ presentation: Presentation, _ name: String) throws -> [[Timing]] {
        try (presentation.snapshot.rendition(name)?.segments ?? []).map { segment in
            try segment.parts.compactMap { try $0.data.map(timing) }
        }
    }

    @Test(arguments: names, [false, true])
    func decodeTimesAreTheSumOfDurationsAndPresentationTimesTheSources(name: LatencyProfile.Name, bFrames: Bool) throws
    {
        let feed = Feed(frames: 30_000, perSeconds: 1001, gopFrames: 60, bFrames: bFrames)
        var presentation = Presentation.started(feed, name)
        let events = feed.events(seconds: 15)
        presentation.play(events)
        let segments = try Self.timings(presentation, "video")
        let chunks = segments.flatMap(\.self)
        for (chunk, next) in zip(chunks, chunks.dropFirst()) { #expect(chunk.end == next.start) }
        for segment in segments where !segment.isEmpty {
            #expect(segment[0].presentation[0] == segment[0].start, "a key frame is decoded when it is shown")
        }
        let origin = feed.milliseconds(ofFrame: bFrames ? 1 : 0)
        let expected = events.compactMap { event -> Int64? in
            if case .video(let sample) = event { (sample.presentationTime.value - origin) * 90 } else { nil }
        }
        let shown = chunks.flatMap(\.presentation)
        #expect(shown.count > 300)
        #expect(shown == Array(expected.prefix(shown.count)))
        // Between chunk ends the durations are those of the cadence: 3003 ticks at 29.97 frames per second.
        for chunk in chunks.dropFirst() {
            for (time, next) in zip(chunk.decode, chunk.decode.dropFirst()) { #expect(next - time == 3003) }
        }
    }

    @Test(arguments: names) func playlistsNameWhatIsThere(name: LatencyProfile.Name) throws {
        let feed = Feed()
        var presentation = Presentation.started(feed, name)
        presentation.play(feed.events(seconds: 10))
        let rendition = try #require(presentation.snapshot.rendition("video"))
        let text = presentation.playlist("video")
        #expect(text.contains("#EXT-X-PART:") == (name != .standard))
        #expect(text.contains("#EXT-X-PRELOAD-HINT") == (name != .standard))
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard case .segment(let number)? = MediaResource(fileName: line) else {
                Issue.record("\(line) is no segment")
                continue
            }
            #expect(rendition.segment(number) != nil)
        }
        #expect(rendition.part(rendition.nextPartNumber) == nil)
        #expect(rendition.part(rendition.nextPartNumber - 1) != nil)
    }

    @Test func audioNeverRunsPastVideoAndVideoAtMostOnePartAhead() {
        let feed = Feed()
        var presentation = Presentation.started(feed, .low)
        presentation.play(feed.events(seconds: 20)) { presentation in
            let (video, audio) = (presentation.videoWindow, presentation.audioWindows.first)
            let ahead = (video?.nextPartNumber ?? 0) - (audio?.nextPartNumber ?? 0)
            #expect((0...1).contains(ahead))
        }
    }

    @Test func missingFramesStayAHole() throws {
        let feed = Feed(frames: 25, gopFrames: 50)
        var presentation = Presentation.started(feed, .low)
        presentation.play(feed.events(seconds: 10, without: Set(60..<65)))
        let chunks = try Self.timings(presentation, "video").flatMap(\.self)
        let shown = chunks.flatMap(\.presentation)
        #expect(!shown.contains(62 * 3600))
        #expect(shown.contains(65 * 3600))
        for (chunk, next) in zip(chunks, chunks.dropFirst()) { #expect(chunk.end == next.start) }
        #expect(presentation.videoWindow?.segments.contains { $0.isGap } == false)
    }

    @Test func aHoleLongerThanAPartIsPublishedAsGap() throws {
        let feed = Feed(frames: 25, gopFrames: 50)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 10, without: Set(60..<75)))
        let parts = (presentation.videoWindow?.segments ?? []).flatMap { $0.parts }
        #expect(parts.contains { $0.isGap })
        #expect(parts.allSatisfy { $0.duration <= presentation.profile.partTarget })
        let shown = try Self.timings(presentation, "video").flatMap(\.self).flatMap(\.presentation)
        #expect(shown.contains(75 * 3600) && shown.contains(59 * 3600))
    }

    @Test(
        arguments: zip([.low, .low, .standard, .ultra], [1, 3, 2, 1])
            as Zip2Sequence<
                [LatencyProfile.Name], [Int64]
            >)
    func aSegmentEndsAtTheFirstKeyFrameAfterHalfTheTargetOnceThePresentationRuns(
        name: LatencyProfile.Name, gopSeconds: Int64
    ) throws {
        let feed = Feed(frames: 25, gopFrames: 25 * gopSeconds)
        var presentation = Presentation.started(feed, name)
        presentation.play(feed.events(seconds: 30))
        let lengths = try #require(presentation.videoWindow).segments.dropLast().map { $0.duration.seconds }
        let half = Double(presentation.profile.targetDuration) / 2
        let expected = (half / Double(gopSeconds)).rounded(.up) * Double(gopSeconds)
        #expect(lengths.prefix(3) == [Double(gopSeconds), Double(gopSeconds), Double(gopSeconds)])
        #expect(lengths.dropFirst(3).allSatisfy { $0 == expected })
    }

    /// Two of them, of which the first comes a little early, would be more than the target.
    @Test func keyFramesThatComeALittleBeforeHalfTheTargetEndSegments() throws {
        let feed = Feed(frames: 25, gopFrames: 24)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 20))
        let segments = try #require(presentation.videoWindow).segments.dropLast()
        #expect(segments.count > 10 && segments.allSatisfy { $0.duration == .milliseconds(960) })
    }

    @Test func withoutAKeyFrameASegmentIsCutAtTheTargetAndSaidSo() throws {
        let feed = Feed(gopFrames: 300)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 8))
        #expect(!presentation.hasIndependentSegments)
        #expect(presentation.takeEvents().contains(.segmentWithoutKeyFrame(sequenceNumber: 0)))
        let video = try #require(presentation.videoWindow)
        #expect(video.segments.dropLast().allSatisfy { $0.duration == .milliseconds(2000) })
        #expect(video.segments[1].parts[0].isIndependent == false)
        let text = String(decoding: presentation.snapshot.multivariantPlaylist.rendered(), as: UTF8.self)
        #expect(!text.contains("INDEPENDENT-SEGMENTS"))
    }

    /// A client that has read the tag is told nothing else later: it does not come back for the next client to be misled.
    @Test func independentSegmentsAreNotPromisedAgain() throws {
        var presentation = Presentation.started(Feed(gopFrames: 300), .ultra)
        presentation.play(Feed(gopFrames: 300).events(seconds: 5))
        presentation.play(Feed(gopFrames: 30).events(seconds: 60, from: 10_000))
        let listed = try #require(presentation.videoWindow).listed
        #expect(listed.allSatisfy { $0.parts.first?.isIndependent == true }, "the segment has left the playlist")
        let text = String(decoding: presentation.snapshot.multivariantPlaylist.rendered(), as: UTF8.self)
        #expect(!text.contains("INDEPENDENT-SEGMENTS"))
    }

    @Test func silentAudioReleasesVideoAndBecomesAGap() throws {
        let feed = Feed()
        var presentation = Presentation.started(feed, .low)
        let events = feed.events(seconds: 12).filter {
            if case .audio(let sample) = $0 { sample.presentationTime < .milliseconds(4000) } else { true }
        }
        presentation.play(events)
        #expect(presentation.takeEvents() == [.trackStalled(rendition: "audio")])
        let audio = try #require(presentation.audioWindows.first)
        let video = try #require(presentation.videoWindow)
        #expect(audio.segments.contains { $0.parts.contains { $0.isGap } })
        #expect(video.nextPartNumber - audio.nextPartNumber <= 1)
        let edge = try #require(video.edge)
        #expect(edge > .milliseconds(10_000))
    }

    @Test func anEncoderThatComesBackContinuesBehindADiscontinuity() throws {
        let feed = Feed()
        let start = WallTime(microseconds: 1_800_000_000_000_000)
        var presentation = Presentation.started(feed, .low)
        presentation.play(feed.events(seconds: 5))
        presentation.interrupt()
        let before = try #require(presentation.videoWindow)
        #expect(before.segments.last?.isComplete == true)
        let isSame = presentation.beginRun(
            tracks: feed.tracks, sourceStart: .milliseconds(77_000), now: Instant(nanoseconds: 15_000_000_000))
        #expect(isSame)
        presentation.play(feed.events(seconds: 5, from: 77_000))
        for rendition in presentation.snapshot.renditions {
            let after = rendition.segments.filter(\.isDiscontinuous)
            #expect(after.count == 1)
            #expect(after.first?.sequenceNumber == (before.segments.last?.sequenceNumber ?? 0) + 1)
            #expect(after.first?.programDateTime == start + .seconds(15))
            #expect(!presentation.playlist(rendition.name).contains("ENDLIST"))
        }
        presentation.end()
        let text = presentation.playlist("video")
        #expect(text.contains("#EXT-X-ENDLIST") && !text.contains("PRELOAD-HINT"))
    }

    @Test func theWindowRollsAndKeepsWhatLeftItFetchable() throws {
        let feed = Feed()
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 120))
        let video = try #require(presentation.videoWindow)
        let listed = video.listed
        let (end, begin) = (try #require(listed.last?.end), try #require(listed.first?.start))
        let length = end - begin
        #expect(length >= presentation.profile.window && length < presentation.profile.window + .milliseconds(6000))
        #expect(video.segment(video.mediaSequence - 1) != nil, "just removed")
        #expect(video.segment(video.mediaSequence - 14) != nil, "removed 28 s ago")
        #expect(video.segment(0) == nil, "long gone")
        #expect(video.segments.count < 45)
        #expect(video.bandwidth.peak != nil)
    }

    @Test func soundAloneIsAPresentationToo() throws {
        let feed = Feed(hasVideo: false)
        var presentation = Presentation.started(feed, .ultra)
        presentation.play(feed.events(seconds: 20))
        let audio = try #require(presentation.audioWindows.first)
        #expect(audio.segments.count > 8)
        #expect(audio.segments.flatMap { $0.parts.dropLast() }.allSatisfy { $0.duration.seconds >= 0.85 * 0.215 })
        let text = String(decoding: presentation.snapshot.multivariantPlaylist.rendered(), as: UTF8.self)
        #expect(text.contains("CODECS=\"mp4a.40.1\"") && text.contains("test/audio/index.m3u8"))
    }

    /// B.1: a client must not find out only with the part that it needs another initialization.
    @Test func anInitializationIsHintedAtBeforeItsFirstPart() throws {
        var presentation = Presentation.started(Feed(), .low)
        presentation.play(Feed().events(seconds: 6))
        #expect(!presentation.playlist("audio").contains("TYPE=MAP"))
        presentation.interrupt()
        let before = presentation.version
        let other = Feed(sampleRate: 44_100)
        let isSame = presentation.beginRun(
            tracks: other.tracks, sourceStart: .milliseconds(6000), now: Instant(nanoseconds: 6_000_000_000))
        #expect(isSame && presentation.version > before, "or nobody would see it")
        #expect(presentation.playlist("audio").contains("#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=\"init2.mp4\"\n"))
        #expect(!presentation.playlist("video").contains("TYPE=MAP"), "the picture is as before")
        presentation.play(other.events(seconds: 3, from: 6000))
        let text = presentation.playlist("audio")
        #expect(!text.contains("TYPE=MAP"))
        #expect(text.contains("#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init2.mp4\"\n"))
    }

    @Test func codecsAreThoseOfAllThatIsListed() {
        var presentation = Presentation.started(Feed(gopFrames: 30), .ultra)
        presentation.play(Feed(gopFrames: 30).events(seconds: 6))
        let larger = Track(
            codec: .h264, format: .video(VideoFormat(width: 1920, height: 1080)),
            decoderConfiguration: ByteChunk([1, 0x64, 0, 0x28, 0xFF, 0xE0, 0]), codecString: "avc1.640028")
        let isSame = presentation.beginRun(
            tracks: [larger, Feed().audio], sourceStart: .milliseconds(6000), now: Instant(nanoseconds: 6_000_000_000))
        #expect(isSame)
        func streams() -> String {
            String(decoding: presentation.snapshot.multivariantPlaylist.rendered(), as: UTF8.self)
        }
        #expect(streams().contains("CODECS=\"avc1.64001f,avc1.640028,mp4a.40.1\""))
        #expect(streams().contains("RESOLUTION=1920x1080"))
        presentation.play(Feed(gopFrames: 30).events(seconds: 50, from: 6000))
        #expect(streams().contains("CODECS=\"avc1.640028,mp4a.40.1\""), "what has left is not needed any more")
    }

    /// A player reads the multivariant playlist once: FRAME-RATE must be in it.
    @Test func nobodyIsLetInBeforeTheFrameRateIsKnown() {
        var presentation = Presentation.started(Feed(), .ultra)
        var sawPartsAlone = false
        presentation.play(Feed().events(seconds: 1)) { presentation in
            let snapshot = presentation.snapshot
            if snapshot.renditions.allSatisfy(\.isPlayable), snapshot.frameRate == nil { sawPartsAlone = true }
            #expect(!snapshot.isPlayable || snapshot.frameRate != nil)
        }
        #expect(sawPartsAlone && presentation.snapshot.isPlayable)
    }

    @Test func initializationsAreForgottenWithTheLastSegmentThatNeedsThem() {
        let feeds = [Feed(gopFrames: 30), Feed(gopFrames: 30, sampleRate: 44_100)]
        var presentation = Presentation.started(feeds[0], .ultra)
        for turn in Int64(0)..<60 {
            let feed = feeds[Int(turn % 2)]
            _ = presentation.beginRun(
                tracks: feed.tracks, sourceStart: .milliseconds(turn * 3000),
                now: Instant(nanoseconds: turn * 3_000_000_000))
            presentation.play(feed.events(seconds: 3, from: turn * 3000))
        }
        let audio = presentation.audioWindows[0]
        #expect(audio.initializations.count < 40 && audio.initializations.last?.version == 60)
        for segment in audio.segments { #expect(audio.initialization(segment.initializationVersion) != nil) }
    }

    /// Two key frames one behind the other: the segment between them would be too short to have any sound.
    @Test func everySegmentHasSound() throws {
        var presentation = Presentation.started(Feed(sampleRate: 44_100), .low)
        let events = Feed(frames: 60, gopFrames: 600, sampleRate: 44_100).events(seconds: 12).map { event in
            guard case .video(let sample) = event else { return event }
            let frame = (sample.decodeTime.value * 60 + 500) / 1000
            return .video(
                Sample(
                    data: sample.data, decodeTime: sample.decodeTime, presentationTime: sample.presentationTime,
                    isSync: frame % 60 == 0 || frame == 61 || frame == 121))
        }
        presentation.play(events)
        let (video, audio) = (try #require(presentation.videoWindow), presentation.audioWindows[0])
        for (pictures, sound) in zip(video.segments, audio.segments) {
            #expect(abs((pictures.start - sound.start).seconds) < 0.03, "\(pictures.sequenceNumber)")
        }
    }
}
