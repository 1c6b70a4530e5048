import Bytes
import Testing

@Suite struct ByteReaderTests {
    @Test func integersAreBigEndian() throws {
        let bytes: [UInt8] = [1, 0, 2, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0]
        var reader = ByteReader(bytes.span)
        #expect(try reader.readUInt8() == 1)
        #expect(try reader.readUInt16() == 2)
        #expect(try reader.readUInt24() == 3)
        #expect(try reader.readUInt32() == 4)
        #expect(try reader.readUInt64() == 5)
        #expect(try reader.readUInt32LittleEndian() == 6)
        let isAtEnd = reader.isAtEnd
        #expect(isAtEnd)
    }

    @Test(
        arguments: zip(
            [[0xFF, 0xFF, 0xFF], [0x80, 0, 0], [0x7F, 0xFF, 0xFF]] as [[UInt8]],
            [-1, -8_388_608, 8_388_607] as [Int32]))
    func a24BitIntegerKeepsItsSign(bytes: [UInt8], value: Int32) throws {
        var reader = ByteReader(bytes.span)
        #expect(try reader.readInt24() == value)
    }

    @Test func aReadPastTheEndThrowsAndMovesNothing() throws {
        let bytes: [UInt8] = [1, 2, 3]
        var reader = ByteReader(bytes.span)
        _ = try reader.readUInt8()
        var thrown: UnexpectedEnd?
        do { _ = try reader.readUInt32() } catch { thrown = error }
        #expect(thrown == UnexpectedEnd(offset: 1))
        var left = reader.remaining
        #expect(left == 2)
        do { _ = try reader.read(-1) } catch { thrown = error }
        left = reader.remaining
        #expect(left == 2)
        #expect(try reader.readUInt16() == 0x0203)
    }

    @Test func peekLooksWithoutMoving() {
        let bytes: [UInt8] = [0xAB, 0xCD]
        let reader = ByteReader(bytes.span)
        let (two, three) = (reader.peek(2), reader.peek(3))
        #expect(two == 0xABCD)
        #expect(three == nil)
        let offset = reader.offset
        #expect(offset == 0)
    }

    @Test func bitsComeMostSignificantFirstAcrossBytes() throws {
        let bytes: [UInt8] = [0b1010_0110, 0b1111_0000]
        var reader = BitReader(bytes.span)
        #expect(try reader.readFlag())
        #expect(try reader.readBits(3) == 0b010)
        #expect(try reader.readBits(8) == 0b0110_1111)
        let left = reader.remaining
        #expect(left == 4)
        var thrown: UnexpectedEnd?
        do { _ = try reader.readBits(5) } catch { thrown = error }
        #expect(thrown == UnexpectedEnd(offset: 1))
    }
}
