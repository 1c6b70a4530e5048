import Bytes
import HLSRules
import ISOBMFF
import Testing

/// Each rule of media, of the multivariant playlist and of delivery is broken once, and the break is found.
@Suite struct MediaFaultTests {
    static func fault(
        _ description: String, _ rule: Rule, also consequences: Set<Rule> = [],
        _ plant: @escaping @Sendable (inout MediaHistory) -> Void
    ) -> Fault {
        Fault(description, rule, also: consequences) {
            var history = MediaHistory()
            plant(&history)
            return history.violations()
        }
    }

    /// Changes a resource of the video rendition.
    static func video(_ name: String, _ change: @escaping @Sendable ([UInt8]) -> [UInt8])
        -> @Sendable (
            inout MediaHistory
        ) -> Void
    {
        { $0.bodies[MediaHistory.video + name] = change($0.bodies[MediaHistory.video + name] ?? []) }
    }

    /// Changes a part of video and the segment that it belongs to in the same way.
    static func part9(_ change: @escaping @Sendable ([UInt8]) -> [UInt8]) -> @Sendable (inout MediaHistory) -> Void {
        { history in
            history.bodies[MediaHistory.video + "p9.m4s"] = change(history.bodies[MediaHistory.video + "p9.m4s"] ?? [])
            history.joinParts(ofSegment: 2)
        }
    }

    /// Changes text.
    static func text(_ url: String, _ old: String, _ new: String) -> @Sendable (inout MediaHistory) -> Void {
        { history in
            let text = String(decoding: history.bodies[url] ?? [], as: UTF8.self)
            precondition(text.contains(old), "\(old) is in \(url)")
            history.bodies[url] = Array(text.replacing(old, with: new).utf8)
        }
    }

    /// Makes the ninth part of video, the first of its segment, of other samples.
    static func part8(_ change: @escaping @Sendable (ChunkSample, Int) -> ChunkSample)
        -> @Sendable (inout MediaHistory) -> Void
    {
        { history in
            let samples = MediaHistory.samples(ofPart: 8, isVideo: true).enumerated().map { change($1, $0) }
            history.bodies[MediaHistory.video + "p8.m4s"] =
                CMAFChunk.bytes(sequenceNumber: 9, baseMediaDecodeTime: 8 * 45_000, samples: samples).array
            history.joinParts(ofSegment: 2)
        }
    }

    static func header(_ name: String, _ value: String?) -> @Sendable (inout MediaHistory) -> Void {
        { $0.headers[name] = .some(value) }
    }

    /// Pictures with those TransferCharacteristics.
    static func transfer(_ code: UInt8) -> @Sendable (inout MediaHistory) -> Void {
        video("init1.mp4") { $0.changing("nclx", at: 3) { _ in code } }
    }

    static let multivariant = MediaHistory.root + "index.m3u8"
    static let playlist = MediaHistory.video + "index.m3u8"

    /// What the third segment of video begins with.
    static let date = "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:04.000Z\n"

    static let headerFaults = [
        fault(
            "the brands are old", .brands,
            video("init1.mp4") { bytes in
                var bytes = bytes
                for index in 8..<bytes.position(of: "moov") - 4 where index % 4 == 0 && index != 12 {
                    bytes.replaceSubrange(index..<index + 4, with: Array("isom".utf8))
                }
                return bytes
            }),
        fault(
            "there is an edit list", .editList,
            video("init1.mp4") {
                $0.adding([0, 0, 0, 8] + Array("edts".utf8), to: ["moov", "trak"])
            }),
        fault(
            "there are two tracks", .oneTrack,
            video("init1.mp4") { bytes in
                let start = bytes.position(of: "trak") - 4
                let end = start + (Int(bytes[start + 2]) << 8 | Int(bytes[start + 3]))
                return bytes.adding(Array(bytes[start..<end]), to: ["moov"])
            }),
        fault("a table has entries", .emptyTables, video("init1.mp4") { $0.changing("stts", at: 7) { _ in 1 } }),
        fault("a box too many", .boxStructure, video("init1.mp4") { $0 + [0, 0, 0, 8] + Array("free".utf8) }),
    ]

    static let fragmentFaults = [
        fault("decode time is off by one", .continuity, part9 { $0.changing("tfdt", at: 11) { $0 + 1 } }),
        fault("the sequence number falls", .sequenceNumber, part9 { $0.changing("mfhd", at: 7) { _ in 1 } }),
        fault("trun has version 0", .runVersion, part9 { $0.changing("trun", at: 0) { _ in 0 } }),
        fault("offsets count from elsewhere", .defaultBase, part9 { $0.changing("tfhd", at: 1) { $0 & ~2 } }),
        fault(
            "there is no tfdt", .decodeTimePresent,
            also: [.continuity, .dateMapping, .dateShared, .earliestPresentation, .segmentsAligned],
            part9 { bytes in
                var bytes = bytes
                let place = bytes.position(of: "tfdt")
                bytes.replaceSubrange(place..<place + 4, with: Array("free".utf8))
                return bytes
            }),
        fault("the data offset misses", .sampleData, part9 { $0.changing("trun", at: 11) { $0 + 1 } }),
        fault(
            "a sample lasts no time", .sampleDuration, also: [.continuity, .partDuration, .segmentDuration],
            part9 { bytes in
                // The duration stands in tfhd for all samples, or first of each in trun.
                let inHeader = bytes[bytes.position(of: "tfhd") + 7] & 8 != 0
                let (type, first) = inHeader ? ("tfhd", 8) : ("trun", 12)
                return (first..<first + 4).reduce(bytes) { $0.changing(type, at: $1) { _ in 0 } }
            }),
        fault(
            "parameter sets are in the stream", .parameterSets, also: [.syncFlags],
            part9 { $0.changing("mdat", at: 4) { _ in 0x67 } }),
        fault("the flags deny the key frame", .syncFlags, part9 { $0.changing("mdat", at: 4) { _ in 0x41 } }),
        fault("a segment is not its parts", .partConcatenation, video("s2.m4s") { $0.dropLast() + [99] }),
        fault(
            "a part's first sample is no key frame", .partIndependent,
            text(
                playlist, "URI=\"p9.m4s\",INDEPENDENT=YES", "URI=\"p9.m4s\"")),
        fault(
            "a part's duration is wrong", .partDuration,
            text(
                playlist, "0.500000,URI=\"p9.m4s\"", "0.480000,URI=\"p9.m4s\"")),
        fault(
            "a segment's duration is wrong", .segmentDuration, also: [.dateMapping],
            text(
                playlist, "#EXTINF:2.000000,\ns2", "#EXTINF:2.100000,\ns2")),
        fault("a mdat without a moof", .boxStructure, part9 { Array($0[($0.position(of: "mdat") - 4)...]) }),
        fault("audio begins later than video", .segmentsAligned, also: [.dateShared]) {
            $0 = MediaHistory(audioDelay: 24_000)
        },
        fault(
            "dates differ between renditions", .dateShared, also: [.dateMapping],
            text(playlist, ":00.000Z", ":00.200Z")),
        fault("a date is not that of the media", .dateMapping, text(playlist, "00:04.000Z", "00:04.050Z")),
        fault(
            "a playlist does not report on the other", .reportPresent,
            text(
                playlist, "#EXT-X-RENDITION-REPORT:URI=\"../audio/index.m3u8\",LAST-MSN=3,LAST-PART=3\n", "")),
        fault("a report is on another playlist", .reportComplete, text(playlist, "../audio/", "../sound/")),
        fault("a report is old", .reportFresh, text(MediaHistory.audio + "index.m3u8", "LAST-MSN=3", "LAST-MSN=2")),
        fault("sound is behind", .renditionsTogether) { history in
            history.bodies[MediaHistory.audio + "index.m3u8"] = Array(
                (PlaylistHistory.playlist(parts: 14) + MediaHistory.report(on: "video")).utf8)
        },
        fault(
            "a discontinuity is in one rendition only", .discontinuityAligned,
            text(playlist, date, "#EXT-X-DISCONTINUITY\n" + date)),
        fault("another initialization comes without a discontinuity", .discontinuityMarked) { history in
            text(playlist, date, "#EXT-X-MAP:URI=\"init2.mp4\"\n" + date)(&history)
            let header = history.bodies[MediaHistory.video + "init1.mp4"] ?? []
            history.bodies[MediaHistory.video + "init2.mp4"] = header.changing("mdhd", at: 15) { $0 ^ 1 }
        },
        fault("a segment does not begin with a key frame", .startsWithSync) { history in
            text(playlist, "\"p8.m4s\",INDEPENDENT=YES", "\"p8.m4s\"")(&history)
            part8 { sample, index in
                index > 0
                    ? sample
                    : ChunkSample(
                        data: ByteChunk([0, 0, 0, 2, 0x41, 8]), duration: sample.duration, compositionOffset: 0,
                        isSync: false)
            }(&history)
        },
        fault(
            "a segment is shown a tick late", .earliestPresentation,
            part8 { sample, _ in
                ChunkSample(data: sample.data, duration: sample.duration, compositionOffset: 1, isSync: sample.isSync)
            }),
        fault(
            "there is no EXT-X-MAP", .segmentMap, also: [.versionExcess],
            text(playlist, "#EXT-X-MAP:URI=\"init1.mp4\"\n", "")),
        fault("a segment is not served", .served) { $0.statuses[MediaHistory.video + "s2.m4s"] = 404 },
        fault("a part is not served", .served) { $0.statuses[MediaHistory.video + "p9.m4s"] = 404 },
    ]

    static let multivariantFaults = [
        fault("CODECS lack audio", .streamCodecs, text(multivariant, ",mp4a.40.2", "")),
        fault(
            "CODECS name a codec that is not there", .streamCodecsExcess,
            text(multivariant, "mp4a.40.2", "mp4a.40.2,ac-3")),
        fault(
            "the average is above the peak", .streamAverage,
            text(multivariant, "AVERAGE-BANDWIDTH=18000", "AVERAGE-BANDWIDTH=20001")),
        fault("there are fewer channels", .mediaChannels, text(multivariant, "CHANNELS=\"2\"", "CHANNELS=\"6/JOC\"")),
        fault(
            "CODECS are missing", .streamAttributes, also: [.streamCodecs],
            text(multivariant, "CODECS=\"avc1.64001f,mp4a.40.2\",", "")),
        fault("the resolution is wrong", .streamResolution, text(multivariant, "1280x720", "1920x1080")),
        fault(
            "the range is wider than the media's", .streamVideoRange,
            text(multivariant, "VIDEO-RANGE=SDR", "VIDEO-RANGE=PQ")),
        fault("the media's range is wider", .streamVideoRange, transfer(16)),
        fault("a wide range is not named", .streamVideoRange) {
            text(multivariant, "VIDEO-RANGE=SDR,", "")(&$0)
            transfer(18)(&$0)
        },
        fault("the frame rate is wrong", .streamFrameRate, text(multivariant, "10.000", "25.000")),
        fault(
            "the bandwidth is too low", .streamBandwidth, also: [.streamAverage],
            text(multivariant, "BANDWIDTH=20000", "BANDWIDTH=2000")),
        fault(
            "the audio group is missing", .mediaGroup, also: [.streamCodecsExcess],
            text(multivariant, "AUDIO=\"audio\"", "AUDIO=\"sound\"")),
        fault("the language is missing", .mediaAttributes, text(multivariant, "LANGUAGE=\"und\",", "")),
        fault("it is a media playlist", .tagPlacement) { $0.bodies[multivariant] = $0.bodies[playlist] },
    ]

    static let deliveryFaults = [
        fault("other sites may not read", .crossOrigin, header("access-control-allow-origin", nil)),
        fault("an origin sends Age", .age, header("age", "3")),
        fault("caches are not told", .cacheControl, header("cache-control", nil)),
        fault("the type is wrong", .contentType, header("content-type", "text/plain")),
        fault("playlists are not compressed", .compression, header("content-encoding", "")),
        fault("caches may mix encodings", .vary, header("vary", nil)),
        fault("media come without a length", .whole, header("content-length", nil)),
        fault("media are elsewhere", .redirect, also: [.served]) { $0.statuses[MediaHistory.video + "s2.m4s"] = 302 },
    ]

    static let faults = headerFaults + fragmentFaults + multivariantFaults + deliveryFaults + probeFaults

    @Test func aCorrectPresentationBreaksNoRule() {
        #expect(MediaHistory().violations() == [])
    }

    /// §4.4.6.2: without the attribute a variant is SDR; what no range is laid down for is not judged.
    @Test(
        arguments: zip(
            [1, 14, 18, 16, 2, 8],
            ["", "VIDEO-RANGE=SDR,", "VIDEO-RANGE=HLG,", "VIDEO-RANGE=PQ,", "", "VIDEO-RANGE=PQ,"]))
    func theRangeIsThatOfTheTransfer(transfer: UInt8, attribute: String) {
        var history = MediaHistory()
        Self.text(Self.multivariant, "VIDEO-RANGE=SDR,", attribute)(&history)
        Self.transfer(transfer)(&history)
        #expect(history.violations() == [])
    }

    /// H.264, D.2.8: decoding may begin at an open group's first picture, if its message says that it needs no others.
    /// The messages: a recovery point after another message, one that needs a frame more, none, one behind three escaped bytes.
    @Test(
        arguments: [
            ([0x05, 0x01, 0x06, 0x06, 0x01, 0xC4, 0x80], false), ([0x06, 0x01, 0x44, 0x80], false),
            ([0x04, 0x01, 0x44, 0x80], true),
            ([0x05, 0x04, 0x00, 0x00, 0x03, 0x01, 0x07, 0x06, 0x01, 0xC4, 0x80], false),
            ([0x05, 0x01, 0x06, 0x80], true),
        ] as [([UInt8], Bool)])
    func aRecoveryPointMayBeMarkedAsSync(message: [UInt8], isBroken: Bool) {
        for isMarked in [true, false] {
            var history = MediaHistory()
            Self.part8 { sample, index in
                let slice: [UInt8] = [0, 0, 0, 2, 0x41, 0]
                let data = [0, 0, 0, UInt8(message.count + 1), 0x06] + message + slice
                return index != 2
                    ? sample
                    : ChunkSample(
                        data: ByteChunk(data), duration: sample.duration, compositionOffset: 0, isSync: isMarked)
            }(&history)
            #expect(history.violations() == (isMarked && isBroken ? [.syncFlags] : []))
        }
    }

    /// §4.4.6.2: it is the highest of the video. Where frames are unevenly apart that lies between their average, here 10 a
    /// second, and what the closest two are.
    @Test(
        arguments: zip(
            ["9.800", "9.950", "10.050", "10.200", "14.000", "20.100", "20.300"],
            [true, false, false, false, false, false, true]))
    func theRateOfUnevenFramesIsTheHighest(claimed: String, isBroken: Bool) {
        for isEven in [true, false] {
            var history = MediaHistory()
            Self.text(Self.multivariant, "FRAME-RATE=10.000", "FRAME-RATE=\(claimed)")(&history)
            for part in 0..<16 where !isEven {
                // Frames of 0.05, 0.05, 0.1, 0.1 and 0.2 s.
                let samples = zip(MediaHistory.samples(ofPart: part, isVideo: true), [4500, 4500, 9000, 9000, 18_000])
                    .map { ChunkSample(data: $0.data, duration: $1, compositionOffset: 0, isSync: $0.isSync) }
                history.bodies[MediaHistory.video + "p\(part).m4s"] =
                    CMAFChunk.bytes(
                        sequenceNumber: UInt32(part + 1), baseMediaDecodeTime: UInt64(part) * 45_000, samples: samples
                    ).array
            }
            for segment in 0..<4 { history.joinParts(ofSegment: segment) }
            let isFar = claimed != "9.950" && claimed != "10.050"
            #expect(history.violations() == ((isEven ? isFar : isBroken) ? [.streamFrameRate] : []))
        }
    }

    /// SDR may be mixed into a wider range, not the other way round.
    @Test(arguments: zip([1, 18], [false, true]))
    func aVariantOfSeveralKindsSaysTheWidest(transfer: UInt8, isBroken: Bool) {
        var history = MediaHistory()
        Self.text(Self.multivariant, "VIDEO-RANGE=SDR", transfer == 1 ? "VIDEO-RANGE=PQ" : "VIDEO-RANGE=SDR")(&history)
        Self.transfer(transfer)(&history)
        let date = "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:06.000Z"
        Self.text(Self.playlist, date, "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init2.mp4\"\n\(date)")(&history)
        #expect(history.violations().contains(.streamVideoRange) == isBroken)
    }

    @Test(
        arguments: zip(
            ["#EXT-X-MAP:URI=\"init1.mp4\"", "#EXT-X-MAP:URI=\"init1.mp4\"", "init1.mp4"],
            ["", "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n#EXT-X-MAP:URI=\"init1.mp4\"", "init2.mp4"]))
    func mediaThatCouldNotBeJudgedAreNamed(old: String, new: String) {
        #expect(MediaHistory().observed().unjudged == [])
        var history = MediaHistory()
        Self.text(Self.playlist, old, new)(&history)
        let reason = new.isEmpty ? "it has no EXT-X-MAP" : new.contains("KEY") ? "encrypted" : "no initialization"
        let unjudged = history.observed().unjudged
        #expect(unjudged.count == 1 && unjudged[0].contains(Self.playlist) && unjudged[0].contains(reason))
    }

    /// What is asked, the status of the right answer, and the rule that says so.
    private static let probes: [(Observation.Probe, Int, Rule)] = [
        (.partAlone, 400, .blockPartAlone), (.farNumber, 400, .blockFar), (.malformedNumber, 400, .blockMalformed),
        (.unknownResource, 404, .unknownResource), (.oldNumber, 200, .blockOld),
        (.unknownParameter, 200, .blockUnknownParameter),
    ]

    static let probeFaults = probes.map { probe, status, rule in
        Fault("\(probe) is answered otherwise", rule) {
            MediaHistory().violations(probe: (probe, status: status == 200 ? 400 : 200))
        }
    }

    @Test(arguments: probes) func theAnswerToAProbeIsLaidDown(probe: Observation.Probe, status: Int, rule: Rule) {
        #expect(MediaHistory().violations(probe: (probe, status: status)) == [])
    }

    @Test func anInitializationThatChangesIsFound() {
        var history = PresentationHistory()
        func observe(_ body: [UInt8]) -> [Rule] {
            history.observe(
                Observation(
                    .initialization, url: MediaHistory.video + "init1.mp4", sentAt: 0, arrivedAt: 0.1, status: 200,
                    headers: [], body: .init(body))
            ).map(\.rule)
        }
        let body = MediaHistory().bodies[MediaHistory.video + "init1.mp4"] ?? []
        #expect(!observe(body).contains(.resourceImmutable) && !observe(body).contains(.resourceImmutable))
        #expect(observe(body.changing("mdhd", at: 15) { $0 ^ 1 }).contains(.resourceImmutable))
    }
}
