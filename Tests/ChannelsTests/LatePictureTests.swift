import Bytes
import HLS
import Ingest
import Media
import Packaging
import Publishing
import Telemetry
import Testing
import Time

@testable import Channels

/// Pictures that come after the sound: their rendition was there from the start, as missing media.
@Suite struct LatePictureTests {
    /// Plays sound in `milliseconds`, and with it pictures from `pictures` on.
    private static func play(
        _ bench: ChannelBench, _ feed: any Feed, _ milliseconds: Range<Int64>, pictures: Int64 = .max
    ) throws {
        let channel = try bench.channel
        for frame in (milliseconds.lowerBound * 48 / 1024)..<(milliseconds.upperBound * 48 / 1024) {
            let time = frame * 1024 / 48
            if time >= pictures, frame % 2 == 0 { bench.feed(feed, milliseconds: time..<time + 1, gop: 1) }
            bench.sound(feed, milliseconds: time)
            bench.clock.advance(by: .microseconds(21_333))
            channel.tick()
        }
    }

    private static func multivariant(_ snapshot: PresentationSnapshot) -> String {
        String(decoding: snapshot.multivariantPlaylist.rendered(), as: UTF8.self)
    }

    @Test(arguments: [LatencyProfile(.ultra), LatencyProfile(.standard, targetDuration: 2)])
    func picturesJoinThePresentationThatSoundHasBegun(profile: LatencyProfile) throws {
        let bench = ChannelBench(profile)
        let channel = try bench.channel
        let opened = try bench.publish(ChannelBench.audio)
        try Self.play(bench, opened, 0..<8000)
        let alone = try #require(channel.output.snapshot)
        #expect(alone.isPlayable && Self.multivariant(alone).contains("/audio/index.m3u8"))
        #expect(!Self.multivariant(alone).contains("video"))
        let sound = try #require(alone.rendition("audio"))
        #expect(
            !String(decoding: alone.playlist(of: sound).rendered(), as: UTF8.self).contains("../video/"),
            "no report on what nobody knows of")

        opened.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        try Self.play(bench, opened, 8000..<16_000, pictures: 8000)
        let both = try #require(channel.output.snapshot)
        #expect(both.id == alone.id && both.isPlayable)
        #expect(Self.multivariant(both).contains("/video/index.m3u8"))
        let (video, audio) = (try #require(both.rendition("video")), try #require(both.rendition("audio")))
        #expect(video.mediaSequence == audio.mediaSequence)
        #expect(video.segments.map(\.sequenceNumber) == audio.segments.map(\.sequenceNumber))
        #expect(video.segments.map(\.isDiscontinuous) == audio.segments.map(\.isDiscontinuous))
        for (pictures, sounds) in zip(video.segments, audio.segments) {
            #expect(abs((pictures.start - sounds.start).seconds) < 0.03)
            #expect(abs((pictures.programDateTime - sounds.programDateTime) / .milliseconds(1)) < 30)
        }
        let join = try #require(video.segments.firstIndex { !$0.isGap })
        #expect(abs(video.segments[join].start.seconds - 8) < 0.1)
        #expect(video.segments[..<join].allSatisfy(\.isGap) && !video.segments[join...].contains(where: \.isGap))
        #expect(video.segments.filter(\.isDiscontinuous).map(\.start) == [video.segments[join].start])
        #expect(!audio.segments.contains { $0.isGap })
    }

    /// An encoder that comes back may send sound first.
    @Test func soundThatComesBackBeforeThePicturesGoesOn() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let first = try bench.publish(ChannelBench.video, ChannelBench.audio)
        try Self.play(bench, first, 0..<5000, pictures: 0)
        let before = try #require(channel.output.snapshot)
        first.end()
        let second = try bench.publish(ChannelBench.audio)
        try Self.play(bench, second, 0..<4000)
        second.receive(.track(ChannelBench.video), arrival: bench.clock.now)
        try Self.play(bench, second, 4000..<8000, pictures: 4000)
        let after = try #require(channel.output.snapshot)
        #expect(after.id == before.id)
        let (video, audio) = (try #require(after.rendition("video")), try #require(after.rendition("audio")))
        #expect(video.segments.map(\.isDiscontinuous) == audio.segments.map(\.isDiscontinuous))
        #expect(video.segments.filter(\.isDiscontinuous).count == 2)
        // Both lack the second for which the sound waited for a picture.
        let missing = [video, audio].map { rendition in
            rendition.segments.filter(\.isGap).reduce(0) { $0 + $1.duration.seconds }
        }
        #expect(abs(missing[0] - missing[1] - 4) < 0.3 && missing[1] < 1.3, "\(missing) s")
    }

    /// A channel of sound alone expects none.
    @Test func aChannelOfSoundHasNoPictures() throws {
        let bench = ChannelBench(tracks: .audio)
        let opened = try bench.publish(ChannelBench.audio)
        try Self.play(bench, opened, 0..<3000)
        let channel = try bench.channel
        #expect(channel.output.snapshot?.renditions.map(\.name) == ["audio"])
    }

    /// It is for a time to come.
    @Test func aSpliceThatComesBeforeTheMediaIsKept() throws {
        let bench = ChannelBench()
        let channel = try bench.channel
        let opened = try bench.open()
        let cue = SpliceCue(
            kind: .out, eventID: 7, time: .milliseconds(4000), duration: .milliseconds(2000),
            section: ByteChunk([0xFC, 0x30]))
        opened.receive(.splice(cue), arrival: bench.clock.now)
        for track in [ChannelBench.video, ChannelBench.audio] {
            opened.receive(.track(track), arrival: bench.clock.now)
        }
        try Self.play(bench, opened, 0..<3000, pictures: 0)
        let snapshot = try #require(channel.output.snapshot)
        let video = try #require(snapshot.rendition("video"))
        let playlist = String(decoding: snapshot.playlist(of: video).rendered(), as: UTF8.self)
        #expect(playlist.contains("#EXT-X-DATERANGE:") && playlist.contains("PLANNED-DURATION=2"))
    }

    /// What the timeline has no place for is counted as what nothing could be shown from.
    @Test func whatTheTimelineDropsIsCounted() throws {
        let registry = MetricsRegistry()
        let bench = ChannelBench(registry: registry)
        let opened = try bench.publish(ChannelBench.video, ChannelBench.audio)
        try Self.play(bench, opened, 0..<3000, pictures: 0)
        for _ in 0..<5 { bench.sound(opened, milliseconds: 2500) }
        bench.sound(opened, milliseconds: 3000)
        #expect(
            registry.prometheusText().contains("headwater_channel_dropped_samples_total{channel=\"news\"} 5\n"))
    }
}
