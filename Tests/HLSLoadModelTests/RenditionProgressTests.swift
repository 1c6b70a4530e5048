import HLSLoadModel
import Testing

@Suite struct RenditionProgressTests {
    /// The targets of all that can be got now, in order; each is received, or fails where `fails`.
    private static func fetchAll(_ progress: inout RenditionProgress, fails: (String) -> Bool = { _ in false })
        -> [String]
    {
        var targets: [String] = []
        while let fetch = progress.nextFetch(), targets.count < 50 {
            let target = Playlists.target(fetch.resource).replacing("/live/news/id/video/", with: "")
            targets.append(target)
            if fails(target) { progress.failed(fetch) } else { progress.received(fetch) }
        }
        return targets
    }

    @Test func eachPartIsGotOnceInItsOrder() throws {
        var progress = RenditionProgress()
        #expect(progress.nextFetch() == nil)
        _ = progress.receive(try Playlists.view(Playlists.lowLatency(parts: 22)))
        #expect(Self.fetchAll(&progress) == ["init1.mp4", "p19.m4s", "p20.m4s", "p21.m4s"])
        for parts in 23...27 {
            _ = progress.receive(try Playlists.view(Playlists.lowLatency(parts: parts)))
            #expect(Self.fetchAll(&progress) == ["p\(parts - 1).m4s"])
        }
        _ = progress.receive(try Playlists.view(Playlists.lowLatency(parts: 30)))
        #expect(Self.fetchAll(&progress) == ["p27.m4s", "p28.m4s", "p29.m4s"])
    }

    @Test func missingMediaAreNotAskedFor() throws {
        var progress = RenditionProgress()
        _ = progress.receive(try Playlists.view(Playlists.lowLatency(parts: 22)))
        _ = Self.fetchAll(&progress)
        _ = progress.receive(try Playlists.view(Playlists.lowLatency(parts: 26, gaps: 22..<25)))
        #expect(Self.fetchAll(&progress) == ["p25.m4s"])
    }

    @Test func whoFellBehindGoesOnWithWhatIsLeft() throws {
        var progress = RenditionProgress()
        _ = progress.receive(try Playlists.view(Playlists.lowLatency(parts: 22)))
        _ = Self.fetchAll(&progress)
        _ = progress.receive(try Playlists.view(Playlists.lowLatency(parts: 45)))
        #expect(Self.fetchAll(&progress).first == "s6.m4s")
    }

    @Test func whatFailsIsTriedAgainAndThenLeftOut() throws {
        var progress = RenditionProgress()
        _ = progress.receive(try Playlists.view(Playlists.lowLatency(parts: 22)))
        #expect(
            Self.fetchAll(&progress) { $0 == "p20.m4s" }
                == ["init1.mp4", "p19.m4s", "p20.m4s", "p20.m4s", "p20.m4s", "p21.m4s"])
    }

    @Test func anAnswerThatIsNoNewerIsNotFollowedByAStorm() throws {
        var progress = RenditionProgress()
        let view = try Playlists.view(Playlists.lowLatency(parts: 22))
        let older = try Playlists.view(Playlists.lowLatency(parts: 21))
        #expect(progress.receive(view)?.delay == 0)
        #expect(progress.receive(view)?.delay == 0.25)
        #expect(progress.receive(older)?.delay == 0.25)
        #expect(progress.view?.position == view.position)
        #expect(progress.receive(try Playlists.view(Playlists.lowLatency(parts: 23)))?.delay == 0)
    }

    @Test func anEndedPresentationIsOverOnceAllOfItWasGot() throws {
        var progress = RenditionProgress()
        #expect(progress.receive(try Playlists.view(Playlists.lowLatency(parts: 22, isEnded: true))) == nil)
        #expect(!progress.isOver)
        _ = Self.fetchAll(&progress)
        #expect(progress.isOver)
    }
}
