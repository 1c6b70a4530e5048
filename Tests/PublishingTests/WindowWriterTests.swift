import Bytes
import Glibc
import HTTPTestClient
import Locks
import Media
import ObjectStore
import Packaging
import Publishing
import Runtime
import SampleFeed
import Testing
import Time

/// A disk's faults cost depth after a restart, and an alert, never the live edge.
@Suite(.timeLimit(.minutes(30))) struct WindowWriterTests {
    private static let feed = Feed(gopFrames: 30)

    /// The snapshots of so many seconds, one for each publication.
    private static func snapshots(_ seconds: Int64, _ profile: LatencyProfile.Name = .low) -> [PresentationSnapshot] {
        var presentation = Presentation.started(feed, profile)
        var snapshots: [PresentationSnapshot] = []
        presentation.play(feed.events(seconds: seconds)) { presentation in
            if presentation.version != snapshots.last?.version ?? 0 { snapshots.append(presentation.snapshot) }
        }
        return snapshots
    }

    @Test func aPublisherWaitsOnceForAStoreThatHangs() throws {
        let bench = WindowBench()
        let snapshots = Self.snapshots(10)
        bench.start()
        bench.store.block(true)
        let began = ContinuousClock.now
        for _ in 0..<10_000 {
            for snapshot in snapshots.suffix(2) { bench.keep(snapshot) }
        }
        // Were each to wait for its 3 ms, it would be a minute.
        #expect(ContinuousClock.now - began < .seconds(30))
        // A moment is not worth a word.
        #expect(bench.count(of: "window.write_slow") == 0)
        bench.clock.advance(by: .seconds(1))
        bench.keep(snapshots[snapshots.count - 1])
        #expect(bench.count(of: "window.write_slow") == 1)
        bench.store.block(false)
        bench.stop()
        expect(
            try #require(try bench.restored(.low, seconds: 10)).presentation.snapshot, in: bench,
            toGoOnWith: snapshots[snapshots.count - 1])
    }

    @Test func aSlowStoreIsToldOfOnceAMinute() throws {
        let bench = WindowBench()
        bench.start()
        var snapshots = Self.snapshots(30)[...]
        func hang() {
            guard let snapshot = snapshots.popFirst() else { return }
            bench.store.block(true)
            bench.keep(snapshot)
            bench.clock.advance(by: .seconds(1))
            bench.keep(snapshot)
            bench.store.block(false)
            bench.keepWhole(snapshot)
        }
        for _ in 0..<20 { hang() }
        #expect(bench.count(of: "window.write_slow") == 1)
        bench.clock.advance(by: .seconds(40))
        let isToldAgain = eventually {
            hang()
            return bench.count(of: "window.write_slow") == 2
        }
        #expect(isToldAgain)
        bench.stop()
    }

    /// Each write ends before it is worth a word, and the next one waits by then.
    @Test func aStoreThatNeverCatchesUpIsToldOf() throws {
        let bench = WindowBench()
        bench.start()
        let progress = Monitor((kept: 0, operations: 0))
        bench.store.plant { number, _, _ in
            progress.wait(for: .seconds(60)) { $0.kept >= number + 2 }
            bench.clock.advance(by: .milliseconds(5))
            progress.signal { $0.operations = number + 1 }
            return nil
        }
        for (number, snapshot) in Self.snapshots(60).enumerated() {
            bench.keep(snapshot)
            progress.signal { $0.kept = number + 1 }
            progress.wait(for: .seconds(60)) { $0.operations >= number - 1 }
        }
        #expect(bench.count(of: "window.write_slow") == 1)
        progress.signal { $0.kept = .max }
        bench.stop()
    }

    @Test func whatFailedOnceIsWrittenInItsPlace() throws {
        let snapshots = Self.snapshots(4)
        let whole = WindowBench()
        whole.start()
        for snapshot in snapshots { whole.keep(snapshot) }
        whole.stop()
        let files = try whole.files()
        #expect(files.count > 8)
        // The last one tells of the stop.
        for failing in 0..<whole.store.operations - 1 {
            let bench = WindowBench { number, _, _ in number == failing ? .failed(5) : nil }
            bench.start()
            for snapshot in snapshots { bench.keep(snapshot) }
            let hasFailed = eventually { bench.store.failures == 1 }
            #expect(hasFailed)
            bench.stop()
            let (kept, head) = (try bench.files(), try bench.bytes("head"))
            #expect(kept == files, "operation \(failing) failed")
            #expect(head == (try whole.bytes("head")))
        }
    }

    @Test(arguments: [StoreError.full, .failed(5)])
    func aStoreThatFailsIsToldOfOnceAndMadeUpForWhenItRecovers(error: StoreError) throws {
        let bench = WindowBench()
        let snapshots = Self.snapshots(20)
        bench.start()
        for snapshot in snapshots.prefix(40) { bench.keep(snapshot) }
        bench.store.plant { _, _, _ in error }
        for snapshot in snapshots.dropFirst(40) { bench.keep(snapshot) }
        let hasRetried = eventually { bench.store.failures >= 4 }
        #expect(hasRetried)
        #expect(bench.count(of: "window.write_failed") == 1 && bench.count(of: "window.write_recovered") == 0)
        bench.store.plant(nil)
        let hasRecovered = eventually { bench.count(of: "window.write_recovered") == 1 }
        #expect(hasRecovered)
        bench.stop()
        expect(
            try #require(try bench.restored(.low, seconds: 20)).presentation.snapshot, in: bench,
            toGoOnWith: snapshots[snapshots.count - 1])
        let whole = WindowBench()
        whole.start()
        for snapshot in snapshots { whole.keep(snapshot) }
        whole.stop()
        #expect(try bench.files() == whole.files())
    }

    /// A disk that is full has to get room from what nobody needs any more.
    @Test func aFullDiskIsRelievedOfWhatIsOld() throws {
        let bench = WindowBench()
        let snapshots = Self.snapshots(300, .ultra)
        bench.start()
        for snapshot in snapshots.prefix(snapshots.count / 6) { bench.keepWhole(snapshot) }
        #expect(try bench.names("video").contains("s30.m4s"))
        bench.store.plant { _, _, _ in .full }
        for snapshot in snapshots.suffix(2) { bench.keep(snapshot) }
        let isRelieved = eventually {
            ["video", "audio"].allSatisfy { (try? bench.names($0).contains("s30.m4s")) == false }
        }
        #expect(isRelieved)
        bench.stop()
    }

    @Test func whatCannotBeWrittenOfOneChannelLeavesTheOthersProtected() throws {
        let bench = WindowBench()
        bench.store.plant { _, _, key in key.path.contains("/bad/") ? .failed(13) : nil }
        bench.start()
        var bad = Presentation(
            id: "bad", profile: LatencyProfile(.low), wallStart: .epoch, start: Instant(nanoseconds: 0))
        _ = bad.beginRun(tracks: Self.feed.tracks, sourceStart: .zero, now: Instant(nanoseconds: 0))
        bad.play(Self.feed.events(seconds: 3))
        bench.keep(bad.snapshot)
        let hasFailed = eventually { bench.store.failures > 0 }
        #expect(hasFailed)
        let other = WindowBench()
        other.start()
        // When `keep` returns each is there as often as where nothing fails: always, but for a machine that is busy. One
        // that is late makes no other late.
        func isLate(_ snapshot: PresentationSnapshot, in bench: WindowBench) -> Bool {
            bench.keep(snapshot)
            guard let last = snapshot.renditions[0].segments.last, !last.isGap else { return false }
            let name = "video/\(MediaResource.segment(last.sequenceNumber).fileName)"
            defer { bench.keepWhole(snapshot) }
            return (try? bench.bytes(name).count) != last.byteCount
        }
        let snapshots = Self.snapshots(30)
        let late = snapshots.map { (isLate($0, in: bench), isLate($0, in: other)) }
        let (count, usual) = (late.count { $0.0 }, late.count { $0.1 })
        #expect(count < usual + snapshots.count / 2, "\(count) of \(snapshots.count) are late, \(usual) of the others")
        other.stop()
        bench.stop()
        #expect(bench.count(of: "window.write_failed") == 1 && bench.count(of: "window.write_recovered") == 0)
    }

    @Test func aDiskThatHangsDoesNotKeepAServerFromStopping() throws {
        let bench = WindowBench()
        bench.start()
        bench.store.block(true)
        for snapshot in Self.snapshots(3) { bench.keep(snapshot) }
        let began = ContinuousClock.now
        bench.stopSoon()
        // The disk hangs for a minute.
        #expect(ContinuousClock.now - began < .seconds(30))
        bench.store.block(false)
    }

    @Test(arguments: [0, 6])
    func anOlderSnapshotIsNotWrittenBehindANewerOne(inHand: Int) throws {
        let bench = WindowBench()
        let snapshots = Self.snapshots(10)
        var last = Array(snapshots.dropLast().suffix(7))
        bench.start()
        for snapshot in snapshots.dropLast(8) { bench.keepWhole(snapshot) }
        // The writer has one of them in hand while the others come, of two threads the wrong way round.
        bench.store.block(true)
        bench.keep(last.remove(at: inHand))
        #expect(eventually { bench.store.isHolding })
        for snapshot in last.reversed() { bench.keep(snapshot) }
        bench.store.block(false)
        bench.keepWhole(snapshots[snapshots.count - 1])
        bench.stop()
        let whole = WindowBench()
        whole.start()
        for snapshot in snapshots { whole.keep(snapshot) }
        whole.stop()
        #expect(try bench.files() == whole.files())
    }

    /// The disk was away for so long that media have left the window: the rest is where it belongs.
    @Test(arguments: [33, 60, 95] as [Int64])
    func whatLeftTheWindowIsMissingAndNothingElse(outage: Int64) throws {
        let bench = WindowBench()
        let snapshots = Self.snapshots(10 + outage + 20, .ultra)
        func isBefore(_ seconds: Int64) -> (PresentationSnapshot) -> Bool {
            { $0.renditions[0].edge ?? .zero < .milliseconds(seconds * 1000) }
        }
        bench.start()
        for snapshot in snapshots.prefix(while: isBefore(10)) { bench.keepWhole(snapshot) }
        bench.store.plant { _, _, _ in .full }
        bench.keep(try #require(snapshots.first { !isBefore(10)($0) }))
        let hasFailed = eventually { bench.count(of: "window.write_failed") == 1 }
        #expect(hasFailed)
        bench.store.plant(nil)
        for snapshot in snapshots.drop(while: isBefore(10 + outage)) { bench.keepWhole(snapshot) }
        bench.stop()
        let after = try #require(try bench.restored(.ultra, seconds: 30 + outage)).presentation.snapshot
        expect(after, in: bench, toGoOnWith: snapshots[snapshots.count - 1])
    }

    /// Nine minutes, with a full disk at the moment when a journal begins.
    @Test(arguments: [false, true])
    func journalsFollowOneAnotherAndWhatIsOldGoes(isFullAtTimes: Bool) throws {
        let bench = WindowBench()
        if isFullAtTimes {
            let left = Mutex(["video": 2, "audio": 2])
            bench.store.plant { _, operation, key in
                guard operation == .append, key.path.hasSuffix("journal-256") else { return nil }
                let rendition = key.path.contains("video") ? "video" : "audio"
                return left.withLock { left in
                    left[rendition, default: 0] -= 1
                    return left[rendition, default: 0] >= 0 ? .full : nil
                }
            }
        }
        var presentation = Presentation.started(Self.feed, .ultra)
        bench.start()
        var (last, sets) = (Int64(0), Set<[String]>())
        presentation.play(Self.feed.events(seconds: 540)) { presentation in
            // Every publication around the ends of journals, and a few at other times.
            let number = presentation.videoWindow?.segments.last?.sequenceNumber ?? 0
            guard number != last || [0, 1, 2, 254, 255].contains(number % 256) else { return }
            last = number
            bench.keepWhole(presentation.snapshot)
            for rendition in ["video", "audio"] {
                let names = (try? bench.names(rendition)) ?? []
                if !names.isEmpty { sets.insert(names.filter { $0.hasPrefix("journal") }) }
            }
        }
        bench.keepWhole(presentation.snapshot)
        bench.stop()
        #expect(
            sets == [
                ["journal-0"], ["journal-0", "journal-256"], ["journal-256"], ["journal-256", "journal-512"],
            ])
        for window in presentation.snapshot.renditions {
            let names = Set(try bench.names(window.name))
            #expect(names.filter { $0.hasSuffix(".m4s") } == Set(window.segments.map { "s\($0.sequenceNumber).m4s" }))
        }
        let after = try #require(try bench.restored(.ultra, seconds: 540)).presentation.snapshot
        expect(after, in: bench, toGoOnWith: presentation.snapshot)
        for (after, before) in zip(after.renditions, presentation.snapshot.renditions) {
            // What was growing is complete.
            #expect((0...1).contains(after.mediaSequence - before.mediaSequence))
        }
    }

    @Test func anEndedPresentationGoesWhenNobodyMayReadItAnyMore() throws {
        let bench = WindowBench()
        var presentation = Presentation.started(Self.feed, .low)
        presentation.play(Self.feed.events(seconds: 10))
        presentation.end()
        let snapshot = presentation.snapshot
        bench.start()
        bench.keep(snapshot)
        let isKept = eventually { (try? bench.names("video").isEmpty) == false }
        bench.clock.advance(by: snapshot.timeToRead - .milliseconds(1))
        var other = Presentation(
            id: "other", profile: LatencyProfile(.low), wallStart: .epoch, start: Instant(nanoseconds: 0))
        _ = other.beginRun(tracks: Self.feed.tracks, sourceStart: .zero, now: Instant(nanoseconds: 0))
        other.play(Self.feed.events(seconds: 2))
        // The writer has looked at what has ended when it has written this.
        bench.keep(other.snapshot)
        let isOtherKept = eventually {
            (try? bench.disk.open(ObjectKey("live/news/other/video/journal-0") ?? bench.key("head"))) != nil
        }
        #expect(isOtherKept)
        #expect(isKept)
        #expect(try !bench.names("video").isEmpty)
        bench.clock.advance(by: .milliseconds(1))
        let channel = try #require(ObjectKey("live/news"))
        #expect(eventually { (try? bench.disk.names(below: channel)) == ["other"] })
        bench.stop()
    }

    /// A folder in which a process has left ten seconds.
    private static func left() -> WindowBench {
        let bench = WindowBench()
        bench.start()
        var presentation = Presentation.started(feed, .low)
        presentation.play(feed.events(seconds: 10))
        bench.keepWhole(presentation.snapshot)
        bench.stop()
        return bench
    }

    @Test func whatIsOutdatedIsRemovedItsHeadFirst() throws {
        let bench = Self.left()
        let removed = Mutex<[String]>([])
        bench.store.watchRemovals { key in removed.withLock { $0.append(key.path) } }
        bench.start(removing: [try #require(ObjectKey("live/news/test"))])
        let channel = try #require(ObjectKey("live/news"))
        #expect(eventually { (try? bench.disk.names(below: channel).isEmpty) == true })
        bench.stop()
        #expect(removed.withLock { $0.first } == "live/news/test/head")
        #expect(removed.withLock { $0.contains("live/news/test/video/s0.m4s") })
    }

    /// A folder has thousands of files; a server that stops leaves to the next one what it has not removed.
    @Test func aStopDoesNotWaitForARemoval() throws {
        let bench = Self.left()
        let removals = Monitor(0)
        bench.store.watchRemovals { _ in
            removals.signal { $0 += 1 }
            usleep(200_000)
        }
        bench.start(removing: [try #require(ObjectKey("live/news/test"))])
        #expect(removals.wait(for: .seconds(60), until: { $0 > 0 }))
        bench.stop()
        let count = removals.withLock { $0 }
        #expect(!removals.wait(for: .seconds(1), until: { $0 > count }))
        #expect(try !bench.names("video").isEmpty)
    }
}
