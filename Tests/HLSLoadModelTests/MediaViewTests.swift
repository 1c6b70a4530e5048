import HLSLoadModel
import Testing

@Suite struct MediaViewTests {
    @Test func aViewerBeginsWithTheHoldBackAndNoMore() throws {
        let view = try Playlists.view(Playlists.lowLatency(parts: 22))
        #expect(view.holdBack == 1.5)
        #expect(view.start == MediaView.Place(number: 4, part: 3))
        let wanted = try #require(view.start)
        #expect(view.item(from: wanted)?.resource.map(Playlists.target) == "/live/news/id/video/p19.m4s")
        #expect(view.item(from: MediaView.Place(number: 5, part: 2)) == nil)
    }

    @Test func theEndOfASegmentLeadsToTheNext() throws {
        let view = try Playlists.view(Playlists.lowLatency(parts: 22))
        #expect(view.item(from: MediaView.Place(number: 4, part: 4))?.place == MediaView.Place(number: 5, part: 0))
        // The parts of older segments are no longer listed: they are got whole.
        #expect(view.item(from: MediaView.Place(number: 1, part: 0))?.next == MediaView.Place(number: 2, part: 0))
    }

    @Test(
        arguments: zip(
            [
                "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5",
                "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=12",
                "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=12,CAN-SKIP-DATERANGES=YES",
                "PART-HOLD-BACK=1.5",
            ] as [String],
            [
                "?_HLS_msn=5&_HLS_part=2", "?_HLS_msn=5&_HLS_part=2&_HLS_skip=YES",
                "?_HLS_msn=5&_HLS_part=2&_HLS_skip=v2", "",
            ]))
    func reloadsAskForWhatComesNext(control: String, query: String) throws {
        let view = try Playlists.view(Playlists.lowLatency(parts: 22, control: control))
        let reload = try #require(view.reload)
        #expect(Playlists.target(reload.resource) == "/live/news/id/video/index.m3u8" + query)
        #expect(reload.delay == (query.isEmpty ? 0.5 : 0))
        #expect(reload.delayUnchanged == 0.25)
        #expect((reload.awaited == MediaView.Place(number: 5, part: 2)) == !query.isEmpty)
    }

    @Test func withoutPartsThereAreSegments() throws {
        let view = try Playlists.view(Playlists.segments(6))
        #expect(view.holdBack == 6)
        #expect(view.start == MediaView.Place(number: 8, part: 0))
        #expect(view.reload?.awaited == nil)
        #expect(view.reload?.delay == 2)
        let item = try #require(view.items.last)
        let request = String(decoding: item.resource?.request ?? [], as: UTF8.self)
        #expect(request.contains("Range: bytes=500-599\r\n"))
        let blocking = try Playlists.view(Playlists.segments(6, control: "CAN-BLOCK-RELOAD=YES,HOLD-BACK=7"))
        #expect(blocking.holdBack == 7)
        #expect(blocking.reload.map { Playlists.target($0.resource) } == "/live/news/id/video/index.m3u8?_HLS_msn=11")
    }

    @Test func anAnswerThatLacksWhatWasAwaitedIsToldApart() throws {
        let awaited = try #require(try Playlists.view(Playlists.lowLatency(parts: 22)).reload?.awaited)
        for parts in 20...28 {
            #expect(try Playlists.view(Playlists.lowLatency(parts: parts)).reaches(awaited) == (parts >= 23))
        }
        let control = "CAN-BLOCK-RELOAD=YES"
        let whole = try #require(try Playlists.view(Playlists.segments(6, control: control)).reload?.awaited)
        #expect(try !Playlists.view(Playlists.segments(6, control: control)).reaches(whole))
        #expect(try Playlists.view(Playlists.segments(7, control: control)).reaches(whole))
    }

    @Test func anEndedPlaylistIsNotReadAgain() throws {
        #expect(try Playlists.view(Playlists.lowLatency(parts: 22, isEnded: true)).reload == nil)
    }

    @Test(arguments: [
        "", "hello", "#EXTM3U\n", "#EXTM3U\n#EXT-X-TARGETDURATION:0\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n",
    ])
    func whatIsNoMediaPlaylistIsSaid(text: String) {
        #expect(throws: MalformedResponse.playlist) { _ = try Playlists.view(Array(text.utf8)) }
    }

    @Test func everyPrefixAndBitFlipEndsInAViewOrAFault() {
        let bytes = Playlists.lowLatency(parts: 6)
        for length in 0..<bytes.count { _ = try? Playlists.view(Array(bytes[..<length])) }
        for bit in 0..<(bytes.count * 8) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let view = try? Playlists.view(changed) else { continue }
            _ = view.start.flatMap(view.item(from:))
        }
    }
}
