import Channels
import HLS
import HTTP
import HTTPTestClient
import Packaging
import Publishing
import Testing
import Time

/// What a playlist request gets, draft-pantos-hls-rfc8216bis §6.2.5.2, over a real socket.
@Suite(.timeLimit(.minutes(30))) struct BlockingRequestTests {
    @Test func theChannelHasAnEdgeInTheMiddleOfASegment() throws {
        let edge = try LiveChannel().edge
        #expect(edge.lastSegment >= 3 && edge.openParts >= 1 && edge.advancePartLimit == 6)
    }

    @Test func whatIsThereIsAnsweredAtOnce() throws {
        let live = try LiveChannel()
        let (last, open) = (live.edge.lastSegment, live.edge.openParts)
        for query in [
            "", "_HLS_msn=0", "_HLS_msn=\(last)", "_HLS_msn=0&_HLS_part=0", "_HLS_msn=0&_HLS_part=999",
            "_HLS_msn=\(last)&_HLS_part=0", "_HLS_msn=\(last + 1)&_HLS_part=\(open - 1)",
            // A part that its complete segment does not have is the first one of the next.
            "_HLS_msn=\(last)&_HLS_part=\(live.edge.lastSegmentParts)", "_HLS_msn=\(last)&_HLS_part=\(Int64.max)",
            // Other names are other people's; a name is what it is once decoded.
            "token=x&_HLS_msn=0&_HLS_skip=YES&_HLS_future=1", "_hls_msn=x", "_HLS_msn=%30", "%5FHLS_msn=0",
            "_HLS_part2=x", "_HLS_msn=000",
        ] { #expect(try live.status(query) == 200, "\(query)") }
        #expect(live.channel.output.waiterCount == 0)
    }

    @Test func whatCannotBeMeantIsRefused() throws {
        let live = try LiveChannel()
        let (last, open) = (live.edge.lastSegment, live.edge.openParts)
        let limit = try #require(live.edge.advancePartLimit)
        for query in [
            "_HLS_part=0", "_HLS_part", "_HLS_part=x", "_HLS_msn", "_HLS_msn=", "_HLS_msn=-1", "_HLS_msn=+1",
            "_HLS_msn=%2B1", "_HLS_msn=1.0", "_HLS_msn=0x1", "_HLS_msn=1e1", "_HLS_msn=%201", "_HLS_msn=%EF%BC%91",
            "_HLS_msn=%3", "_HLS_msn=0%00", "_HLS_msn=9223372036854775808", "_HLS_msn=18446744073709551616",
            "_HLS_msn=0&_HLS_part=", "_HLS_msn=0&_HLS_part=-1", "_HLS_msn=0&_HLS_part=99999999999999999999",
            // Too far ahead.
            "_HLS_msn=\(last + 3)", "_HLS_msn=\(last + 3)&_HLS_part=0", "_HLS_msn=\(Int64.max)",
            "_HLS_msn=\(last + 1)&_HLS_part=\(open + limit)", "_HLS_msn=\(last + 1)&_HLS_part=\(Int64.max)",
            "_HLS_msn=\(last + 2)&_HLS_part=\(limit - 1)", "_HLS_msn=\(last + 2)&_HLS_part=\(Int64.max)",
            // Twice.
            "_HLS_msn=0&_HLS_msn=1", "_HLS_msn=0&_HLS_msn=0", "_HLS_msn=0&_HLS_part=0&_HLS_part=1",
            "_HLS_msn=0&%5FHLS_msn=1",
        ] { #expect(try live.status(query) == 400, "\(query)") }
        #expect(live.channel.output.waiterCount == 0)
        #expect(try live.status("") == 200)
    }

    /// §6.2.5.2: 503 after three target durations, not before; the next part's own URL no less than a playlist.
    @Test func whatDoesNotComeGets503AfterThreeTargetDurations() throws {
        let live = try LiveChannel()
        let (last, open) = (live.edge.lastSegment, live.edge.openParts)
        let limit = try #require(live.edge.advancePartLimit)
        let folder = live.playlist.dropLast("index.m3u8".count)
        var targets = [
            "_HLS_msn=\(last + 1)", "_HLS_msn=\(last + 2)", "_HLS_msn=\(last + 1)&_HLS_part=\(open)",
            "_HLS_msn=\(last + 1)&_HLS_part=\(open + limit - 1)", "_HLS_msn=\(last + 2)&_HLS_part=0",
        ].map { "\(live.playlist)?\($0)" }
        targets.append("\(folder)p\(live.rendition.nextPartNumber).m4s")
        let clients = try targets.map { try live.park($0) }
        let hold = Duration.seconds(3 * live.rendition.profile.targetDuration)
        live.clock.advance(by: hold - .milliseconds(1))
        #expect(!clients[0].isReadable(within: 300))
        #expect(live.server.parkedCount == targets.count)
        live.clock.advance(by: .milliseconds(1))
        for (target, client) in zip(targets, clients) {
            let answer = try client.receive()
            #expect(answer.status == 503, "\(target)")
            #expect(answer["Retry-After"] == "1" && answer["Cache-Control"] == "no-store")
            #expect(answer["Access-Control-Allow-Origin"] == "*")
        }
        #expect(eventually { live.channel.output.waiterCount == 0 && live.server.parkedCount == 0 })
    }

    @Test func whatComesIsAnsweredWhenItIsThere() throws {
        let live = try LiveChannel()
        let (last, open) = (live.edge.lastSegment, live.edge.openParts)
        let part = try live.park("\(live.playlist)?_HLS_msn=\(last + 1)&_HLS_part=\(open)")
        let folder = live.playlist.dropLast("index.m3u8".count)
        let hint = try live.park("\(folder)p\(live.rendition.nextPartNumber).m4s")
        live.goOn(milliseconds: 1000)
        #expect(try part.receive().status == 200)
        #expect(try hint.receive().status == 200)
    }

    @Test func anEndedPlaylistIgnoresAllDirectives() throws {
        let live = try LiveChannel()
        let (msn, path) = (live.edge.lastSegment, live.playlist)
        live.endPresentation()
        #expect(try TestClient(live.server.port).get(path).text.contains("#EXT-X-ENDLIST"))
        for query in ["_HLS_msn=\(msn + 9)", "_HLS_msn=x", "_HLS_part=1", "_HLS_msn=1&_HLS_msn=2"] {
            #expect(try live.status(query) == 200, "\(query)")
        }
    }

    /// A channel that is on the air has a multivariant playlist, also while one presentation gives place to another.
    @Test func aPresentationThatBeginsIsWaitedFor() throws {
        let live = try LiveChannel()
        let before = try TestClient(live.server.port).get("/live/news/index.m3u8").text
        // As far as its first picture.
        live.endPresentation(playing: 320)
        let client = try live.park("/live/news/index.m3u8")
        live.goOn(milliseconds: 4000)
        let answer = try client.receive()
        #expect(answer.status == 200 && answer.text.contains("#EXT-X-STREAM-INF:") && answer.text != before)
    }

    /// A wait costs one place, whoever it was for, until it ends; and one that had no place costs nothing.
    @Test func aClientThatLeftOrHadNoPlaceLeavesNothingBehind() throws {
        let live = try LiveChannel { $0.parkedPerAddress = 2 }
        let target = "\(live.playlist)?_HLS_msn=\(live.edge.lastSegment + 1)"
        let (gone, waits) = (try live.park(target), try live.park(target))
        gone.close()
        for _ in 0..<5 { #expect(try TestClient(live.server.port).get(target).status == 503) }
        #expect(live.channel.output.waiterCount == 2 && live.server.parkedCount == 2)
        live.clock.advance(by: .seconds(3 * live.rendition.profile.targetDuration))
        #expect(try waits.receive().status == 503)
        #expect(eventually { live.server.parkedCount == 0 && live.server.connectionCount == 1 })
        #expect(live.channel.output.waiterCount == 0)
    }

    @Test func mediaCanOnlyBeRead() throws {
        let live = try LiveChannel()
        for method in ["POST", "PUT", "DELETE", "PATCH", "BREW", "get"] {
            let answer = try TestClient(live.server.port).request(method, live.playlist)
            #expect(answer.status == 405 && answer["Allow"] == "GET, HEAD, OPTIONS", "\(method)")
        }
        #expect(try TestClient(live.server.port).request("OPTIONS", live.playlist).status == 204)
    }

    @Test func pathsThatLeadNowhereAreNotFound() throws {
        let live = try LiveChannel()
        let folder = live.playlist.dropLast("index.m3u8".count)
        for path in [
            "/live/", "/live/news", "/live/news/", "/live/other/index.m3u8", "/live/../live/news/index.m3u8",
            "/live/news/./index.m3u8", "/live//news/index.m3u8", "/live/news/index.m3u8/",
            "\(folder)../video/index.m3u8",
            "\(folder)..%2fvideo%2findex.m3u8", "\(folder)p0.m4s%00", "\(folder)s01.m4s", "\(folder)s.m4s",
            "\(folder)s-1.m4s", "\(folder)s9223372036854775808.m4s", "\(folder)p9223372036854775807.m4s",
            // Only the next part is waited for.
            "\(folder)p\(live.rendition.nextPartNumber + 1).m4s",
            "\(folder)init0.mp4", "\(folder)init9223372036854775807.mp4",
        ] {
            let status = try TestClient(live.server.port).get(path).status
            #expect(status == (path.hasSuffix("%00") ? 400 : 404), "\(path)")
        }
    }
}
