import Bitstreams
import Bytes
import MPEGTS
import Testing

@Suite struct TimedMetadataPacketTests {
    private static let id3 = ID3Tag.bytes(texts: [("title", "Ü"), ("artist", "B")]).array
    private static let label: [UInt8] = [
        0x06, 0x0E, 0x2B, 0x34, 0x02, 0x0B, 0x01, 0x01, 0x0E, 0x01, 0x03, 0x01, 0x01, 0, 0, 0,
    ]
    /// An item with a short length, and one whose length stands in two bytes.
    private static let items = label + [3, 1, 2, 3] + label + [0x82, 0, 200] + [UInt8](repeating: 7, count: 200)

    /// A cell of a metadata access unit; `fragment` is 3 for a whole one, 2 for the first, 1 for the last, else 0.
    private static func cell(_ fragment: UInt8, _ data: [UInt8], service: UInt8 = 0) -> [UInt8] {
        [service, 5, fragment << 6 | 0x1F, UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
    }

    @Test func tagsStandOneBehindTheOther() throws {
        let other = ID3Tag.bytes(privateData: ByteChunk([1, 2]), owner: "me").array
        #expect(try id3(Self.id3) == [.id3(ByteChunk(Self.id3))])
        #expect(try id3(Self.id3 + other) == [.id3(ByteChunk(Self.id3)), .id3(ByteChunk(other))])
        // A footer is not counted in the size.
        let footer: [UInt8] =
            [0x49, 0x44, 0x33, 4, 0, 0x10, 0, 0, 0, 1, 9] + [0x33, 0x44, 0x49, 4, 0, 0x10, 0, 0, 0, 1]
        #expect(try id3(footer + other) == [.id3(ByteChunk(footer)), .id3(ByteChunk(other))])
    }

    @Test func whatIsNoTagIsRefused() {
        #expect(fault { try id3([]) } == .unexpectedEnd(offset: 0))
        for whole in [Self.id3, Self.id3 + Self.id3] {
            #expect(fault { try id3(Array(whole.dropLast())) } == .unexpectedEnd(offset: whole.count - 1))
        }
        let end = Self.id3.count
        #expect(
            fault { try id3(Self.id3 + Array("ID4".utf8) + Self.id3) } == .invalid("ID3 file identifier", offset: end))
        for (place, value, part): (Int, UInt8, BitstreamError) in [
            (3, 5, .invalid("ID3 version", offset: 3)), (3, 1, .invalid("ID3 version", offset: 3)),
            (4, 0xFF, .invalid("ID3 version", offset: 3)), (6, 0x80, .invalid("ID3 size", offset: 6)),
            (9, 0x80, .invalid("ID3 size", offset: 9)), (9, 0, .invalid("ID3 size", offset: 6)),
            (9, 0x7F, .unexpectedEnd(offset: end)), (7, 1, .unexpectedEnd(offset: end)),
        ] {
            var tag = Self.id3
            tag[place] = value
            #expect(fault { try id3(tag) } == part, "\(place)")
        }
    }

    @Test func asynchronousItemsStandAlone() throws {
        #expect(try klv(Self.items) == [.klv(ByteChunk(Self.items))])
        #expect(try klv(Self.label + [0]) == [.klv(ByteChunk(Self.label + [0]))])
    }

    @Test func synchronousItemsStandInCells() throws {
        let unit = ByteChunk(Self.items)
        #expect(try klv(Self.cell(3, Self.items)) == [.klv(unit)])
        #expect(try klv(Self.cell(3, Self.items) + Self.cell(3, Self.label + [0])).count == 2)
        let parts = (Self.items[..<9], Self.items[9..<100], Self.items[100...])
        let cells =
            Self.cell(2, Array(parts.0)) + Self.cell(0, Array(parts.1)) + Self.cell(1, Array(parts.2))
            + Self.cell(3, Self.items, service: 1)
        #expect(try klv(cells) == [.klv(unit), .klv(unit)])
    }

    @Test func whatIsNoKLVIsRefused() {
        let (items, cell) = (Self.items, Self.cell)
        #expect(fault { try klv([]) } == .unexpectedEnd(offset: 0))
        #expect(fault { try klv(Self.label) } == .unexpectedEnd(offset: 16))
        #expect(fault { try klv(Array(items.dropLast())) } == .unexpectedEnd(offset: items.count - 1))
        #expect(fault { try klv(items + [UInt8](repeating: 0, count: 20)) } == .invalid("KLV key", offset: items.count))
        #expect(fault { try klv(Self.label + [0x80, 0]) } == .invalid("KLV length", offset: 16))
        #expect(fault { try klv(Self.label + [0x85, 0, 0, 0, 0, 0]) } == .invalid("KLV length", offset: 16))
        #expect(fault { try klv(Self.label + [0x82, 0]) } == .unexpectedEnd(offset: 18))
        #expect(fault { try klv(Self.label + [0x84, 0xFF, 0xFF, 0xFF, 0xFF]) } == .unexpectedEnd(offset: 21))
        #expect(fault { try klv(cell(3, [1, 2, 3] + items, 0)) } == .invalid("KLV key", offset: 5))
        #expect(fault { try klv(cell(3, [], 0)) } == .unexpectedEnd(offset: 5))
        #expect(fault { try klv(Array(cell(3, items, 0).dropLast())) } == .unexpectedEnd(offset: items.count + 4))
        // An item may not go on in the next unit.
        #expect(
            fault { try klv(cell(3, Self.label + [3, 1, 2], 0) + cell(3, items, 0)) } == .unexpectedEnd(offset: 24))
        for cells in [
            cell(1, items, 0), cell(0, items, 0), cell(2, items, 0) + cell(3, items, 0),
            cell(2, items, 0) + cell(1, items, 1),
        ] {
            guard case .invalid("cell_fragment_indication", _) = fault({ try klv(cells) }) else {
                Issue.record("\(cells.prefix(5))")
                continue
            }
        }
        #expect(
            fault { try klv(cell(2, items, 0)) } == .unsupported("a metadata access unit in several PES packets"))
    }

    @Test func everyPrefixAndEveryFlippedBitEndsInAnErrorOrAValue() {
        let cells = Self.cell(2, Array(Self.items[..<9])) + Self.cell(1, Array(Self.items[9...]))
        for whole in [Self.id3, Self.items, cells] {
            for count in whole.indices {
                _ = fault { try id3(Array(whole.prefix(count))) }
                _ = fault { try klv(Array(whole.prefix(count))) }
            }
            for bit in 0..<(whole.count * 8) {
                var flipped = whole
                flipped[bit / 8] ^= 0x80 >> UInt8(bit % 8)
                _ = fault { try id3(flipped) }
                _ = fault { try klv(flipped) }
            }
        }
        for count in Self.id3.indices { #expect(fault { try id3(Array(Self.id3.prefix(count))) } != nil) }
        for count in cells.indices { #expect(fault { try klv(Array(cells.prefix(count))) } != nil) }
    }

    @Test func playersGetKLVInAPrivateFrame() throws {
        let packet = try #require(try klv(Self.items).first)
        let owner = Array("urn:misb:KLV:bin:1910.1".utf8) + [0]
        let size = owner.count + Self.items.count
        let frame = Array("PRIV".utf8) + [0, 0, UInt8(size >> 7), UInt8(size & 0x7F), 0, 0] + owner + Self.items
        let whole = [0x49, 0x44, 0x33, 4, 0, 0, 0, 0, UInt8(frame.count >> 7), UInt8(frame.count & 0x7F)] + frame
        #expect(packet.tag.array == whole)
        #expect(try id3(whole) == [.id3(packet.tag)])
        #expect(TimedMetadataPacket.id3(ByteChunk(Self.id3)).tag.array == Self.id3)
    }

    private func id3(_ bytes: [UInt8]) throws(BitstreamError) -> [TimedMetadataPacket] {
        try TimedMetadataPacket.packets(inID3: ByteChunk(bytes))
    }

    private func klv(_ bytes: [UInt8]) throws(BitstreamError) -> [TimedMetadataPacket] {
        try TimedMetadataPacket.packets(inKLV: ByteChunk(bytes))
    }

    private func fault(_ body: () throws -> [TimedMetadataPacket]) -> BitstreamError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? BitstreamError
        }
    }
}
