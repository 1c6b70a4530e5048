import Bytes
import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// Several audio tracks: each is a rendition of its own, in step with the picture.
@Suite struct AudioTracksTests {
    static func track(_ index: Int, _ language: String?, name: String? = nil, rate: UInt32 = 48_000) -> Track {
        var track = Feed(sampleRate: rate).audio
        (track.index, track.language, track.name) = (index, language, name)
        return track
    }

    static let languages = [track(0, "en", name: "English"), track(1, "de", rate: 44_100), track(2, nil)]

    static func started(_ tracks: [Track] = languages, hasVideo: Bool = true) -> Presentation {
        var presentation = Presentation(
            id: "test", profile: LatencyProfile(.low), wallStart: WallTime(microseconds: 1_800_000_000_000_000),
            start: Instant(nanoseconds: 0))
        _ = presentation.beginRun(
            tracks: (hasVideo ? [Feed.video] : []) + tracks, sourceStart: .zero, now: Instant(nanoseconds: 0))
        return presentation
    }

    /// Picture and the sound of all tracks, as they come from one source: a sample of a time in milliseconds, of the audio
    /// track at that place or of the video, comes when `arrival` says, or never. The bytes of a sound are its language's.
    static func play(
        _ presentation: inout Presentation, from start: Int64 = 0, seconds: Int64, tracks: [Track] = languages,
        arrival: (_ place: Int?, _ time: Int64) -> Int64? = { $1 }, each: (Presentation) -> Void = { _ in }
    ) {
        var events: [(arrival: Int64, place: Int?, sample: Sample)] = []
        for event in Feed(gopFrames: 30, hasAudio: false).events(seconds: seconds, from: start) {
            guard case .video(let sample) = event, let time = arrival(nil, sample.decodeTime.value) else { continue }
            events.append((time, nil, sample))
        }
        for (place, track) in tracks.enumerated() {
            let feed = Feed(sampleRate: track.timescale.ticksPerSecond, hasVideo: false)
            for event in feed.events(seconds: seconds, from: start) {
                guard case .audio(let sample) = event, let time = arrival(place, sample.decodeTime.value) else {
                    continue
                }
                let data = ByteChunk([UInt8](repeating: track.language?.utf8.first ?? 0, count: 20))
                events.append(
                    (
                        time, place,
                        Sample(
                            data: data, decodeTime: sample.decodeTime, presentationTime: sample.presentationTime,
                            isSync: true)
                    ))
            }
        }
        for event in events.sorted(by: { $0.arrival < $1.arrival }) {
            if let place = event.place {
                presentation.appendAudio(event.sample, track: place)
            } else {
                _ = presentation.appendVideo(event.sample)
            }
            each(presentation)
        }
    }

    /// How much of each rendition is missing, in seconds.
    static func holes(_ presentation: Presentation) -> [String: Double] {
        let holes = presentation.snapshot.renditions.map { rendition in
            (rendition.name, rendition.segments.flatMap(\.parts).filter(\.isGap).reduce(0) { $0 + $1.duration.seconds })
        }
        return Dictionary(uniqueKeysWithValues: holes)
    }

    static func multivariant(_ presentation: Presentation) -> [Substring] {
        String(decoding: presentation.snapshot.multivariantPlaylist.rendered(), as: UTF8.self).split(separator: "\n")
    }

    @Test func eachTrackIsARenditionWithItsLanguage() throws {
        var presentation = Self.started()
        Self.play(&presentation, seconds: 20)
        #expect(presentation.snapshot.renditions.map(\.name) == ["video", "audio", "audio2", "audio3"])
        let text = String(decoding: presentation.snapshot.multivariantPlaylist.rendered(), as: UTF8.self)
        let media = text.split(separator: "\n").filter { $0.hasPrefix("#EXT-X-MEDIA") }
        try #require(media.count == 3)
        #expect(media[0].contains("NAME=\"English\",DEFAULT=YES,AUTOSELECT=YES,LANGUAGE=\"en\""))
        #expect(media[1].contains("NAME=\"de\",DEFAULT=NO,AUTOSELECT=YES,LANGUAGE=\"de\""))
        #expect(media[2].contains("NAME=\"Audio 3\",DEFAULT=NO,AUTOSELECT=YES,LANGUAGE=\"und\""))
        #expect(media[1].contains("URI=\"test/audio2/index.m3u8\""))
        #expect(text.contains("CODECS=\"avc1.64001f,mp4a.40.1\""), "each codec once")
        // Every playlist reports on every other.
        let reports = presentation.playlist("audio2").split(separator: "\n").filter { $0.hasPrefix("#EXT-X-RENDITION") }
        #expect(reports.contains { $0.contains("../audio3/") } && reports.count == 3)
    }

    /// §4.4.6.2: who cannot decode one way of coding takes the variant with the other.
    @Test func soundCodedOtherwiseIsAGroupOfItsOwn() throws {
        let surround = Track(
            codec: .ac3, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 6, samplesPerFrame: 1536)),
            decoderConfiguration: ByteChunk([0x10, 0x3D, 0xC0]), codecString: "ac-3")
        var presentation = Self.started([Self.track(0, "en"), Self.track(1, "de"), surround])
        Self.play(&presentation, seconds: 4, tracks: [Self.track(0, "en"), Self.track(1, "de")])
        let lines = Self.multivariant(presentation)
        let media = lines.filter { $0.hasPrefix("#EXT-X-MEDIA") }
        let variants = lines.filter { $0.hasPrefix("#EXT-X-STREAM-INF") }
        try #require(media.count == 3 && variants.count == 2)
        #expect(media[2].contains("GROUP-ID=\"audio-ac3\"") && media[2].contains("CHANNELS=\"6\""))
        #expect(media.map { $0.contains("DEFAULT=YES") } == [true, false, true])
        #expect(variants[0].contains("CODECS=\"avc1.64001f,mp4a.40.1\"") && variants[0].contains("AUDIO=\"audio\""))
        #expect(variants[1].contains("CODECS=\"avc1.64001f,ac-3\"") && variants[1].contains("AUDIO=\"audio-ac3\""))
        #expect(variants[0].contains("STABLE-VARIANT-ID=\"video\""))
        #expect(variants[1].contains("STABLE-VARIANT-ID=\"video-audio-ac3\""))
    }

    /// §4.4.6.1.1: each group has the same members, with the same names.
    @Test func whatIsCodedInOneWayOnlyIsInAllGroups() throws {
        var surround = Track(
            codec: .ac3, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 6, samplesPerFrame: 1536)),
            decoderConfiguration: ByteChunk([0x10, 0x3D, 0xC0]), codecString: "ac-3")
        surround.language = "de"
        var presentation = Self.started([Self.track(0, "en"), Self.track(1, "de"), surround])
        Self.play(&presentation, seconds: 4, tracks: [Self.track(0, "en"), Self.track(1, "de")])
        let lines = Self.multivariant(presentation)
        let media = lines.filter { $0.hasPrefix("#EXT-X-MEDIA") }
        let variants = lines.filter { $0.hasPrefix("#EXT-X-STREAM-INF") }
        try #require(media.count == 4 && variants.count == 2)
        #expect(media.map { $0.contains("GROUP-ID=\"audio-ac3\"") } == [false, false, true, true])
        #expect(media.map { $0.contains("DEFAULT=YES") } == [true, false, true, false])
        #expect(media.map { $0.contains("NAME=\"de\"") } == [false, true, false, true])
        let places = ["audio", "audio2", "audio", "audio3"]
        #expect(zip(media, places).allSatisfy { $0.contains("URI=\"test/\($1)/index.m3u8\"") }, "\(media)")
        #expect(variants[0].contains("CODECS=\"avc1.64001f,mp4a.40.1\""))
        #expect(variants[1].contains("CODECS=\"avc1.64001f,mp4a.40.1,ac-3\""))
    }

    /// §4.4.6.2: the greatest peak of the group and its greatest average, which need not be of one member.
    @Test func aVariantCountsTheMostThatItsSoundCanNeed() throws {
        let tracks = [Self.track(0, "en"), Self.track(1, "de")]
        var presentation = Self.started(tracks)
        for event in Feed(gopFrames: 30).events(seconds: 30) {
            switch event {
            case .video(let sample): _ = presentation.appendVideo(sample)
            case .audio(let sample):
                let second = sample.decodeTime.ticks(in: .milliseconds) / 1000
                for (index, count) in [(0, 200), (1, second == 10 ? 2000 : 20)] {
                    presentation.appendAudio(
                        Sample(
                            data: ByteChunk([UInt8](repeating: 7, count: count)), decodeTime: sample.decodeTime,
                            presentationTime: sample.presentationTime, isSync: true), track: index)
                }
            }
        }
        let (even, bursting) = (presentation.audioWindows[0].bandwidth, presentation.audioWindows[1].bandwidth)
        let peaks = [try #require(even.peak), try #require(bursting.peak)]
        let averages = [try #require(even.average), try #require(bursting.average)]
        #expect(peaks[0] < peaks[1] && averages[0] > averages[1], "\(peaks) \(averages)")
        let video = try #require(presentation.videoWindow).bandwidth
        let variant = try #require(presentation.snapshot.multivariantPlaylist.variants.first)
        #expect(variant.bandwidth == video.peak.map { $0 + peaks[1] })
        #expect(variant.averageBandwidth == video.average.map { $0 + averages[0] })
    }

    @Test func namesFromASourceCannotBreakThePlaylist() {
        var presentation = Self.started([Self.track(0, "e\"n", name: "a\"\r\n#EXT-X-ENDLIST,b")])
        Self.play(&presentation, seconds: 2, tracks: [Feed().audio])
        let text = String(decoding: presentation.snapshot.multivariantPlaylist.rendered(), as: UTF8.self)
        #expect(text.contains("NAME=\"a#EXT-X-ENDLIST,b\"") && text.contains("LANGUAGE=\"en\""))
    }

    @Test func allStayInStepWithThePicture() throws {
        var presentation = Self.started()
        Self.play(&presentation, seconds: 30)
        let video = try #require(presentation.videoWindow)
        for audio in presentation.audioWindows {
            for (own, pictures) in zip(audio.segments, video.segments) {
                #expect(own.sequenceNumber == pictures.sequenceNumber)
                #expect(abs((own.start - pictures.start).seconds) < 0.03, "\(audio.name) \(own.sequenceNumber)")
                let longest = presentation.profile.partTarget
                #expect(own.parts.allSatisfy { $0.duration <= longest && !$0.isGap })
            }
            #expect(abs(((audio.edge ?? .zero) - (video.edge ?? .zero)).seconds) <= 0.56)
        }
    }

    @Test func aTrackThatStopsBecomesAHoleAndHoldsNobodyUp() throws {
        var presentation = Self.started()
        Self.play(&presentation, seconds: 5)
        _ = presentation.takeEvents()
        Self.play(&presentation, from: 5000, seconds: 10) { place, time in place == 1 ? nil : time }
        #expect(presentation.takeEvents() == [.trackStalled(rendition: "audio2")])
        let holes = presentation.audioWindows.map { $0.segments.flatMap(\.parts).filter(\.isGap).count }
        #expect(holes[0] == 0 && holes[1] > 10 && holes[2] == 0)
        let edges = presentation.snapshot.renditions.compactMap { $0.edge?.seconds }
        #expect(edges.count == 4 && edges.allSatisfy { $0 > 14.4 }, "\(edges)")
    }

    /// More than a part behind the others, and not so far that nobody would wait for it.
    @Test(arguments: [true, false]) func aTrackThatStoppedAndComesBackLateIsHeard(hasVideo: Bool) {
        var presentation = Self.started(hasVideo: hasVideo)
        Self.play(&presentation, seconds: 20) { place, time in
            switch place {
            case nil: hasVideo ? time : nil
            case 1: (5000..<10_000).contains(time) ? nil : time + 900
            default: time
            }
        }
        let holes = Self.holes(presentation)
        #expect(holes["audio"] == 0 && (4.5...7).contains(holes["audio2"] ?? 0) && holes["audio3"] == 0, "\(holes)")
        #expect(presentation.audioWindows[1].segments.last?.parts.allSatisfy { !$0.isGap } == true)
    }

    /// A multiplexer that keeps two seconds of a track back: the others learn to wait for it.
    @Test func aTrackThatComesInLateBurstsIsHeard() {
        var presentation = Self.started()
        Self.play(&presentation, seconds: 30) { place, time in place == 1 ? time / 2000 * 2000 + 2000 : time }
        let holes = Self.holes(presentation)
        #expect(holes["video"] == 0 && holes["audio"] == 0 && holes["audio3"] == 0, "\(holes)")
        #expect(holes["audio2"] ?? 30 < 1, "\(holes)")
    }

    /// Before the first picture of a run nothing tells where it is.
    @Test func soundThatComesBeforeTheFirstPictureIsWaitedForAsLong() {
        var presentation = Self.started()
        Self.play(&presentation, seconds: 5)
        presentation.interrupt()
        let before = Self.holes(presentation)
        _ = presentation.beginRun(
            tracks: [Feed.video] + Self.languages, sourceStart: .zero, now: Instant(nanoseconds: 20_000_000_000))
        Self.play(&presentation, seconds: 8) { place, time in
            place == 1 ? (time < 100 ? -1 : time / 1400 * 1400 + 1400) : time
        }
        #expect(Self.holes(presentation) == before)
    }

    /// Nobody waits for a track that is there, and too far behind or too far ahead for any of it to be kept.
    @Test(arguments: zip([true, true, false], [12_000, -14_000, 12_000] as [Int64]))
    func aTrackThatIsTooFarAwayHoldsNobodyUp(hasVideo: Bool, lag: Int64) {
        for end in stride(from: Int64(16_000), to: 18_000, by: 400) {
            var presentation = Self.started(hasVideo: hasVideo)
            Self.play(&presentation, seconds: 30) { place, time in
                guard hasVideo || place != nil else { return nil }
                let arrival = place == 1 ? time + lag : time
                return arrival < end ? arrival : nil
            }
            let edge = presentation.snapshot.renditions.compactMap(\.edge).min() ?? .zero
            #expect(edge > .milliseconds(end - 600), "lag \(lag), \(end)")
        }
    }

    @Test func fewerTracksAreTheSamePresentationAndMoreAreAnother() {
        var presentation = Self.started()
        Self.play(&presentation, seconds: 5)
        let two = Array(Self.languages.prefix(2))
        let isSame = presentation.beginRun(
            tracks: [Feed.video] + two, sourceStart: .milliseconds(60_000), now: Instant(nanoseconds: 6_000_000_000))
        #expect(isSame)
        Self.play(&presentation, from: 60_000, seconds: 5, tracks: two)
        #expect(presentation.audioWindows[2].segments.last?.isGap == true)
        #expect(presentation.audioWindows[1].segments.last?.isGap == false)
        let edges = presentation.snapshot.renditions.compactMap { $0.edge?.seconds }
        // Five seconds went in behind the six: nobody waits for what will not come.
        #expect(edges.allSatisfy { $0 > 10.4 }, "\(edges)")
        let four = Self.languages + [Self.track(3, "fr")]
        let isOther = !presentation.beginRun(
            tracks: [Feed.video] + four, sourceStart: .zero, now: Instant(nanoseconds: 12_000_000_000))
        #expect(isOther)
    }

    /// §6.2.1: a player has chosen its decoder by CODECS, and keeps it.
    @Test func anotherCodecIsAnotherPresentation() {
        var presentation = Self.started()
        Self.play(&presentation, seconds: 5)
        let video = Track(
            codec: .aac, format: Feed.video.format, decoderConfiguration: Feed.video.decoderConfiguration,
            codecString: "hvc1")
        let isOther = !presentation.beginRun(
            tracks: [video] + Self.languages, sourceStart: .zero, now: Instant(nanoseconds: 6_000_000_000))
        #expect(isOther)
    }
}
