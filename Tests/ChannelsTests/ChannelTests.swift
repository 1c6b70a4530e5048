import Bytes
import Ingest
import Locks
import Media
import Packaging
import Publishing
import Testing
import Time

@testable import Channels

/// What viewers get of what encoders send.
@Suite struct ChannelTests {
    @Test func theChannelOutlivesItsEncoder() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let first = try bench.publish(ChannelBench.video)
        bench.feed(first, milliseconds: 0..<5000)
        first.end()
        let before = try #require(channel.output.snapshot)
        bench.clock.advance(by: .seconds(20))
        let second = try bench.publish(ChannelBench.video)
        bench.feed(second, milliseconds: 0..<5000)
        let after = try #require(channel.output.snapshot)
        #expect(after.id == before.id)
        let window = try #require(after.rendition("video"))
        #expect(window.segments.filter { $0.isDiscontinuous }.count == 1)
        #expect(window.segments.map { $0.sequenceNumber } == Array(0..<Int64(window.segments.count)))
    }

    /// Its rendition was there from the start.
    @Test func soundThatComesLaterIsHeardInTheSamePresentation() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video)
        bench.feed(opened, milliseconds: 0..<5000)
        let before = try #require(channel.output.snapshot)
        #expect(before.renditions.map { $0.name } == ["video", "audio"])
        bench.clock.advance(by: .seconds(5))
        opened.receive(.track(ChannelBench.audio), arrival: bench.clock.now)
        bench.feed(opened, milliseconds: 5000..<9000)
        let after = try #require(channel.output.snapshot)
        #expect(after.id == before.id)
        let window = try #require(after.rendition("video"))
        #expect(window.segments.filter { $0.isDiscontinuous }.map(\.start) == [.milliseconds(5000)])
        #expect(
            after.rendition("audio")?.initializations.last?.track.decoderConfiguration
                == ChannelBench.audio.decoderConfiguration)
    }

    @Test func soundCodedAsNobodyExpectedBeginsANewPresentation() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video)
        bench.feed(opened, milliseconds: 0..<5000)
        let before = try #require(channel.output.snapshot)
        bench.clock.advance(by: .seconds(5))
        opened.receive(.track(ChannelBench.surround), arrival: bench.clock.now)
        bench.feed(opened, milliseconds: 5000..<9000)
        let after = try #require(channel.output.snapshot)
        #expect(after.id != before.id)
        #expect(after.renditions.map { $0.name } == ["video", "audio"])
        let ended = try #require(channel.output.snapshot(of: before.id), "its viewers play it to the end")
        #expect(ended.rendition("video")?.isEnded == true)
        bench.clock.advance(by: .seconds(600))
        channel.tick()
        #expect(channel.output.snapshot(of: before.id) == nil)
    }

    /// Each presentation counts its own changes: the new one's version may be the old one's.
    @Test func aNewPresentationIsPublishedWhateverItsVersion() throws {
        let bench = ChannelBench(LatencyProfile(.standard), tracks: .video)
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video)
        bench.feed(opened, milliseconds: 0..<960)
        let before = try #require(channel.output.snapshot)
        let other = Track(
            codec: .hevc, format: ChannelBench.video.format,
            decoderConfiguration: ChannelBench.video.decoderConfiguration,
            codecString: "hvc1.1.6.L93.B0")
        opened.receive(.track(other), arrival: bench.clock.now)
        bench.feed(opened, milliseconds: 1000..<1040)
        let after = try #require(channel.output.snapshot)
        #expect(after.id != before.id && after.version == before.version, "\(after.version) \(before.version)")
        #expect(channel.output.snapshot(of: before.id)?.rendition("video")?.isEnded == true)
    }

    @Test func anEncoderThatFallsSilentIsLeftBehindAfterTwoSecondsAndBeginsAgainWithAKeyFrame() throws {
        let bench = ChannelBench(tracks: .video)
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video)
        for second in Int64(0)..<4 {
            bench.feed(opened, milliseconds: second * 1000..<second * 1000 + 1000)
            bench.clock.advance(by: .seconds(1))
        }
        let begun = try #require(channel.output.snapshot?.rendition("video")).nextPartNumber
        bench.clock.advance(by: .milliseconds(900))
        channel.tick()
        #expect(channel.output.snapshot?.rendition("video")?.nextPartNumber == begun, "a hiccup is no silence")
        bench.clock.advance(by: .milliseconds(100))
        channel.tick()
        #expect(channel.output.snapshot?.rendition("video")?.nextPartNumber != begun, "two seconds are")
        for _ in 0..<60 {
            bench.clock.advance(by: .milliseconds(50))
            channel.tick()
        }
        let silent = try #require(channel.output.snapshot?.rendition("video"))
        #expect(silent.edge == .milliseconds(8000), "the clock stands at 8 s")
        #expect(silent.segments.filter { $0.isGap }.count >= 2)
        // The frames go on where they stopped, in the middle of a group of pictures: shown from the next key frame on.
        bench.feed(opened, milliseconds: 4000..<4960, hasKeys: false)
        let waiting = try #require(channel.output.snapshot?.rendition("video"))
        #expect(waiting.nextPartNumber == silent.nextPartNumber)
        bench.feed(opened, milliseconds: 5000..<8000)
        let window = try #require(channel.output.snapshot?.rendition("video"))
        let returned = window.segments.filter { $0.isDiscontinuous }
        #expect(returned.count == 1 && returned.first?.isGap == false)
    }

    @Test func aChannelBeginsWithItsFirstKeyFrame() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video)
        bench.feed(opened, milliseconds: 40..<1000, hasKeys: false)
        bench.clock.advance(by: .seconds(1))
        let began = bench.clock.wallTime
        bench.feed(opened, milliseconds: 1000..<4000)
        let first = try #require(channel.output.snapshot?.rendition("video")?.segments.first)
        #expect(first.start == .zero && first.programDateTime == began)
        #expect(first.duration == .milliseconds(1000))
    }

    @Test func silenceGoesOnAfterTheEncoderHasLeftAtThePaceOfTheMonotonicClock() throws {
        let bench = ChannelBench(tracks: .video)
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video)
        bench.feed(opened, milliseconds: 0..<3000)
        bench.clock.advance(by: .seconds(3))
        opened.end()
        bench.clock.setWallTime(.epoch)
        bench.clock.advance(by: .seconds(5))
        channel.tick()
        let window = try #require(channel.output.snapshot?.rendition("video"))
        #expect(window.edge == .milliseconds(8000))
        let dates = window.segments.map(\.programDateTime)
        #expect(dates == dates.sorted())
        #expect(window.isEnded == false)
        channel.stop()
        bench.clock.advance(by: .seconds(5))
        channel.tick()
        #expect(
            channel.output.snapshot?.rendition("video")?.edge == .milliseconds(8000), "it is stopped")
    }

    @Test func keyFramesThatComeTooRarelyAreToldToThePublisher() throws {
        let bench = ChannelBench()
        let encoder = ChannelBench.Encoder()
        let opened = try bench.publish(ChannelBench.video, for: encoder)
        bench.feed(opened, milliseconds: 0..<9000, gop: 8000)
        #expect(encoder.warnings.withLock { $0 } == ["NetStream.Publish.KeyframeInterval"])
    }

    /// Nobody who hears another track notices.
    @Test(arguments: [true, false]) func aTrackOfSoundThatPausesHasAHole(hasVideo: Bool) throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let opened = try bench.open()
        var second = ChannelBench.audio
        second.index = 1
        for track in (hasVideo ? [ChannelBench.video] : []) + [ChannelBench.audio, second] {
            opened.receive(.track(track), arrival: bench.clock.now)
        }
        for frame in Int64(0)..<700 {
            let time = (frame * 1024 + 24) / 48
            if hasVideo, frame % 2 == 0 { bench.feed(opened, milliseconds: time..<time + 1) }
            bench.sound(opened, milliseconds: time)
            if !(4000..<9000).contains(time) { bench.sound(opened, milliseconds: time, track: 1) }
            bench.clock.advance(by: .microseconds(21_333))
            channel.tick()
        }
        let snapshot = try #require(channel.output.snapshot)
        for rendition in snapshot.renditions where hasVideo || rendition.name != "video" {
            #expect(!rendition.segments.contains { $0.isDiscontinuous })
            #expect(rendition.edge ?? .zero > .milliseconds(14_500))
            let gaps = rendition.segments.flatMap(\.parts).filter(\.isGap).reduce(0) { $0 + $1.duration.seconds }
            #expect(rendition.name == "audio2" ? (4.5...5.5).contains(gaps) : gaps == 0, "\(rendition.name): \(gaps)")
        }
        #expect(snapshot.renditions.last?.segments.last?.parts.last?.isGap == false)
    }

    /// One track's clock wraps a moment before the other's, just as a key frame comes.
    @Test(arguments: [true, false]) func tracksThatJumpOneAfterTheOtherAreOneDiscontinuity(videoFirst: Bool) throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video, ChannelBench.audio)
        let old: Int64 = 2_000_000_000
        for time in stride(from: Int64(0), to: 4000, by: 40) {
            bench.feed(opened, milliseconds: old + time..<old + time + 40, hasKeys: time % 1000 == 0)
            bench.sound(opened, milliseconds: old + time)
        }
        bench.clock.advance(by: .seconds(4))
        for time in stride(from: Int64(0), to: 4000, by: 40) {
            let isBetween = time < 120
            let (videoTime, audioTime) = (
                isBetween && !videoFirst ? old + 4000 + time : time, isBetween && videoFirst ? old + 4000 + time : time
            )
            let isKey = time % 1000 == (videoFirst ? 0 : 120)
            bench.feed(opened, milliseconds: videoTime..<videoTime + 40, hasKeys: isKey)
            bench.sound(opened, milliseconds: audioTime)
        }
        let snapshot = try #require(channel.output.snapshot)
        for rendition in snapshot.renditions {
            #expect(rendition.segments.filter(\.isDiscontinuous).count == 1)
            let edge = try #require(rendition.edge)
            #expect(edge > .milliseconds(7000) && edge < .milliseconds(8300))
            #expect(rendition.segments.flatMap(\.parts).allSatisfy { $0.duration <= snapshot.profile.partTarget })
        }
    }

    /// After a jump, sound comes first and then pictures that need one that is lost.
    @Test func aRunBeginsWithAKeyFrameThoughSoundCameBefore() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video, ChannelBench.audio)
        for time in stride(from: Int64(0), to: 4000, by: 40) {
            bench.sound(opened, milliseconds: time)
            bench.feed(opened, milliseconds: time..<time + 40, hasKeys: time == 1000 || time == 2000)
        }
        let renditions = try #require(channel.output.snapshot).renditions
        let starts = renditions.compactMap { $0.segments.first?.start.seconds }
        #expect(starts.count == 2 && starts[0] == 0 && starts[1] < 0.1)
        for rendition in renditions {
            #expect(rendition.segments.flatMap(\.parts).allSatisfy { $0.duration <= .milliseconds(215) })
            #expect((rendition.edge?.seconds ?? 0) < 3.1)
        }
    }

    @Test(arguments: [true, false])
    func aTrackWhoseTimesStandStillDoesNotStopTheOther(isSound: Bool) throws {
        let bench = ChannelBench(LatencyProfile(.low))
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video, ChannelBench.audio)
        for time in stride(from: Int64(0), to: 40_000, by: 20) {
            let stands = time >= 5000
            if time % 40 == 0 {
                let picture = stands && !isSound ? 5000 : time
                bench.feed(opened, milliseconds: picture..<picture + 40, hasKeys: picture % 1000 == 0)
            }
            bench.sound(opened, milliseconds: stands && isSound ? 5000 : time)
            bench.clock.advance(by: .milliseconds(20))
            channel.tick()
        }
        let snapshot = try #require(channel.output.snapshot)
        let goingOn = try #require(snapshot.renditions[isSound ? 0 : 1].segments.last)
        #expect(goingOn.parts.contains { !$0.isGap })
        #expect(snapshot.renditions.allSatisfy { ($0.edge ?? .zero) > .milliseconds(38_000) })
        opened.end()
    }

    @Test func aJumpOfTheSourcesClockIsADiscontinuityNotAHole() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video)
        bench.feed(opened, milliseconds: 0..<4000)
        bench.clock.advance(by: .seconds(4))
        bench.feed(opened, milliseconds: 9_000_000..<9_004_000)
        let window = try #require(channel.output.snapshot?.rendition("video"))
        #expect(window.segments.filter { $0.isDiscontinuous }.count == 1)
        let edge = try #require(window.edge)
        #expect(edge < .milliseconds(10_000))
        #expect(!window.segments.contains { $0.isGap })
    }

    /// Its clock jumps, and nothing comes any more that would tell what that means.
    @Test func whatIsHeldBackIsPublishedInTime() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video, ChannelBench.audio)
        for time in stride(from: Int64(0), to: 4000, by: 40) {
            bench.feed(opened, milliseconds: time..<time + 40, hasKeys: time % 1000 == 0)
            bench.sound(opened, milliseconds: time)
        }
        bench.feed(opened, milliseconds: 9_000_000..<9_000_480)
        bench.clock.advance(by: .milliseconds(900))
        channel.tick()
        let before = try #require(channel.output.snapshot?.rendition("video")).nextPartNumber
        bench.clock.advance(by: .milliseconds(100))
        channel.tick()
        let window = try #require(channel.output.snapshot?.rendition("video"))
        #expect(window.nextPartNumber > before && window.segments.last?.isDiscontinuous == true)
    }

    /// What the old one has left open is published when it is replaced, not when the clock looks next.
    @Test func whatTheReplacedEncoderLeftOpenIsPublishedAtOnce() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let first = try bench.publish(ChannelBench.video)
        bench.feed(first, milliseconds: 0..<3120)
        let before = try #require(channel.output.snapshot?.rendition("video")?.nextPartNumber)
        bench.clock.advance(by: .seconds(2))
        _ = try bench.open()
        #expect(try #require(channel.output.snapshot?.rendition("video")?.nextPartNumber) > before)
    }

    /// Pictures that nothing can be made of are no pictures: the viewers' time goes on as in any silence.
    @Test func anEncoderWhosePicturesCannotBeShownIsSilentToo() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.video)
        bench.feed(opened, milliseconds: 0..<4000)
        bench.clock.advance(by: .seconds(4))
        // Another configuration, and then no key frame for long.
        let other = Track(
            codec: .h264, format: .video(VideoFormat(width: 640, height: 360)),
            decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 1]), codecString: "avc1.64001f")
        opened.receive(.track(other), arrival: bench.clock.now)
        for second in Int64(4)..<10 {
            bench.feed(opened, milliseconds: second * 1000..<second * 1000 + 1000, hasKeys: false)
            bench.clock.advance(by: .seconds(1))
            channel.tick()
        }
        let silent = try #require(channel.output.snapshot?.rendition("video"))
        #expect(silent.edge ?? .zero > .milliseconds(9500) && silent.segments.last?.isGap == true)
    }
}
