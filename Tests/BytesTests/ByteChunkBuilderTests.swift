import Bytes
import Testing

@Suite struct ByteChunkBuilderTests {
    @Test func piecesBecomeOneChunkInOrder() {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        var builder = ByteChunkBuilder(capacity: bytes.count)
        var offset = 0
        while offset < bytes.count {
            let end = min(offset + 128, bytes.count)
            let piece = Array(bytes[offset..<end])
            builder.append(piece.span)
            offset = end
        }
        #expect(builder.isFull)
        #expect(builder.finish().array == bytes)
    }

    @Test func aChunkMayBeFinishedBeforeItIsFull() {
        var builder = ByteChunkBuilder(capacity: 1 << 40)
        let piece: [UInt8] = [1, 2, 3]
        builder.append(piece.span)
        #expect(builder.count == 3)
        #expect(!builder.isFull)
        #expect(builder.finish().array == piece)
        #expect(ByteChunkBuilder(capacity: 5).finish().isEmpty)
        #expect(ByteChunkBuilder(capacity: 0).isFull)
    }

    @Test func copiesAndFinishedChunksDoNotSeeLaterBytes() {
        let (one, two, three): ([UInt8], [UInt8], [UInt8]) = ([1], [2], [3])
        var builder = ByteChunkBuilder(capacity: 2)
        builder.append(one.span)
        var copy = builder
        copy.append(two.span)
        let chunk = copy.finish()
        builder.append(three.span)
        #expect(chunk.array == [1, 2])
        #expect(copy.finish() == chunk)
        #expect(builder.finish().array == [1, 3])
    }
}
