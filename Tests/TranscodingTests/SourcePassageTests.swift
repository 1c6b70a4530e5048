import Bytes
import Clips
import Media
import Packaging
import TestFolder
import Testing
import Time

@testable import Transcoding

/// A source's own samples, each its number of milliseconds long after the one before it.
@Suite struct SourcePassageTests {
    private static func passage() throws -> SourcePassage {
        let clip = try Clip(
            TemporaryFolder(), "picture.mp4", from: "testsrc2=size=64x64:rate=25:duration=0.04", "-c:v libx264")
        return SourcePassage(clip.track)
    }

    private static func append(_ passage: inout SourcePassage, _ times: some Sequence<Int64>, keys: Set<Int64>) {
        for time in times {
            let sample = Sample(
                data: ByteChunk([1]), decodeTime: .milliseconds(time), presentationTime: .milliseconds(time),
                isSync: keys.contains(time))
            passage.append(sample, arrival: Instant(nanoseconds: time))
        }
    }

    /// The times of what goes on, key frames below zero.
    private static func released(
        _ passage: inout SourcePassage, all: Bool = false
    ) -> [Int64] {
        var times: [Int64] = []
        let note = { (step: MediaStep, arrival: Instant) in
            guard case .video(let sample, rung: 0) = step else { return }
            let time = sample.presentationTime.ticks(in: .milliseconds)
            #expect(arrival == Instant(nanoseconds: time))
            times.append(sample.isSync ? -time : time)
        }
        if all { passage.releaseAll(note) } else { passage.release(note) }
        return times
    }

    @Test func aKeyFrameAndWhatIsBehindItWaitUntilItIsDecidedAbout() throws {
        var passage = try Self.passage()
        Self.append(&passage, 1...5, keys: [3])
        #expect(Self.released(&passage) == [1, 2])
        #expect(Self.released(&passage) == [])
        passage.decide(.milliseconds(3), isKey: true)
        #expect(Self.released(&passage) == [-3, 4, 5])
    }

    @Test func oneThatTheRungsDoNotHaveIsNone() throws {
        var passage = try Self.passage()
        Self.append(&passage, 1...5, keys: [1, 3])
        passage.decide(.milliseconds(1), isKey: true)
        passage.decide(.milliseconds(3), isKey: false)
        #expect(Self.released(&passage) == [-1, 2, 3, 4, 5])
    }

    /// Its picture cannot be decoded: the rungs do not have it.
    @Test func noneIsWaitedForForEver() throws {
        var passage = try Self.passage()
        Self.append(&passage, 1...32, keys: [1])
        #expect(Self.released(&passage) == [])
        Self.append(&passage, 33...33, keys: [])
        #expect(Self.released(&passage) == Array(1...33))
    }

    @Test func atTheEndAllGoes() throws {
        var passage = try Self.passage()
        Self.append(&passage, 1...5, keys: [2, 4])
        passage.decide(.milliseconds(2), isKey: true)
        #expect(Self.released(&passage, all: true) == [1, -2, 3, 4, 5])
        #expect(Self.released(&passage, all: true) == [])
    }
}
