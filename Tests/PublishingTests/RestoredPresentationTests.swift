import Bytes
import Media
import ObjectStore
import Packaging
import Publishing
import SampleFeed
import SeededRandom
import Testing
import Time

/// What one process kept, another one goes on with.
@Suite(.timeLimit(.minutes(30))) struct RestoredPresentationTests {
    private static func instant(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    /// A presentation of so many seconds, kept after every sample that published something.
    private static func keep(
        _ seconds: Int64, _ profile: LatencyProfile.Name = .low, of feed: Feed = Feed(gopFrames: 30),
        in bench: WindowBench
    ) -> Presentation {
        var presentation = Presentation.started(feed, profile)
        bench.start()
        var version: Int64 = 0
        presentation.play(feed.events(seconds: seconds)) { presentation in
            guard presentation.version != version else { return }
            version = presentation.version
            bench.keep(presentation.snapshot)
        }
        bench.stop()
        return presentation
    }

    /// Random lives of an event whose server dies again and again, with an encoder that comes back, or does not.
    @Test(arguments: zip([11, 12, 13], [LatencyProfile.Name.low, .ultra, .standard]))
    func aLifeOfDeathsIsOneLife(seed: UInt64, profile: LatencyProfile.Name) throws {
        var random = SeededGenerator(seed: seed)
        let bench = WindowBench()
        var feed = Feed(gopFrames: 30)
        var presentation = Presentation.started(feed, profile)
        var clock: Int64 = 0
        bench.start()
        for _ in 0..<25 {
            let seconds = Int64.random(in: 1...8, using: &random)
            let end = Int.random(in: 0..<400, using: &random)
            var events = feed.events(seconds: seconds, from: clock * 1000)
            events.removeLast(min(end, events.count / 2))
            presentation.play(events) { presentation in
                if Int.random(in: 0..<20, using: &random) == 0 { bench.keep(presentation.snapshot) }
            }
            bench.keep(presentation.snapshot)
            clock += seconds
            bench.stop()
            let restored = try #require(try bench.restored(profile, seconds: clock))
            let before = presentation.snapshot
            expect(restored.presentation.snapshot, in: bench, toGoOnWith: before)
            #expect(restored.presentation.frameRate == presentation.frameRate)
            presentation = restored.presentation
            clock += Int64.random(in: 0...9, using: &random)
            presentation.passSilence(until: Self.instant(clock))
            expect(presentation.snapshot, in: bench, toGoOnWith: restored.presentation.snapshot)
            bench.start(goingOnWith: [restored])
            bench.keep(presentation.snapshot)
            // At times it dies again before the encoder is back.
            guard Int.random(in: 0..<4, using: &random) > 0 else { continue }
            feed.sampleRate = Bool.random(using: &random) ? 48_000 : 44_100
            let isSame = presentation.beginRun(
                tracks: feed.tracks, sourceStart: .milliseconds(clock * 1000), now: Self.instant(clock))
            #expect(isSame)
        }
        bench.stop()
    }

    /// The last records are gone, or torn: the media that they told of are there, and nobody tells of them.
    @Test func whatNoRecordTellsOfIsGivenUp() throws {
        for lost in 0..<100 {
            let bench = WindowBench()
            let before = Self.keep(5, in: bench)
            let journal = try bench.bytes("video/journal-0")
            try bench.overwrite("video/journal-0", with: Array(journal.dropLast(lost)))
            let restored = try #require(try bench.restored(.low, seconds: 5))
            var presentation = restored.presentation
            let (kept, video) = (presentation.snapshot, try #require(presentation.videoWindow))
            let whole = before.snapshot.renditions.map { window in
                window.segments.flatMap(\.parts).filter { $0.number < kept.rendition(window.name)?.nextPartNumber ?? 0 }
            }
            for (parts, window) in zip(whole, kept.renditions) {
                for part in parts where !(window.part(part.number)?.isGap ?? true) {
                    #expect(bench.media(of: part.number, in: window) == part.data?.array)
                }
            }
            let removed =
                (before.videoWindow?.nextPartNumber ?? 0) - Int64(video.segments.flatMap(\.parts).count { !$0.isGap })
            #expect(removed <= Int64(lost / 40 + 1), "nothing else is lost with \(lost) bytes")
            // It goes on, over what was left.
            bench.start(goingOnWith: [restored])
            let goesOn = presentation.beginRun(tracks: Feed().tracks, sourceStart: .zero, now: Self.instant(7))
            #expect(goesOn)
            presentation.play(Feed(gopFrames: 30).events(seconds: 6)) { bench.keep($0.snapshot) }
            bench.stop()
            let again = try #require(try bench.restored(.low, seconds: 13))
            expect(again.presentation.snapshot, in: bench, toGoOnWith: presentation.snapshot)
        }
    }

    @Test func aSegmentThatNoJournalTellsOfIsWrittenAnew() throws {
        let bench = WindowBench()
        _ = Self.keep(9, in: bench)
        let restored = try #require(try bench.restored(.low, seconds: 9))
        var presentation = restored.presentation
        for rendition in presentation.snapshot.renditions {
            let next = (rendition.segments.last?.sequenceNumber ?? 0) + 1
            for number in next..<next + 9 {
                try bench.overwrite("\(rendition.name)/s\(number).m4s", with: [UInt8](repeating: 0xEE, count: 5000))
            }
        }
        bench.start(goingOnWith: [restored])
        _ = presentation.beginRun(tracks: Feed().tracks, sourceStart: .zero, now: Self.instant(10))
        presentation.play(Feed(gopFrames: 30).events(seconds: 9)) { bench.keep($0.snapshot) }
        bench.stop()
        let again = try #require(try bench.restored(.low, seconds: 19))
        expect(again.presentation.snapshot, in: bench, toGoOnWith: presentation.snapshot)
    }

    /// A disk that lost its power, or an operator's mistake: whatever is damaged, what is served is what was published.
    @Test(arguments: ["head", "video/journal-0", "audio/journal-0"])
    func damageCostsWhatLiesBehindIt(path: String) throws {
        var random = SeededGenerator(seed: 21)
        let bench = WindowBench()
        let before = Self.keep(30, in: bench).snapshot
        let files = try bench.files().merging(["head": bench.bytes("head")]) { first, _ in first }
        let whole = try #require(files[path])
        for trial in 0..<150 {
            for (name, bytes) in files { try bench.overwrite(name, with: bytes) }
            var damaged = whole
            let position = trial < 60 ? trial * 2 : Int.random(in: damaged.indices, using: &random)
            if position < damaged.count { damaged[position] ^= UInt8.random(in: 1...255, using: &random) }
            if trial % 3 == 0, position < damaged.count {
                damaged.removeSubrange(position..<min(position + 9, damaged.count))
            }
            try bench.overwrite(path, with: damaged)
            guard let after = try bench.restored(.low, seconds: 31)?.presentation.snapshot else { continue }
            #expect(after.id == before.id && after.wallStart == before.wallStart)
            for rendition in after.renditions {
                for segment in rendition.segments {
                    for part in segment.parts where !part.isGap {
                        let published = before.rendition(rendition.name)?.part(part.number)
                        #expect(
                            bench.media(of: part.number, in: rendition) == published?.data?.array
                                && part.duration == published?.duration)
                    }
                }
            }
        }
    }

    @Test func mediaThatAreGoneAreNotServedAndTheRestIs() throws {
        let bench = WindowBench()
        let before = Self.keep(30, in: bench).snapshot
        try bench.disk.remove(bench.key("video/s3.m4s"))
        try bench.overwrite("audio/s5.m4s", with: Array(bench.bytes("audio/s5.m4s").dropLast()))
        let after = try #require(try bench.restored(.low, seconds: 30)).presentation.snapshot
        for rendition in after.renditions {
            for segment in rendition.segments {
                let isThere =
                    (rendition.name, segment.sequenceNumber) != ("video", 3)
                    && (rendition.name, segment.sequenceNumber) != ("audio", 5)
                let published = try #require(before.rendition(rendition.name))
                for part in segment.parts where !part.isGap {
                    let media = bench.media(of: part.number, in: rendition)
                    #expect(media == published.part(part.number)?.data?.array || media == nil && !isThere)
                }
            }
        }
    }

    @Test func anotherProfileBeginsAnewAndWhatWasIsOutdated() throws {
        let bench = WindowBench()
        _ = Self.keep(9, in: bench)
        let (newest, outdated) = try bench.found(.ultra, seconds: 9)
        #expect(newest == nil)
        #expect(outdated.map(\.path) == ["live/news/test"])
    }

    /// A machine that lost its power has made the next journal, and written nothing into it.
    @Test func anEmptyJournalIsNone() throws {
        let bench = WindowBench()
        _ = Self.keep(20, in: bench)
        let whole = try #require(try bench.restored(.low, seconds: 20)).presentation
        try bench.overwrite("head", with: bench.bytes("head") + PresentationRecord.stopped.bytes)
        for rendition in ["video", "audio"] { try bench.overwrite("\(rendition)/journal-256", with: []) }
        let found = try #require(try bench.restored(.low, seconds: 20))
        var presentation = found.presentation
        #expect(
            presentation.snapshot.renditions.map(\.nextPartNumber)
                == whole.snapshot.renditions.map(\.nextPartNumber))
        let feed = Feed(gopFrames: 30)
        bench.start(goingOnWith: [found])
        _ = presentation.beginRun(tracks: feed.tracks, sourceStart: .zero, now: Self.instant(20))
        presentation.play(feed.events(seconds: 9)) { bench.keep($0.snapshot) }
        bench.stop()
        let again = try #require(try bench.restored(.low, seconds: 29)).presentation.snapshot
        expect(again, in: bench, toGoOnWith: presentation.snapshot)
    }

    /// Somebody's files beside those of the server.
    @Test func whatIsNoPresentationIsLetBe() throws {
        let bench = WindowBench()
        _ = Self.keep(9, in: bench)
        for path in [
            "live/news/README.txt", "live/news/notes/a.txt", "live/news/x/video/s0.m4s", "live/news/x/cover.jpg",
        ] {
            _ = try bench.disk.create(#require(ObjectKey(path)))
        }
        #expect(try bench.found(.low, seconds: 9).outdated.isEmpty)
        // What is left of a removal is not somebody's.
        _ = try bench.disk.create(#require(ObjectKey("live/news/y/audio2/s0.m4s")))
        #expect(try bench.found(.low, seconds: 9).outdated.map(\.path) == ["live/news/y"])
        // Nor is what a machine that lost its power left of a beginning.
        _ = try bench.disk.create(#require(ObjectKey("live/news/z/head")))
        #expect(try bench.found(.low, seconds: 9).outdated.map(\.path) == ["live/news/y", "live/news/z"])
    }

    /// A channel that was left out of the configuration by mistake finds its window when it is back.
    @Test func theWindowOfAChannelThatIsNotConfiguredStaysWhileItIsOne() throws {
        let bench = WindowBench()
        _ = Self.keep(9, in: bench)
        func outdated(at seconds: Int64) throws -> [String] {
            try RestoredPresentation.outdated(
                ofChannel: "news", in: bench.disk,
                wallTime: WallTime(microseconds: 1_800_000_000_000_000 + seconds * 1_000_000),
                now: Self.instant(seconds)
            ).map(\.path)
        }
        #expect(try outdated(at: 60).isEmpty)
        #expect(try outdated(at: 90) == ["live/news/test"])
    }

    @Test func whatIsLostOrLongOverBeginsAnew() throws {
        let bench = WindowBench()
        #expect(try bench.restored(.low, seconds: 0) == nil)
        _ = Self.keep(9, in: bench)
        #expect(try bench.restored(.low, seconds: 60) != nil)
        let (newest, outdated) = try bench.found(.low, seconds: 3600)
        #expect(newest == nil && outdated.map(\.path) == ["live/news/test"])
        try bench.disk.remove(bench.key("head"))
        #expect(try bench.restored(.low, seconds: 9) == nil)
    }

    @Test func aPresentationThatHasEndedIsNotGoneOnWith() throws {
        let bench = WindowBench()
        var presentation = Self.keep(9, in: bench)
        let restored = try #require(try bench.restored(.low, seconds: 9))
        presentation = restored.presentation
        presentation.end()
        bench.start(goingOnWith: [restored])
        bench.keep(presentation.snapshot)
        bench.stop()
        #expect(try bench.restored(.low, seconds: 9) == nil)
    }

    @Test func splicesAreKeptOnceAndToldOfAgain() throws {
        let bench = WindowBench()
        func tags(_ presentation: Presentation) -> [Substring] {
            presentation.playlist("video").split(separator: "\n").filter { $0.hasPrefix("#EXT-X-DATERANGE") }
        }
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        var heads: [Int] = []
        bench.start()
        for life in Int64(0)..<3 {
            presentation.play(Feed(gopFrames: 30).events(seconds: 4, from: life * 10_000)) { bench.keep($0.snapshot) }
            for event: UInt32 in 1...2 {
                _ = presentation.append(
                    SpliceCue(
                        kind: .command, eventID: event, time: .milliseconds(life * 10_000 + 3000),
                        section: ByteChunk([0xFC, UInt8(event)])))
                bench.keep(presentation.snapshot)
            }
            bench.stop()
            heads.append(try bench.bytes("head").count)
            let restored = try #require(try bench.restored(.low, seconds: life * 10 + 5))
            #expect(tags(restored.presentation) == tags(presentation))
            #expect(Set(tags(presentation)).count == Int(life + 1) * 2)
            presentation = restored.presentation
            bench.start(goingOnWith: [restored])
            let goesOn = presentation.beginRun(
                tracks: Feed().tracks, sourceStart: .milliseconds(life * 10_000 + 10_000),
                now: Self.instant(life * 10 + 10))
            #expect(goesOn)
        }
        bench.stop()
        #expect(heads[2] - heads[1] == heads[1] - heads[0], "each is written once")
    }

    /// A crash between two presentations leaves both.
    @Test func theNewestOfSeveralGoesOn() throws {
        let bench = WindowBench()
        let feed = Feed(gopFrames: 30)
        bench.start()
        for (id, start) in [("old", Int64(0)), ("new", 20), ("middle", 10)] {
            var presentation = Presentation(
                id: id, profile: LatencyProfile(.low),
                wallStart: WallTime(microseconds: 1_800_000_000_000_000 + start * 1_000_000), start: Self.instant(start)
            )
            _ = presentation.beginRun(tracks: feed.tracks, sourceStart: .zero, now: Self.instant(start))
            presentation.play(feed.events(seconds: 5))
            bench.keep(presentation.snapshot)
        }
        bench.stop()
        let (newest, outdated) = try bench.found(.low, seconds: 30)
        #expect(newest?.presentation.id == "new")
        #expect(outdated.map(\.path).sorted() == ["live/news/middle", "live/news/old"])
    }
}
