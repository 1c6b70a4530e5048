import Bytes
import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// The playlist of key frames, §4.4.3.6.
@Suite struct IFramePlaylistTests {
    struct Entry: Equatable {
        var duration: Double
        var range: Range<Int>?
        var uri: String
        var isGap: Bool
    }

    /// The entries by their media sequence numbers.
    private static func entries(_ presentation: Presentation) throws -> [Int: Entry] {
        let snapshot = presentation.snapshot
        let window = try #require(snapshot.rendition("video"))
        let text = String(decoding: snapshot.iFramePlaylist(of: window).rendered(), as: UTF8.self)
        #expect(text.contains("#EXT-X-I-FRAMES-ONLY\n") && text.contains("#EXT-X-VERSION:5\n"))
        #expect(!text.contains("EXT-X-PART:") && !text.contains("PRELOAD-HINT") && !text.contains("PART-INF"))
        var (number, entries) = (0, [Int: Entry]())
        var next = Entry(duration: 0, range: nil, uri: "", isGap: false)
        for line in text.split(separator: "\n").map(String.init) {
            if line.hasPrefix("#EXT-X-MEDIA-SEQUENCE:") {
                number = try #require(Int(line.dropFirst(22)))
            } else if line.hasPrefix("#EXTINF:") {
                next.duration = try #require(Double(line.dropFirst(8).dropLast()))
            } else if line.hasPrefix("#EXT-X-BYTERANGE:") {
                let numbers = line.dropFirst(17).split(separator: "@").compactMap { Int($0) }
                try #require(numbers.count == 2)
                next.range = numbers[1]..<numbers[1] + numbers[0]
            } else if line == "#EXT-X-GAP" {
                next.isGap = true
            } else if !line.hasPrefix("#") {
                next.uri = line
                entries[number] = next
                number += 1
                next = Entry(duration: 0, range: nil, uri: "", isGap: false)
            }
        }
        return entries
    }

    @Test func eachEntryIsAPictureAndTheTimeToTheNext() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        presentation.play(Feed(gopFrames: 30).events(seconds: 20))
        let entries = try Self.entries(presentation)
        #expect(entries.count > 10 && entries.values.allSatisfy { abs($0.duration - 1) < 0.01 && !$0.isGap })
        let video = try #require(presentation.videoWindow)
        for entry in entries.values {
            guard case .segment(let number)? = MediaResource(fileName: entry.uri[...]),
                let segment = video.segment(number)
            else {
                Issue.record("\(entry.uri) is no segment")
                continue
            }
            let bytes = try #require(segment.data).flatMap(\.array)
            let range = try #require(entry.range)
            let picture = Array(bytes[range])
            #expect(Array(picture[4..<8]) == Array("moof".utf8))
            // All of the picture's 100 bytes, and nothing of what follows.
            #expect(picture.suffix(100).allSatisfy { $0 == 0x2A } && picture.dropLast(100).last != 0x2A)
            #expect(picture.dropLast(100).suffix(4).elementsEqual(Array("mdat".utf8)))
        }
    }

    @Test func anEntryKeepsItsNumberWhileTheWindowRolls() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .ultra)
        var known: [Int: Entry] = [:]
        var firsts: [Int] = []
        for second in stride(from: Int64(0), to: 90, by: 5) {
            presentation.play(Feed(gopFrames: 30).events(seconds: 5, from: second * 1000))
            let entries = try Self.entries(presentation)
            for (number, entry) in entries {
                #expect(known[number] == nil || known[number] == entry, "\(number)")
                known[number] = entry
            }
            firsts.append(entries.keys.min() ?? 0)
        }
        #expect(firsts == firsts.sorted() && firsts.last ?? 0 > 40)
        #expect(known.keys.sorted() == Array(0..<known.count), "no number is left out")
    }

    @Test func timeWithoutAPictureIsAGapNoLongerThanItsSegment() throws {
        let rare = Feed(gopFrames: 330)
        var presentation = Presentation.started(rare, .low)
        presentation.play(rare.events(seconds: 40))
        presentation.interrupt()
        presentation.passSilence(until: Instant(nanoseconds: 50_000_000_000))
        let entries = try Self.entries(presentation)
        #expect(entries.values.contains { $0.isGap } && entries.values.contains { !$0.isGap })
        #expect(entries.values.allSatisfy { $0.isGap == ($0.range == nil) })
        #expect(entries.values.allSatisfy { $0.duration.rounded() <= 4 })
        let segments = try #require(presentation.videoWindow).listed.filter(\.isComplete)
        let length = segments.reduce(0) { $0 + $1.duration.seconds }
        #expect(abs(entries.values.reduce(0) { $0 + $1.duration } - length) < 0.001)
    }

    @Test func theMultivariantPlaylistNamesItFromTheBeginning() throws {
        var presentation = Presentation.started(Feed(gopFrames: 30), .low)
        presentation.play(Feed(gopFrames: 30).events(seconds: 1))
        func tag() -> String {
            let text = String(decoding: presentation.snapshot.multivariantPlaylist.rendered(), as: UTF8.self)
            return text.split(separator: "\n").first { $0.hasPrefix("#EXT-X-I-FRAME") }.map(String.init) ?? ""
        }
        #expect(tag().contains("URI=\"test/video/iframes.m3u8\"") && !tag().contains("BANDWIDTH=0"))
        presentation.play(Feed(gopFrames: 30).events(seconds: 10, from: 1000))
        // About 200 bytes each second.
        let bandwidth = try #require(tag().split(separator: ",")[0].split(separator: "=").last.flatMap { Int($0) })
        #expect((1000..<4000).contains(bandwidth))
    }
}
