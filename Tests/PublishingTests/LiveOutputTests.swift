import Bytes
import HLS
import Media
import Packaging
import Publishing
import Runtime
import Testing
import Time

@Suite(.timeLimit(.minutes(30))) struct LiveOutputTests {
    /// What became of waits, in order.
    final class Log: Sendable {
        let entries = Monitor<[String]>([])

        func note(_ name: String) -> LiveOutput.Resume {
            { outcome in
                let text =
                    switch outcome {
                    case .published(let snapshot): "\(name) \(snapshot.rendition("audio")?.nextPartNumber ?? -1)"
                    case .cancelled: "\(name) cancelled"
                    case .timedOut: "\(name) timed out"
                    case .shuttingDown: "\(name) shutting down"
                    }
                self.entries.signal { $0.append(text) }
            }
        }

        func expect(_ expected: [String], sourceLocation: SourceLocation = #_sourceLocation) {
            entries.wait(for: .seconds(60)) { $0.count >= expected.count }
            #expect(entries.withLock { $0 } == expected, sourceLocation: sourceLocation)
        }
    }

    /// An audio presentation that has published `parts` parts of 0.2 s.
    static func presentation(_ parts: Int, id: String = "one") -> Presentation {
        var presentation = Presentation(
            id: id, profile: LatencyProfile(.ultra), wallStart: .epoch, start: SystemClocks().now)
        let track = Track(
            codec: .aac, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk([0x11, 0x90]), codecString: "mp4a.40.2")
        _ = presentation.beginRun(tracks: [track], sourceStart: .zero, now: SystemClocks().now)
        var frame: Int64 = 0
        while presentation.audioWindows.first?.nextPartNumber ?? 0 < parts {
            let time = MediaTime(frame * 1024, Timescale(48_000)).converted(to: .milliseconds)
            presentation.appendAudio(
                Sample(data: ByteChunk([1]), decodeTime: time, presentationTime: time, isSync: true))
            frame += 1
        }
        return presentation
    }

    /// Two threads publish: the encoder's and the clock's.
    @Test func theNewestIsTheNewestInWhateverOrderTheyCome() {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        let (older, newer) = (Self.presentation(2).snapshot, Self.presentation(5).snapshot)
        output.publish(newer)
        output.publish(older)
        #expect(output.snapshot?.rendition("audio")?.nextPartNumber == 5)
        // The same holds for a presentation that another one has followed.
        output.end(newer, forgetAt: SystemClocks().now + .seconds(3600))
        output.publish(Self.presentation(1, id: "two").snapshot)
        output.publish(older)
        #expect(output.snapshot?.id == "two")
    }

    @Test func viewersAreWokenInOrderByWhatTheyWaitFor() {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        let log = Log()
        output.publish(Self.presentation(2).snapshot)
        let deadline = SystemClocks().now + .seconds(3600)
        output.wait(for: .part(rendition: "audio", number: 2), of: "one", until: deadline, resume: log.note("a"))
        output.wait(
            for: .playlist(rendition: "audio", AwaitedPosition(mediaSequence: 0, part: 2)), of: "one",
            until: deadline, resume: log.note("b"))
        output.wait(for: .part(rendition: "audio", number: 3), of: "one", until: deadline, resume: log.note("c"))
        #expect(output.waiterCount == 3)
        output.publish(Self.presentation(3).snapshot)
        log.expect(["a 3", "b 3"])
        output.publish(Self.presentation(4).snapshot)
        log.expect(["a 3", "b 3", "c 4"])
    }

    @Test func theOrderInWhichTheyCameHoldsAcrossWhatTheyWaitFor() {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        let log = Log()
        output.publish(Self.presentation(2).snapshot)
        let deadline = SystemClocks().now + .seconds(60)
        let playlist = Awaited.playlist(rendition: "audio", AwaitedPosition(mediaSequence: 0, part: 2))
        for number in 0..<6 {
            let awaited = number.isMultiple(of: 2) ? .part(rendition: "audio", number: 2) : playlist
            output.wait(for: awaited, of: "one", until: deadline, resume: log.note("\(number)"))
        }
        output.publish(Self.presentation(3).snapshot)
        log.expect((0..<6).map { "\($0) 3" })
    }

    /// Of those who wait for the same thing, one who came later may have less time.
    @Test func eachWaitHasADeadlineOfItsOwn() {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        let log = Log()
        output.publish(Self.presentation(2).snapshot)
        let awaited = Awaited.part(rendition: "audio", number: 2)
        let now = SystemClocks().now
        output.wait(for: awaited, of: "one", until: now + .seconds(60), resume: log.note("a"))
        output.wait(for: awaited, of: "one", until: now + .milliseconds(50), resume: log.note("b"))
        output.wait(for: awaited, of: "one", until: now + .milliseconds(300), resume: log.note("c"))
        log.expect(["b timed out", "c timed out"])
        #expect(output.waiterCount == 1)
        output.publish(Self.presentation(3).snapshot)
        log.expect(["b timed out", "c timed out", "a 3"])
    }

    @Test func whatIsThereAlreadyEndsTheWaitAtOnce() {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        let log = Log()
        output.publish(Self.presentation(3).snapshot)
        output.wait(
            for: .part(rendition: "audio", number: 1), of: "one", until: SystemClocks().now + .seconds(3600),
            resume: log.note("a"))
        log.expect(["a 3"])
    }

    @Test func anotherPresentationCancelsTheWaitsForTheFirst() {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        let log = Log()
        output.publish(Self.presentation(2).snapshot)
        output.wait(
            for: .part(rendition: "audio", number: 2), of: "one", until: SystemClocks().now + .seconds(3600),
            resume: log.note("a"))
        output.publish(Self.presentation(5, id: "two").snapshot)
        log.expect(["a cancelled"])
    }

    @Test func anEndedPresentationIsReadToItsEndBesideTheNextAndThenForgotten() throws {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        let log = Log()
        var first = Self.presentation(2)
        output.publish(first.snapshot)
        let deadline = SystemClocks().now + .seconds(3600)
        output.wait(
            for: .playlist(rendition: "audio", AwaitedPosition(mediaSequence: 1, part: nil)), of: "one",
            until: deadline, resume: log.note("a"))
        first.end()
        output.end(first.snapshot, forgetAt: Instant(nanoseconds: 1000))
        output.publish(Self.presentation(5, id: "two").snapshot)
        log.expect(["a 2"])
        let ended = try #require(output.snapshot(of: "one"))
        #expect(ended.rendition("audio")?.isEnded == true)
        #expect(output.snapshot?.id == "two" && output.snapshot(of: "two")?.id == "two")
        output.forgetEnded(at: Instant(nanoseconds: 999))
        #expect(output.snapshot(of: "one") != nil)
        output.forgetEnded(at: Instant(nanoseconds: 1000))
        #expect(output.snapshot(of: "one") == nil)
    }

    /// Whoever is woken by the end asks at once for what it lists.
    @Test func whatHasEndedIsTheNewestUntilTheNextBegins() {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        var first = Self.presentation(2)
        output.publish(first.snapshot)
        first.end()
        output.end(first.snapshot, forgetAt: Instant(nanoseconds: 1000))
        let found = [output.snapshot(of: "one"), output.snapshot].compactMap(\.self) + output.snapshots
        #expect(found.count == 4 && found.allSatisfy { $0.rendition("audio")?.isEnded == true })
        output.publish(Self.presentation(5, id: "two").snapshot)
        #expect(output.snapshot(of: "one")?.rendition("audio")?.isEnded == true)
        #expect(output.snapshots.map(\.id) == ["two", "one"])
        // The end of another one does not take its place.
        first = Self.presentation(3, id: "three")
        first.end()
        output.end(first.snapshot, forgetAt: Instant(nanoseconds: 1000))
        #expect(output.snapshot?.id == "two")
    }

    @Test func aWaitEndsAtItsDeadline() {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        let log = Log()
        output.publish(Self.presentation(2).snapshot)
        output.wait(
            for: .part(rendition: "audio", number: 2), of: "one", until: SystemClocks().now + .milliseconds(50),
            resume: log.note("a"))
        log.expect(["a timed out"])
        #expect(output.waiterCount == 0)
    }

    @Test func closingEndsAllWaitsAndThoseThatComeLater() {
        let waker = Waker()
        let output = LiveOutput(waker: waker)
        let log = Log()
        output.publish(Self.presentation(2).snapshot)
        let deadline = SystemClocks().now + .seconds(3600)
        output.wait(for: .part(rendition: "audio", number: 2), of: "one", until: deadline, resume: log.note("a"))
        output.close()
        output.wait(for: .part(rendition: "audio", number: 2), of: "one", until: deadline, resume: log.note("b"))
        log.expect(["a shutting down", "b shutting down"])
        waker.stop()
    }

    @Test func severalEndedPresentationsAreReadableEachForItsTime() {
        let waker = Waker()
        defer { waker.stop() }
        let output = LiveOutput(waker: waker)
        for (position, id) in ["one", "two", "three"].enumerated() {
            var presentation = Self.presentation(2, id: id)
            presentation.end()
            output.end(presentation.snapshot, forgetAt: Instant(nanoseconds: Int64(position + 1) * 1000))
        }
        #expect(output.snapshots.map(\.id) == ["three", "two", "one"])
        output.forgetEnded(at: Instant(nanoseconds: 1500))
        #expect(output.snapshots.map(\.id) == ["three", "two"])
        for position in 0..<100 {
            output.end(Self.presentation(2, id: "p\(position)").snapshot, forgetAt: Instant(nanoseconds: 9000))
        }
        #expect(output.snapshots.count < 10, "an encoder that changes at every moment costs no more")
    }
}
