import Bytes
import Media
import Packaging
import Testing
import Time

@testable import Transcoding

/// What waits, as long as nobody does anything about it.
@Suite struct TranscoderQueueTests {
    private static let now = Instant(nanoseconds: 0)

    private static func put(_ queue: inout TranscoderQueue, _ step: MediaStep, at seconds: Double = 0) -> Bool {
        queue.take(step, now + .seconds(seconds))
    }

    private static func begin(_ queue: inout TranscoderQueue) {
        let start = RunStart(tracks: [], sourceStart: .zero, arrival: now, continues: false)
        #expect(put(&queue, .begin(start)))
    }

    private static func sample(_ bytes: Int, isSync: Bool) -> Sample {
        Sample(
            data: ByteChunk([UInt8](repeating: 0, count: bytes)), decodeTime: .zero, presentationTime: .zero,
            isSync: isSync)
    }

    private static func take(
        _ queue: inout TranscoderQueue, bytes: Int = 1, isSync: Bool = false, at seconds: Double = 0
    ) -> Bool { put(&queue, .video(sample(bytes, isSync: isSync)), at: seconds) }

    private static func forget(_ queue: inout TranscoderQueue, _ count: Int, bytes: Int = 1) {
        for _ in 0..<count { queue.forget(sample(bytes, isSync: false)) }
    }

    private static func holes(_ queue: TranscoderQueue) -> Int {
        queue.entries.count { if case .hole = $0 { true } else { false } }
    }

    @Test func onlySoManyPicturesWait() {
        var queue = TranscoderQueue()
        Self.begin(&queue)
        #expect((0..<2000).count { _ in Self.take(&queue) } == 1200 && queue.pictures == 1200)
        // Sound takes little, and goes on.
        #expect(Self.put(&queue, .audio(Self.sample(1, isSync: true), track: 0)))
    }

    /// However many came at once: it is how late viewers get them that counts.
    @Test func noneWaitsForLong() {
        var queue = TranscoderQueue()
        Self.begin(&queue)
        #expect((0...50).allSatisfy { Self.take(&queue, at: Double($0) / 10) })
        #expect(!Self.take(&queue, isSync: true, at: 5.1))
        // The oldest came in at 2.5 seconds.
        Self.forget(&queue, 25)
        #expect(!Self.take(&queue, isSync: true, at: 5.2), "it has waited for more than half as long")
        Self.forget(&queue, 3)
        #expect(Self.take(&queue, isSync: true, at: 5.2) && Self.holes(queue) == 1)
    }

    @Test func onlySoManyBytesWait() {
        var queue = TranscoderQueue()
        Self.begin(&queue)
        #expect((0..<10).count { _ in Self.take(&queue, bytes: 16 << 20) } == 4)
        // What is done takes no room any more.
        for _ in 0..<8 {
            Self.forget(&queue, 1, bytes: 16 << 20)
            #expect(Self.take(&queue, bytes: 16 << 20, isSync: true))
        }
    }

    @Test func onceBehindItGoesOnWithAKeyFrameWhenHalfIsDone() {
        var queue = TranscoderQueue()
        Self.begin(&queue)
        for _ in 0..<1201 { _ = Self.take(&queue) }
        Self.forget(&queue, 599)
        #expect(!Self.take(&queue, isSync: true), "more than half of them wait")
        Self.forget(&queue, 1)
        #expect(!Self.take(&queue), "no key frame")
        #expect(Self.holes(queue) == 0)
        #expect(Self.take(&queue, isSync: true) && Self.take(&queue))
        guard case .hole = queue.entries[queue.entries.count - 3] else {
            Issue.record("nobody learns that pictures are missing")
            return
        }
        #expect(Self.holes(queue) == 1)
    }

    @Test func anotherRunBeginsWithoutAHole() {
        var queue = TranscoderQueue()
        Self.begin(&queue)
        for _ in 0..<1201 { _ = Self.take(&queue) }
        Self.forget(&queue, 1200)
        Self.begin(&queue)
        #expect(Self.take(&queue))
        #expect(Self.holes(queue) == 0)
    }

    @Test func whatHasNotBegunDoesNotEnd() {
        var queue = TranscoderQueue()
        #expect(Self.put(&queue, .interrupt) && queue.entries.isEmpty)
        Self.begin(&queue)
        for _ in 0..<2 { #expect(Self.put(&queue, .interrupt)) }
        #expect(queue.entries.count == 2)
    }

    /// Where nothing is done at all, sound must not fill the memory either. Beginnings and ends are never left out.
    @Test func onlySoMuchSoundWaits() {
        var queue = TranscoderQueue()
        Self.begin(&queue)
        let sound = Self.sample(1, isSync: true)
        #expect((0..<5000).count { _ in Self.put(&queue, .audio(sound, track: 0)) } == 4095)
        #expect(Self.put(&queue, .interrupt))
        Self.begin(&queue)
        #expect(queue.entries.count == 4098)
    }
}
