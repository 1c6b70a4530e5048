import Foundation
import HLS
import Media
import Packaging
import SampleFeed
import Testing
import Time

/// A day of a channel, on a clock that is turned by hand: 24 hours of media go through in seconds.
@Suite struct DayTests {
    /// What a reload of the playlist shows: what must not change, and how far it has got.
    struct Sight: Equatable {
        var constants: [String]
        var mediaSequence: Int
        var lines: Int

        init(_ playlist: String) throws {
            let text = playlist.split(separator: "\n")
            func values(_ tag: String) -> [String] { text.filter { $0.hasPrefix(tag) }.map(String.init) }
            constants =
                values("#EXT-X-VERSION") + values("#EXT-X-TARGETDURATION") + values("#EXT-X-SERVER-CONTROL")
                + values("#EXT-X-PART-INF")
            mediaSequence = try #require(values("#EXT-X-MEDIA-SEQUENCE:").first.flatMap { Int($0.dropFirst(22)) })
            lines = text.count
        }
    }

    /// One profile is enough for every day.
    static let profiles: [LatencyProfile.Name] =
        ProcessInfo.processInfo.environment["SOAK"] == "1" ? [.standard, .low, .ultra] : [.low]

    /// Ten pictures a second with a key frame every two, and sound; the encoder goes for a minute every six hours.
    @Test(arguments: profiles)
    func aDayLeavesConstantsDatesAndMemoryAsTheyWere(name: LatencyProfile.Name) throws {
        let feed = Feed(frames: 10, gopFrames: 20, sampleRate: 16_000)
        var presentation = Presentation.started(feed, name)
        var firstSight: Sight?
        var memory: [Int] = []
        var counts: [Int] = []
        var clock: Int64 = 0
        for stint in 0..<4 {
            for hour in 0..<6 {
                let events = feed.events(seconds: 3600 - (hour == 5 ? 60 : 0), from: clock)
                presentation.play(events)
                clock += 3600_000 - (hour == 5 ? 60_000 : 0)
                let sight = try Sight(presentation.playlist("video"))
                #expect(firstSight == nil || sight.constants == firstSight?.constants)
                #expect(sight.mediaSequence >= firstSight?.mediaSequence ?? 0)
                firstSight = firstSight ?? sight
                try memory.append(Self.residentBytes())
                counts.append(presentation.snapshot.renditions.reduce(0) { $0 + $1.segments.count })
                for rendition in presentation.snapshot.renditions {
                    let last = try #require(rendition.segments.last)
                    // The source keeps the clock's time: the date of the edge is the time that has passed.
                    let edge = last.programDateTime.microseconds + Int64(last.duration.seconds * 1e6)
                    let drift = edge - 1_800_000_000_000_000 - clock * 1000
                    #expect(abs(drift) < 600_000, "\(drift) µs in hour \(hour) of stint \(stint)")
                    let length = rendition.segments.reduce(MediaTime.zero) { $0 + $1.duration }
                    #expect(length == last.end - (rendition.segments.first?.start ?? .zero), "no hole, no overlap")
                }
            }
            presentation.interrupt()
            for _ in 0..<60 {
                clock += 1000
                presentation.passSilence(until: Instant(nanoseconds: clock * 1_000_000))
            }
            let isSame = presentation.beginRun(
                tracks: feed.tracks, sourceStart: .milliseconds(clock), now: Instant(nanoseconds: clock * 1_000_000))
            #expect(isSame)
        }
        let early = try #require(memory.prefix(3).max())
        let late = try #require(memory.last)
        #expect(
            late < early + 128 << 20,
            "other tests share the process; a day of samples is more: \(memory.map { $0 >> 20 }) MiB")
        #expect(Set(counts.dropFirst()).count <= 4, "the window is full from the first hour on: \(counts)")
    }

    private static func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(pages[1])) * 4096
    }
}
