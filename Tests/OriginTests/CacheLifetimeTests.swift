import HLS
import HTTP
import HTTPTestClient
import Testing

/// How long caches may keep each answer, draft-pantos-hls-rfc8216bis appendix B.1, over a real socket. The target
/// duration is 4 s, the window 60 s.
@Suite(.timeLimit(.minutes(30))) struct CacheLifetimeTests {
    private func lifetime(_ live: LiveChannel, _ target: String, status: Int = 200) throws -> String? {
        let answer = try TestClient(live.server.port).get(target)
        #expect(answer.status == status, "\(target)")
        return answer["Cache-Control"]
    }

    @Test func aLivePlaylistIsKeptForHalfATargetDurationAndABlockingAnswerForSix() throws {
        let live = try LiveChannel()
        #expect(try lifetime(live, live.playlist) == "max-age=2")
        #expect(try lifetime(live, "\(live.playlist)?_HLS_skip=YES") == "max-age=2")
        #expect(try lifetime(live, "\(live.playlist)?_HLS_msn=0") == "max-age=24")
        #expect(try lifetime(live, live.playlist.replacing("index.m3u8", with: "iframes.m3u8")) == "max-age=2")
    }

    @Test func whatNeverComesRightIsKeptForFourTargetDurations() throws {
        let live = try LiveChannel()
        for query in ["_HLS_msn=x", "_HLS_part=0", "_HLS_msn=0&_HLS_msn=0"] {
            #expect(try lifetime(live, "\(live.playlist)?\(query)", status: 400) == "max-age=16", "\(query)")
        }
    }

    @Test func whatIsYetToComeIsNotRefusedForOneMomentLongerThanItHasToBe() throws {
        let live = try LiveChannel()
        let next = live.edge.lastSegment + 1
        #expect(try lifetime(live, "\(live.playlist)?_HLS_msn=\(next + 2)", status: 400) == "no-store")
        let folder = live.playlist.dropLast("index.m3u8".count)
        for file in ["s\(next).m4s", "s\(next + 1000).m4s", "p1000.m4s", "init2.mp4"] {
            #expect(try lifetime(live, folder + file, status: 404) == "no-store", "\(file)")
        }
    }

    @Test func whatWillNeverBeThereIsKeptForATargetDuration() throws {
        let live = try LiveChannel()
        let folder = live.playlist.dropLast("index.m3u8".count)
        #expect(try lifetime(live, folder + "init0.mp4", status: 404) == "max-age=4")
        live.endPresentation()
        for file in ["s1000.m4s", "p1000.m4s", "init2.mp4"] {
            #expect(try lifetime(live, folder + file, status: 404) == "max-age=4", "\(file)")
        }
    }

    @Test func anEndedPlaylistIsKeptAsLongAsItsMedia() throws {
        let live = try LiveChannel()
        let folder = live.playlist.dropLast("index.m3u8".count)
        // It was in the caches while it was live.
        #expect(try lifetime(live, live.playlist) == "max-age=2")
        let waiting = try live.park("\(live.playlist)?_HLS_msn=\(live.edge.lastSegment + 2)")
        live.endPresentation()
        let last = try waiting.receive()
        #expect(last.text.contains("#EXT-X-ENDLIST") && last["Cache-Control"] == "max-age=60")
        for file in ["index.m3u8", "index.m3u8?_HLS_msn=9", "iframes.m3u8", "s0.m4s", "init1.mp4"] {
            #expect(try lifetime(live, folder + file) == "max-age=60", "\(file)")
        }
    }
}
