import Channels
import HLS
import HTTP
import HTTPTestClient
import Origin
import Packaging
import Publishing
import SampleFeed
import Testing

/// One playlist in several forms: each request gets the one that it asked for, over a real socket.
@Suite(.timeLimit(.minutes(30))) struct PlaylistFormTests {
    private func text(_ live: LiveChannel, _ target: String) throws -> String {
        let answer = try TestClient(live.server.port).get(target)
        #expect(answer.status == 200, "\(target)")
        return String(decoding: answer.body, as: UTF8.self)
    }

    @Test func aDeltaIsForWhoAsksForIt() throws {
        let live = try LiveChannel()
        live.goOn(milliseconds: 40_000)
        let full = try text(live, live.playlist)
        #expect(!full.contains("EXT-X-SKIP") && full.contains("CAN-SKIP-UNTIL=24.000000,CAN-SKIP-DATERANGES=YES"))
        #expect(try text(live, "\(live.playlist)?_HLS_skip=YES").contains("#EXT-X-SKIP:SKIPPED-SEGMENTS="))
        let second = try text(live, "\(live.playlist)?_HLS_skip=v2&_HLS_msn=0")
        #expect(second.contains("RECENTLY-REMOVED-DATERANGES=\"\"") && second.contains("#EXT-X-VERSION:10\n"))
        #expect(try text(live, live.playlist) == full, "the others are not mixed up with it")
        for query in ["_HLS_skip=NO", "_HLS_skip=", "_HLS_skip=v3", "_HLS_skip=yes"] {
            #expect(try text(live, "\(live.playlist)?\(query)") == full, "\(query)")
        }
        #expect(try live.status("_HLS_skip=YES&_HLS_skip=v2") == 400)
    }

    @Test func anEndedPlaylistIsWholeWhateverIsAskedFor() throws {
        let live = try LiveChannel()
        live.goOn(milliseconds: 40_000)
        live.endPresentation()
        let text = try text(live, "\(live.playlist)?_HLS_skip=YES&_HLS_msn=99999")
        #expect(text.contains("#EXT-X-ENDLIST") && !text.contains("EXT-X-SKIP"))
    }

    @Test func theIFramePlaylistIsWaitedForLikeAnyOther() throws {
        let live = try LiveChannel()
        let path = String(live.playlist.dropLast("index.m3u8".count)) + "iframes.m3u8"
        let before = try text(live, path)
        let count = before.split(separator: "\n").filter { $0.hasPrefix("#EXTINF") }.count
        #expect(count > 3)
        let client = try live.park("\(path)?_HLS_msn=\(count)")
        live.goOn(milliseconds: 6000)
        let after = String(decoding: try client.receive().body, as: UTF8.self)
        #expect(after.split(separator: "\n").filter { $0.hasPrefix("#EXTINF") }.count > count)
        #expect(try TestClient(live.server.port).get("\(path)?_HLS_msn=\(count + 1000)").status == 400)
        #expect(try TestClient(live.server.port).get("\(path)?_HLS_part=1").status == 400)
    }

    @Test func aParameterIsHandedOnOnlyWhereItIsConfiguredAndGiven() throws {
        let live = try LiveChannel(options: OriginOptions(queryParameters: ["token", "user"]))
        let plain = try text(live, live.playlist)
        #expect(!plain.contains("EXT-X-DEFINE"))
        let both = try text(live, "\(live.playlist)?user=u&token=t&other=o")
        #expect(both.contains("#EXT-X-DEFINE:QUERYPARAM=\"token\"\n#EXT-X-DEFINE:QUERYPARAM=\"user\"\n"))
        #expect(both.contains("\ns0.m4s?token={$token}&user={$user}\n") && !both.contains("other"))
        #expect(try text(live, "\(live.playlist)?token=t2").contains("\ns0.m4s?token={$token}\n"))
        #expect(try text(live, "/live/news/index.m3u8?token=t").contains("index.m3u8?token={$token}\n"))
        #expect(try text(live, "\(live.playlist)?token=&user") == plain, "a player refuses one without a value")
        let media = String(live.playlist.dropLast("index.m3u8".count)) + "s0.m4s?token=t"
        #expect(try TestClient(live.server.port).get(media).status == 200)
    }

    @Test func onlyPicturesHaveAnIFramePlaylist() throws {
        let live = try LiveChannel()
        live.endPresentation()
        let id = try #require(live.channel.output.snapshot?.id)
        #expect(try TestClient(live.server.port).get("/live/news/\(id)/video/iframes.m3u8").status == 200)
        #expect(try TestClient(live.server.port).get("/live/news/\(id)/audio/iframes.m3u8").status == 404)
    }

    /// What is said of the pictures is said of them in every size.
    @Test func picturesInEverySizeAreServedAsPictures() throws {
        let live = try LiveChannel()
        let feed = LadderFeed(gopFrames: 30, rungs: [LadderFeed.Rung(), LadderFeed.Rung(divisor: 2)])
        var presentation = feed.started(.low)
        presentation.play(feed.arrivals(seconds: 9))
        live.channel.output.publish(presentation.snapshot)
        func answer(_ path: String) throws -> TestClient.Response {
            try TestClient(live.server.port).get("/live/news/test/" + path)
        }
        for name in ["video", "video2"] {
            #expect(try answer("\(name)/iframes.m3u8").status == 200)
            for file in ["init1.mp4", "s0.m4s", "p0.m4s"] {
                let response = try answer("\(name)/\(file)")
                #expect(response.status == 200 && response["content-type"] == "video/mp4", "\(name)/\(file)")
            }
        }
        #expect(try answer("audio/iframes.m3u8").status == 404)
        #expect(try answer("audio/s0.m4s")["content-type"] == "audio/mp4")
    }
}
