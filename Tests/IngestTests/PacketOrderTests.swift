import Bytes
import FFmpeg
import Testing

@testable import Ingest

@Suite struct PacketOrderTests {
    private func packet(_ stream: Int, _ milliseconds: Int) -> (DemuxedPacket, Duration) {
        (
            DemuxedPacket(
                stream: stream, data: ByteChunk([1]), presentation: Int64(milliseconds), decode: Int64(milliseconds)),
            .milliseconds(milliseconds)
        )
    }

    private func run(_ packets: [(DemuxedPacket, Duration)], _ streams: Set<Int> = [0, 1]) -> [(Int, Int)] {
        var order = PacketOrder()
        var found: [(Int, Int)] = []
        func take(isEnd: Bool = false) {
            while let next = order.next(of: streams, isEnd: isEnd) {
                found.append((next.stream, Int(next.decode ?? -1)))
            }
        }
        for (packet, time) in packets {
            order.add(packet, at: time)
            take()
        }
        take(isEnd: true)
        return found
    }

    @Test func soundThatComesBehindItsPicturesGoesBetweenThem() {
        let pictures = stride(from: 0, to: 2000, by: 40).map { packet(0, $0) }
        let sounds = stride(from: 0, to: 2000, by: 21).map { packet(1, $0) }
        let found = run(pictures + sounds)
        #expect(found.count == pictures.count + sounds.count)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.1 <= $1.1 })
    }

    @Test func aStreamThatPausesIsNotWaitedForForEver() {
        var order = PacketOrder()
        for time in stride(from: 0, through: 6000, by: 40) {
            let (packet, at) = packet(0, time)
            order.add(packet, at: at)
        }
        var count = 0
        while order.next(of: [0, 1]) != nil { count += 1 }
        #expect((20...30).contains(count), "all but the last five seconds")
    }

    @Test func timesThatJumpChangeNoOrderWithinAStream() {
        let found = run([packet(0, 90_000), packet(1, 90_000), packet(0, 40), packet(1, 50), packet(0, 80)])
        #expect(found.filter { $0.0 == 0 }.map(\.1) == [90_000, 40, 80])
        #expect(found.map(\.1) == [90_000, 90_000, 40, 50, 80])
    }
}
