import Bytes
import Testing

@Suite struct ByteChunkTests {
    @Test func aSliceSharesMemory() {
        let chunk = ByteChunk([1, 2, 3, 4, 5])
        let slice = chunk[1..<4][1..<3]
        #expect(slice.array == [3, 4])
        let whole = chunk.withUnsafeBytes { $0.baseAddress }
        let part = slice.withUnsafeBytes { $0.baseAddress }
        #expect(part == whole.map { $0 + 2 })
    }

    @Test func equalityIsOfBytes() {
        #expect(ByteChunk([9, 1, 2])[1..<3] == ByteChunk([1, 2]))
        #expect(ByteChunk([1]) != ByteChunk([1, 2]))
        #expect(ByteChunk().isEmpty)
    }

    @Test func joiningCopiesInOrder() {
        #expect(ByteChunk(joining: [ByteChunk([1]), ByteChunk(), ByteChunk([2, 3])]).array == [1, 2, 3])
    }

    @Test func whatTheWriterWritesTheReaderReads() throws {
        var writer = ByteWriter()
        writer.write(FourCC("moof"))
        writer.writeUInt24(0x010203)
        writer.writeLittleEndian(7)
        writer.write(UInt64.max)
        writer.replaceUInt32(at: 0, with: FourCC("mdat").rawValue)
        var reader = ByteReader(writer.bytes.span)
        #expect(FourCC(rawValue: try reader.readUInt32()).description == "mdat")
        #expect(try reader.readUInt24() == 0x010203)
        #expect(try reader.readUInt32LittleEndian() == 7)
        #expect(try reader.readUInt64() == .max)
    }
}
