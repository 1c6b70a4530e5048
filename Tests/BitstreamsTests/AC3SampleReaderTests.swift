import Bitstreams
import Bytes
import Media
import Testing

@Suite struct AC3SampleReaderTests {
    @Test func aFrameOfAC3IsASample() throws {
        var reader = AC3SampleReader()
        let frame = ByteChunk(AC3StreamReaderTests.frame())
        let first = try #require(try reader.read(frame))
        #expect(first.sample == frame)
        #expect(try first.track == Track(ac3Sample: frame))
        // The configuration is told once, and again when it is another.
        #expect(try reader.read(frame)?.track == nil)
        let other = ByteChunk(AC3StreamReaderTests.frame(acmod: 1))
        #expect(try reader.read(other)?.track != nil)
    }

    /// Two blocks, three times.
    @Test func framesOfFewerBlocksWaitForTheRest() throws {
        var reader = AC3SampleReader()
        let frame = AC3StreamReaderTests.enhancedFrame(acmod: 2, numblkscod: 1)
        for round in 0..<2 {
            #expect(try reader.read(ByteChunk(frame)) == nil && reader.isInsideSample)
            #expect(try reader.read(ByteChunk(frame)) == nil && reader.isInsideSample)
            let output = try #require(try reader.read(ByteChunk(frame)))
            #expect(output.sample.array == frame + frame + frame && !reader.isInsideSample)
            #expect((output.track != nil) == (round == 0))
        }
    }

    @Test func whatIsTooMuchIsAnErrorAndForgotten() throws {
        var reader = AC3SampleReader()
        let short = AC3StreamReaderTests.enhancedFrame(acmod: 2, numblkscod: 1)
        let whole = AC3StreamReaderTests.enhancedFrame(acmod: 2)
        #expect(try reader.read(ByteChunk(short)) == nil)
        #expect(throws: BitstreamError.self) { try reader.read(ByteChunk(whole)) }
        #expect(try reader.read(ByteChunk(whole))?.sample.array == whole)
        #expect(throws: BitstreamError.self) { try reader.read(ByteChunk([1, 2, 3])) }
    }
}
