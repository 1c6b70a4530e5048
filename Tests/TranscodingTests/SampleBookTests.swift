import Bytes
import Media
import Testing
import Time

@testable import Transcoding

@Suite struct SampleBookTests {
    private static func note(_ book: inout SampleBook, _ time: Int64, _ access: SampleAccess, arrival: Int64) {
        book.note(
            Sample(
                data: ByteChunk([1]), decodeTime: .milliseconds(time), presentationTime: .milliseconds(time),
                access: access), arrival: Instant(nanoseconds: arrival))
    }

    private static func keys(_ book: inout SampleBook, _ times: [Int64]) -> [Int64?] {
        times.map { book.key(at: .milliseconds($0))?.ticks(in: .milliseconds) }
    }

    @Test func eachPictureHasTheArrivalOfItsSample() {
        var book = SampleBook()
        for (index, time) in ([0, 120, 40, 80] as [Int64]).enumerated() {
            Self.note(&book, time, index == 0 ? .sync : .dependent, arrival: Int64(index))
        }
        let arrivals = ([0, 40, 80, 120] as [Int64]).map { book.arrival(of: .milliseconds($0)).nanoseconds }
        #expect(arrivals == [0, 2, 3, 1])
        // A picture that no sample is known of came with the last one.
        #expect(book.arrival(of: .milliseconds(60)).nanoseconds == 3)
    }

    @Test func anOpenGroupBeginsWithTheFirstPictureThatIsShownOfIt() {
        var book = SampleBook()
        for (time, access) in [(200, .openSync), (120, .leading), (80, .leading), (160, .leading), (240, .dependent)]
            as [(Int64, SampleAccess)]
        {
            Self.note(&book, time, access, arrival: 0)
        }
        #expect(Self.keys(&book, [80, 120, 160, 200, 240]) == [200, nil, nil, nil, nil])
        #expect(Self.keys(&book, [80]) == [nil], "once")
    }

    @Test func whatIsForgottenBeginsNothing() {
        var book = SampleBook()
        Self.note(&book, 200, .openSync, arrival: 0)
        book.clear()
        Self.note(&book, 120, .leading, arrival: 0)
        #expect(Self.keys(&book, [120, 200]) == [nil, nil])
    }

    /// Samples that no picture comes of.
    @Test func onlySoManyAreKept() {
        var book = SampleBook()
        for time in 0..<129 { Self.note(&book, Int64(time), .sync, arrival: Int64(time)) }
        #expect(Self.keys(&book, [0, 128]) == [nil, 128])
    }
}
