import Bytes
import HLSRules
import Testing

/// Each rule of what identifies and ranks variants is broken once, and only that break is found.
@Suite struct MultivariantFaultTests {
    static func fault(_ description: String, _ rule: Rule, _ old: String, _ new: String) -> Fault {
        Fault(description, rule) { violations(correct.replacing(old, with: new)) }
    }

    static let url = "http://example.com/live/news/index.m3u8?token=abc&x=1"
    static let correct = """
        #EXTM3U
        #EXT-X-VERSION:11
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-DEFINE:QUERYPARAM="token"
        #EXT-X-CONTENT-STEERING:SERVER-URI="steering.json",PATHWAY-ID="a"
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="one",NAME="Main",LANGUAGE="und",STABLE-RENDITION-ID="s-1",URI="s1.m3u8"
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="one",NAME="More",LANGUAGE="en",STABLE-RENDITION-ID="s-2",URI="s2.m3u8"
        #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="mp4a.40.2",AUDIO="one",STABLE-VARIANT-ID="v+/=._1",SCORE=2.0,PATHWAY-ID="a"
        v1.m3u8?token={$token}
        #EXT-X-STREAM-INF:BANDWIDTH=2,CODECS="mp4a.40.2",AUDIO="one",STABLE-VARIANT-ID="v2",SCORE=1,PATHWAY-ID="a"
        v2.m3u8
        #EXT-X-STREAM-INF:BANDWIDTH=2,CODECS="mp4a.40.2",AUDIO="one",STABLE-VARIANT-ID="v2",SCORE=1,PATHWAY-ID="b"
        clone.m3u8
        #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,CODECS="avc1",RESOLUTION=8x8,STABLE-VARIANT-ID="v2",URI="i1.m3u8"
        #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,CODECS="avc1",RESOLUTION=8x8,STABLE-VARIANT-ID="v3",URI="i2.m3u8"

        """

    static let faults = [
        fault("a variant has no stable ID", .stableID, "STABLE-VARIANT-ID=\"v+/=._1\",", ""),
        fault("an I-frame variant has no stable ID", .stableID, ",STABLE-VARIANT-ID=\"v3\"", ""),
        fault("a rendition has no stable ID", .stableID, ",STABLE-RENDITION-ID=\"s-2\"", ""),
        fault("a stable ID has another character", .stableID, "v+/=._1", "v 1"),
        fault("two variants of a pathway have one stable ID", .stableID, "v+/=._1", "v2"),
        fault("two I-frame variants have one stable ID", .stableID, "\"v3\"", "\"v2\""),
        fault("two renditions of a group have one stable ID", .stableID, "s-2", "s-1"),
        fault("a variant has no score", .score, ",SCORE=2.0", ""),
        fault("steering names no server", .steering, "SERVER-URI=\"steering.json\",", ""),
        fault("no variant is on the pathway", .steering, "json\",PATHWAY-ID=\"a\"", "json\",PATHWAY-ID=\"c\""),
        fault(
            "the pathway is that of variants without one", .steering, "json\",PATHWAY-ID=\"a\"",
            "json\",PATHWAY-ID=\".\""),
        fault(
            "steering stands twice", .tagUnique, "#EXT-X-DEFINE",
            "#EXT-X-CONTENT-STEERING:SERVER-URI=\"s\"\n#EXT-X-DEFINE"),
        fault("the URL has no such parameter", .variableDefined, "\"token\"", "\"taken\""),
        fault("the version is too low for QUERYPARAM", .version, "VERSION:11", "VERSION:8"),
    ]

    static func violations(_ text: String) -> Set<Rule> {
        var history = PresentationHistory()
        let headers = PlaylistHistory.headers.map { (name: $0.0, value: $0.1) }
        let found = history.observe(
            Observation(
                .multivariant, url: url, sentAt: 0, arrivedAt: 0.1, status: 200, headers: headers,
                body: ByteChunk([UInt8](text.utf8))))
        return Set(found.map(\.rule))
    }

    @Test func aCorrectPlaylistBreaksNoRule() throws {
        #expect(Self.violations(Self.correct) == [])
        let body = ByteChunk([UInt8](Self.correct.utf8))
        let reader = try PlaylistReader(body, query: URIReference.query(of: Self.url))
        guard case .multivariant(let playlist) = reader.playlist else {
            Issue.record("no multivariant playlist")
            return
        }
        #expect(playlist.variants.first?.uri == "v1.m3u8?token=abc")
        #expect(playlist.iFrameURIs == ["i1.m3u8", "i2.m3u8"])
    }
}
