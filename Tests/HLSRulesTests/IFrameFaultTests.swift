import Bytes
import HLSRules
import ISOBMFF
import Media
import Testing

/// Each rule of I-frame playlists is broken once, and only that break is found.
@Suite struct IFrameFaultTests {
    static func fault(
        _ description: String, _ rule: Rule, _ plant: @escaping @Sendable (inout MediaHistory) -> Void
    ) -> Fault {
        Fault(description, rule) {
            var history = MediaHistory.withIFrames()
            plant(&history)
            return history.violations()
        }
    }

    static let list = MediaHistory.iFramePlaylist

    /// Changes the ninth I-frame.
    static func iFrame(_ change: @escaping @Sendable (inout IFrame) -> Void) -> @Sendable (inout MediaHistory) -> Void {
        { change(&$0.iFrames[8]) }
    }

    static func tag(_ old: String, _ new: String) -> @Sendable (inout MediaHistory) -> Void {
        let tag = MediaHistory.iFrameTag
        return MediaFaultTests.text(MediaFaultTests.multivariant, tag, tag.replacing(old, with: new))
    }

    static let tagFaults = [
        fault("the tag has no bandwidth", .iFrameAttributes, tag("BANDWIDTH=9000,", "")),
        fault("the tag has no codecs", .iFrameAttributes, tag("CODECS=\"avc1.64001f\",", "")),
        fault("the tag has no resolution", .iFrameAttributes, tag("RESOLUTION=1280x720,", "")),
        fault("the tag has a frame rate", .iFrameAttributes, tag("RESOLUTION", "FRAME-RATE=10.000,RESOLUTION")),
        fault("the tag has a group", .iFrameAttributes, tag("RESOLUTION", "AUDIO=\"audio\",RESOLUTION")),
        fault("the tag's codec is another", .streamCodecs, tag("avc1.64001f", "avc1.640028")),
        fault(
            "the tag's range is another", .streamVideoRange,
            tag("RESOLUTION=1280x720", "RESOLUTION=1280x720,VIDEO-RANGE=HLG")),
        fault("the tag's resolution is another", .streamResolution, tag("1280x720", "640x360")),
    ]

    static let playlistFaults = [
        fault("the playlist does not say what it is", .iFrameOnly) { history in
            MediaFaultTests.text(list, "#EXT-X-I-FRAMES-ONLY\n", "")(&history)
            MediaFaultTests.text(list, "VERSION:5", "VERSION:6")(&history)
        },
        fault("the playlist has a hint", .iFrameOnly) { history in
            history.bodies[list]? += Array("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"next.m4s\"\n".utf8)
        },
        fault("an entry has no range", .iFrameRange) { history in
            let range = history.iFrames.remove(at: 8).range
            MediaFaultTests.text(
                list, "#EXT-X-BYTERANGE:\(range.length)@\(range.start)\n../video/s2", "../video/s2")(&history)
        },
        fault("target durations differ", .targetShared, MediaFaultTests.text(list, "DURATION:2", "DURATION:1")),
        fault(
            "server control differs", .serverControlShared,
            MediaFaultTests.text(list, "HOLD-BACK=1.605", "HOLD-BACK=2.0")),
        fault(
            "a duration is within a frame, but not the way to the next date", .iFrameDuration,
            MediaFaultTests.text(list, "04.000Z\n#EXTINF:0.500000", "04.000Z\n#EXTINF:0.550000")),
        fault("the dates are those of another moment", .dateShared) { history in
            MediaFaultTests.text(list, "00Z", "20Z")(&history)
        },
    ]

    static let mediaFaults = [
        fault("the whole segment comes", .iFrameRange, iFrame { $0.status = 200 }),
        fault("other bytes come", .iFrameRange, iFrame { $0.contentRange = "bytes 1-2/3" }),
        fault("a byte is missing", .iFrameRange, iFrame { $0.bytes.removeLast() }),
        fault("the range is not served", .served, iFrame { $0.status = 404 }),
        fault("a byte is another", .iFrameMedia, iFrame { $0.bytes[$0.bytes.count - 1] ^= 1 }),
        fault("the range ends within the I-frame", .iFrameMedia, cutting(to: -1)),
        fault("the range ends before the mdat", .iFrameMedia, cutting(to: -14)),
        fault("the range begins late", .iFrameMedia) { history in
            let (start, length) = (history.iFrames[8].range.start + 8, history.iFrames[8].range.length - 8)
            history.iFrames[8].bytes.removeFirst(8)
            move(&history, to: .init(start: start, length: length))
        },
    ]

    static let faults = tagFaults + playlistFaults + mediaFaults

    /// Shortens the range of the ninth I-frame.
    static func cutting(to change: Int) -> @Sendable (inout MediaHistory) -> Void {
        { history in
            let range = history.iFrames[8].range
            history.iFrames[8].bytes.removeLast(-change)
            move(&history, to: .init(start: range.start, length: range.length + change))
        }
    }

    /// Lists the ninth I-frame with another range, and answers that.
    static func move(_ history: inout MediaHistory, to range: MediaPlaylist.ByteRange) {
        let old = history.iFrames[8].range
        MediaFaultTests.text(
            list, "\(old.length)@\(old.start)\n../video/s2", "\(range.length)@\(range.start)\n../video/s2")(&history)
        history.iFrames[8].range = range
        history.iFrames[8].contentRange = "bytes \(range.start)-\(range.start + range.length - 1)/*"
    }

    @Test func aCorrectPresentationWithIFramesBreaksNoRule() {
        #expect(MediaHistory.withIFrames().violations() == [])
    }

    /// A frame that is marked as a sync sample and is none, or the other way round, shows without the segment, too.
    @Test func aFrameThatIsNoSyncSampleIsNoIFrame() {
        var history = MediaHistory.withIFrames()
        history.bodies[MediaHistory.video + "s2.m4s"] = nil
        history.statuses[MediaHistory.video + "s2.m4s"] = 404
        #expect(history.violations() == [.served])
        history.iFrames[8].bytes = history.iFrames[8].bytes.changing("mdat", at: 4) { _ in 0x41 }
        #expect(history.violations() == [.served, .iFrameMedia])
    }

    /// A wrong duration that the dates follow differs from the media and from the other playlists.
    @Test func aDurationThatTheDatesFollowIsComparedWithTheMedia() {
        var history = MediaHistory.withIFrames()
        MediaFaultTests.text(Self.list, "04.000Z\n#EXTINF:0.500000", "04.000Z\n#EXTINF:0.700000")(&history)
        let text = String(decoding: history.bodies[Self.list] ?? [], as: UTF8.self)
        let end = text.firstRange(of: "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:05.000Z")?.lowerBound
        history.bodies[Self.list] = Array(text[..<(end ?? text.endIndex)].replacing("04.500Z", with: "04.700Z").utf8)
        history.iFrames.removeLast(6)
        #expect(history.violations() == [.iFrameDuration, .dateShared])
    }

    /// One that all flags deny is none, either.
    @Test func aFrameThatSaysSoIsNoIFrame() {
        var history = MediaHistory.withIFrames()
        history.statuses[MediaHistory.video + "s2.m4s"] = 404
        let sample = ChunkSample(
            data: ByteChunk([0, 0, 0, 2, 0x41, 8]), duration: 9000, compositionOffset: 0, isSync: false)
        let bytes = CMAFChunk.bytes(sequenceNumber: 9, baseMediaDecodeTime: 360_000, samples: [sample]).array
        history.iFrames[8].bytes = bytes
        Self.move(&history, to: .init(start: 0, length: bytes.count))
        #expect(history.violations() == [.served, .iFrameMedia])
    }

    /// An I-frame may come before its segment, and is compared later.
    @Test func theOrderOfIFrameAndSegmentDoesNotMatter() {
        var history = MediaHistory.withIFrames()
        history.iFramesFirst = true
        #expect(history.violations() == [])
        history.iFrames[8].bytes[history.iFrames[8].bytes.count - 1] ^= 1
        #expect(history.violations() == [.iFrameMedia])
    }
}
