import HLSLoadModel
import Testing

@Suite struct PlaylistSourceTests {
    @Test func theSameBytesAreParsedOnce() throws {
        let source = try #require(PlaylistSource(url: Playlists.url, variables: [:]))
        let (old, new) = (Playlists.lowLatency(parts: 6), Playlists.lowLatency(parts: 7))
        for _ in 0..<100 {
            let first = try source.view(of: old.span)
            let second = try source.view(of: new.span)
            #expect(first.position < second.position)
        }
        #expect(source.parsed == 2)
    }

    @Test func playlistsOfOneLengthAreToldApart() throws {
        let source = try #require(PlaylistSource(url: Playlists.url, variables: [:]))
        let (old, new) = (Playlists.lowLatency(parts: 22), Playlists.lowLatency(parts: 23))
        var changed = old
        changed[changed.count - 8] = UInt8(ascii: "9")
        #expect(changed.count == old.count && new != old)
        _ = try source.view(of: old.span)
        _ = try source.view(of: changed.span)
        #expect(source.parsed == 2)
    }

    @Test func oldVersionsAreForgotten() throws {
        let source = try #require(PlaylistSource(url: Playlists.url, variables: [:]))
        for _ in 0..<2 {
            for parts in 5...10 {
                let bytes = Playlists.lowLatency(parts: parts)
                _ = try source.view(of: bytes.span)
            }
        }
        #expect(source.parsed == 12)
    }

    @Test func aVariantComesWithItsAudio() throws {
        let text = """
            #EXTM3U
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="low",NAME="A",DEFAULT=YES,URI="low.m3u8"
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="high",NAME="A",URI="other.m3u8"
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="high",NAME="B",DEFAULT=YES,URI="high.m3u8"
            #EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="low"
            /one/index.m3u8
            #EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="high"
            two/index.m3u8?a=b
            #EXT-X-STREAM-INF:BANDWIDTH=2
            http://other.example/three.m3u8

            """
        let bytes = Array(text.utf8)
        let expected = [
            ["/one/index.m3u8", "/live/low.m3u8"], ["/live/two/index.m3u8?a=b", "/live/high.m3u8"], ["/three.m3u8"],
        ]
        for (variant, targets) in expected.enumerated() {
            let source = try #require(PresentationSource(url: "https://example.com/live/x.m3u8", variant: variant))
            #expect(try source.renditions(of: bytes.span).map { Playlists.target($0.resource) } == targets)
        }
        let source = try #require(PresentationSource(url: "https://example.com/live/x.m3u8", variant: 3))
        #expect(throws: MalformedResponse.playlist) { _ = try source.renditions(of: bytes.span) }
    }

    @Test func aMediaPlaylistIsFollowedItself() throws {
        let source = try #require(PresentationSource(url: Playlists.url, variant: 0))
        let (old, new) = (Playlists.lowLatency(parts: 6), Playlists.lowLatency(parts: 7))
        let first = try source.renditions(of: old.span)
        let second = try source.renditions(of: new.span)
        #expect(first.map { Playlists.target($0.resource) } == ["/live/news/id/video/index.m3u8"])
        #expect(first[0] === second[0], "viewers who join later share what was parsed")
    }
}
