import Bytes
import HLSRules
import Testing

/// Each rule of media, of the multivariant playlist and of delivery is broken once, and the break is found.
@Suite struct MediaFaultTests {
    struct Fault: CustomStringConvertible, Sendable {
        let description: String
        let rule: Rule
        let plant: @Sendable (inout MediaHistory) -> Void

        init(_ description: String, _ rule: Rule, _ plant: @escaping @Sendable (inout MediaHistory) -> Void) {
            self.description = description
            self.rule = rule
            self.plant = plant
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
            history.bodies[MediaHistory.video + "s2.m4s"] = (8..<12).flatMap {
                history.bodies[MediaHistory.video + "p\($0).m4s"] ?? []
            }
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

    static func header(_ name: String, _ value: String?) -> @Sendable (inout MediaHistory) -> Void {
        { $0.headers[name] = .some(value) }
    }

    static let multivariant = MediaHistory.root + "index.m3u8"
    static let playlist = MediaHistory.video + "index.m3u8"

    static let headerFaults = [
        Fault(
            "the brands are old", .brands,
            video("init1.mp4") { bytes in
                var bytes = bytes
                for index in 8..<bytes.position(of: "moov") - 4 where index % 4 == 0 && index != 12 {
                    bytes.replaceSubrange(index..<index + 4, with: Array("isom".utf8))
                }
                return bytes
            }),
        Fault(
            "there is an edit list", .editList,
            video("init1.mp4") {
                $0.adding([0, 0, 0, 8] + Array("edts".utf8), to: ["moov", "trak"])
            }),
        Fault(
            "there are two tracks", .oneTrack,
            video("init1.mp4") { bytes in
                let start = bytes.position(of: "trak") - 4
                let end = start + (Int(bytes[start + 2]) << 8 | Int(bytes[start + 3]))
                return bytes.adding(Array(bytes[start..<end]), to: ["moov"])
            }),
        Fault("a table has entries", .emptyTables, video("init1.mp4") { $0.changing("stts", at: 7) { _ in 1 } }),
        Fault("a box too many", .boxStructure, video("init1.mp4") { $0 + [0, 0, 0, 8] + Array("free".utf8) }),
    ]

    static let fragmentFaults = [
        Fault("decode time is off by one", .continuity, part9 { $0.changing("tfdt", at: 11) { $0 + 1 } }),
        Fault("the sequence number falls", .sequenceNumber, part9 { $0.changing("mfhd", at: 7) { _ in 1 } }),
        Fault("trun has version 0", .runVersion, part9 { $0.changing("trun", at: 0) { _ in 0 } }),
        Fault("offsets count from elsewhere", .defaultBase, part9 { $0.changing("tfhd", at: 1) { $0 & ~2 } }),
        Fault(
            "there is no tfdt", .decodeTimePresent,
            part9 { bytes in
                var bytes = bytes
                let place = bytes.position(of: "tfdt")
                bytes.replaceSubrange(place..<place + 4, with: Array("free".utf8))
                return bytes
            }),
        Fault("the data offset misses", .sampleData, part9 { $0.changing("trun", at: 11) { $0 + 1 } }),
        Fault(
            "a sample lasts no time", .sampleDuration,
            part9 { bytes in
                // The duration stands in tfhd for all samples, or first of each in trun.
                let inHeader = bytes[bytes.position(of: "tfhd") + 7] & 8 != 0
                let (type, first) = inHeader ? ("tfhd", 8) : ("trun", 12)
                return (first..<first + 4).reduce(bytes) { $0.changing(type, at: $1) { _ in 0 } }
            }),
        Fault("parameter sets are in the stream", .parameterSets, part9 { $0.changing("mdat", at: 4) { _ in 0x67 } }),
        Fault("the flags deny the key frame", .syncFlags, part9 { $0.changing("mdat", at: 4) { _ in 0x41 } }),
        Fault("a segment is not its parts", .partConcatenation, video("s2.m4s") { $0.dropLast() + [99] }),
        Fault(
            "a part's first sample is no key frame", .partIndependent,
            text(
                playlist, "URI=\"p9.m4s\",INDEPENDENT=YES", "URI=\"p9.m4s\"")),
        Fault(
            "a part's duration is wrong", .partDuration,
            text(
                playlist, "0.500000,URI=\"p9.m4s\"", "0.480000,URI=\"p9.m4s\"")),
        Fault(
            "a segment's duration is wrong", .segmentDuration,
            text(
                playlist, "#EXTINF:2.000000,\ns2", "#EXTINF:2.100000,\ns2")),
        Fault("a mdat without a moof", .boxStructure, part9 { Array($0[($0.position(of: "mdat") - 4)...]) }),
        Fault("audio begins later than video", .segmentsAligned) { $0 = MediaHistory(audioDelay: 24_000) },
        Fault("dates differ between renditions", .dateShared, text(playlist, ":00.000Z", ":00.200Z")),
        Fault("a date is not that of the media", .dateMapping, text(playlist, "00:04.000Z", "00:04.050Z")),
        Fault(
            "a playlist does not report on the other", .reportPresent,
            text(
                playlist, "#EXT-X-RENDITION-REPORT:URI=\"../audio/index.m3u8\",LAST-MSN=3,LAST-PART=3\n", "")),
        Fault("a report is on another playlist", .reportComplete, text(playlist, "../audio/", "../sound/")),
        Fault("there is no EXT-X-MAP", .segmentMap, text(playlist, "#EXT-X-MAP:URI=\"init1.mp4\"\n", "")),
        Fault("a segment is not served", .served) { $0.statuses[MediaHistory.video + "s2.m4s"] = 404 },
        Fault("a part is not served", .served) { $0.statuses[MediaHistory.video + "p9.m4s"] = 404 },
    ]

    static let multivariantFaults = [
        Fault("CODECS lack audio", .streamCodecs, text(multivariant, ",mp4a.40.2", "")),
        Fault(
            "CODECS name a codec that is not there", .streamCodecsExcess,
            text(multivariant, "mp4a.40.2", "mp4a.40.2,ac-3")),
        Fault(
            "the average is above the peak", .streamAverage,
            text(multivariant, "AVERAGE-BANDWIDTH=18000", "AVERAGE-BANDWIDTH=20001")),
        Fault("there are fewer channels", .mediaChannels, text(multivariant, "CHANNELS=\"2\"", "CHANNELS=\"6/JOC\"")),
        Fault("CODECS are missing", .streamAttributes, text(multivariant, "CODECS=\"avc1.64001f,mp4a.40.2\",", "")),
        Fault("the resolution is wrong", .streamResolution, text(multivariant, "1280x720", "1920x1080")),
        Fault(
            "the range is wider than the media's", .streamVideoRange,
            text(multivariant, "VIDEO-RANGE=SDR", "VIDEO-RANGE=PQ")),
        Fault(
            "the media's range is wider", .streamVideoRange,
            video("init1.mp4") { $0.changing("nclx", at: 3) { _ in 16 } }),
        Fault("a wide range is not named", .streamVideoRange) {
            text(multivariant, "VIDEO-RANGE=SDR,", "")(&$0)
            video("init1.mp4") { $0.changing("nclx", at: 3) { _ in 18 } }(&$0)
        },
        Fault("the frame rate is wrong", .streamFrameRate, text(multivariant, "10.000", "25.000")),
        Fault("the bandwidth is too low", .streamBandwidth, text(multivariant, "BANDWIDTH=20000", "BANDWIDTH=2000")),
        Fault("the audio group is missing", .mediaGroup, text(multivariant, "AUDIO=\"audio\"", "AUDIO=\"sound\"")),
        Fault("the language is missing", .mediaAttributes, text(multivariant, "LANGUAGE=\"und\",", "")),
        Fault("it is a media playlist", .tagPlacement) { $0.bodies[multivariant] = $0.bodies[playlist] },
    ]

    static let deliveryFaults = [
        Fault("other sites may not read", .crossOrigin, header("access-control-allow-origin", nil)),
        Fault("an origin sends Age", .age, header("age", "3")),
        Fault("caches are not told", .cacheControl, header("cache-control", nil)),
        Fault("the type is wrong", .contentType, header("content-type", "text/plain")),
        Fault("playlists are not compressed", .compression, header("content-encoding", "")),
        Fault("caches may mix encodings", .vary, header("vary", nil)),
        Fault("media come without a length", .whole, header("content-length", nil)),
        Fault("media are elsewhere", .redirect) { $0.statuses[MediaHistory.video + "s2.m4s"] = 302 },
    ]

    @Test func aCorrectPresentationBreaksNoRule() {
        #expect(MediaHistory().violations() == [])
    }

    /// §4.4.6.2: without the attribute a variant is SDR; what no range is laid down for is not judged.
    @Test(
        arguments: [
            (1, ""), (14, "VIDEO-RANGE=SDR,"), (18, "VIDEO-RANGE=HLG,"), (16, "VIDEO-RANGE=PQ,"), (2, ""),
            (8, "VIDEO-RANGE=PQ,"),
        ] as [(UInt8, String)])
    func theRangeIsThatOfTheTransfer(transfer: UInt8, attribute: String) {
        var history = MediaHistory()
        Self.text(Self.multivariant, "VIDEO-RANGE=SDR,", attribute)(&history)
        Self.video("init1.mp4") { $0.changing("nclx", at: 3) { _ in transfer } }(&history)
        #expect(history.violations() == [])
    }

    @Test(arguments: headerFaults + fragmentFaults + multivariantFaults + deliveryFaults)
    func thePlantedFaultIsFound(fault: Fault) {
        var history = MediaHistory()
        fault.plant(&history)
        let found = history.violations()
        #expect(found.contains(fault.rule), "found \(found.map(\.rawValue).sorted())")
    }

    /// SDR may be mixed into a wider range, not the other way round.
    @Test(arguments: zip([1, 18], [false, true])) func aVariantOfSeveralKindsSaysTheWidest(
        transfer: UInt8, isBroken: Bool
    ) {
        var history = MediaHistory()
        Self.text(Self.multivariant, "VIDEO-RANGE=SDR", transfer == 1 ? "VIDEO-RANGE=PQ" : "VIDEO-RANGE=SDR")(&history)
        Self.video("init1.mp4") { $0.changing("nclx", at: 3) { _ in transfer } }(&history)
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

    static let probes: [(Observation.Probe, Int, Rule)] = [
        (.partAlone, 400, .blockPartAlone), (.farNumber, 400, .blockFar), (.malformedNumber, 400, .blockMalformed),
        (.unknownResource, 404, .unknownResource), (.oldNumber, 200, .blockOld),
        (.unknownParameter, 200, .blockUnknownParameter),
    ]

    @Test(arguments: probes)
    func theAnswerToAProbeIsLaidDown(probe: Observation.Probe, status: Int, rule: Rule) {
        #expect(MediaHistory().violations(probe: (probe, status: status)) == [])
        let wrong = MediaHistory().violations(probe: (probe, status: status == 200 ? 400 : 200))
        #expect(wrong.contains(rule), "found \(wrong.map(\.rawValue).sorted())")
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
