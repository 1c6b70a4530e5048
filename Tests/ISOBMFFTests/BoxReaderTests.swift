import Bytes
import ISOBMFF
import Testing

@Suite struct BoxReaderTests {
    static func read(_ bytes: [UInt8]) throws(BoxError) -> [Box] { try BoxReader.boxes(in: ByteChunk(bytes)) }

    @Test func whatTheWriterNestsTheReaderFinds() throws {
        var writer = BoxWriter()
        writer.box("free") { _ in }
        writer.box("moov") { moov in
            moov.fullBox("mvhd", version: 1, flags: 0x020304) { $0.output.write(UInt16(0x0506)) }
            moov.box("trak") { $0.box("free") { $0.output.write(UInt8(7)) } }
        }
        let boxes = try Self.read(writer.output.bytes)
        #expect(boxes.map(\.type) == ["free", "moov"])
        #expect(boxes.map(\.offset) == [0, 8])
        let children = try boxes[1].children()
        #expect(children.map(\.type) == ["mvhd", "trak"])
        #expect(children[0].payload.array == [1, 2, 3, 4, 5, 6])
        #expect(try children[1].children().first?.payload.array == [7])
        #expect(try children[0].children(after: 6).isEmpty)
    }

    @Test func aSizeCanTakeEightBytesOrReachTheEnd() throws {
        let large: [UInt8] = [0, 0, 0, 1, 0x6D, 0x64, 0x61, 0x74, 0, 0, 0, 0, 0, 0, 0, 18, 1, 2]
        let open: [UInt8] = [0, 0, 0, 0, 0x66, 0x72, 0x65, 0x65, 3, 4, 5]
        let boxes = try Self.read(large + open)
        #expect(boxes.map(\.type) == ["mdat", "free"])
        #expect(boxes.map(\.payload.array) == [[1, 2], [3, 4, 5]])
    }

    static let refusals: [(bytes: [UInt8], error: BoxError)] = [
        ([0, 0, 0, 8, 0x66, 0x72, 0x65], .unexpectedEnd(offset: 0)),
        ([0, 0, 0, 9, 0x66, 0x72, 0x65, 0x65], .unexpectedEnd(offset: 0)),
        ([0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65, 0, 0], .unexpectedEnd(offset: 8)),
        ([0, 0, 0, 7, 0x66, 0x72, 0x65, 0x65], .invalidSize(offset: 0)),
        ([0, 0, 0, 1, 0x66, 0x72, 0x65, 0x65, 0, 0, 0, 0, 0, 0, 0, 15], .invalidSize(offset: 0)),
        ([0, 0, 0, 1, 0x66, 0x72, 0x65, 0x65] + Array(repeating: 0xFF, count: 8), .unexpectedEnd(offset: 0)),
    ]

    @Test(arguments: refusals.indices)
    func aWrongSizeIsRefused(index: Int) {
        let (bytes, expected) = Self.refusals[index]
        #expect(throws: expected) { try Self.read(bytes) }
    }

    @Test func aDamagedFileIsBoxesOrATypedError() throws {
        let header = CMAFHeader.bytes(for: try Samples.videoTrack()).array
        let flips = (0..<(header.count * 8)).map { bit in
            var copy = header
            copy[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            return copy
        }
        var refusals = 0
        for damaged in header.indices.map({ Array(header[..<$0]) }) + flips {
            do throws(BoxError) { _ = try boxTree(ByteChunk(damaged)) } catch { refusals += 1 }
        }
        #expect(refusals > header.count / 2)
    }
}
