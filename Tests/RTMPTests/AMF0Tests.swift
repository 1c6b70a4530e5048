import Bytes
import RTMP
import Testing

@Suite struct AMF0Tests {
    private static let table: [(AMF0Value, [UInt8])] = [
        (.number(1), [0, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0]),
        (.boolean(true), [1, 1]),
        (.boolean(false), [1, 0]),
        ("live", [2, 0, 4, 0x6C, 0x69, 0x76, 0x65]),
        ("ü", [2, 0, 2, 0xC3, 0xBC]),
        (.object([AMF0Property("a", .null)]), [3, 0, 1, 0x61, 5, 0, 0, 9]),
        (.object([]), [3, 0, 0, 9]),
        (.null, [5]),
        (.undefined, [6]),
        (.reference(258), [7, 1, 2]),
        (.ecmaArray([AMF0Property("a", .boolean(true))]), [8, 0, 0, 0, 1, 0, 1, 0x61, 1, 1, 0, 0, 9]),
        (.strictArray([.null, .undefined]), [0x0A, 0, 0, 0, 2, 5, 6]),
        (.date(milliseconds: 1, timeZone: -1), [0x0B, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
        (.unsupported, [0x0D]),
        (.xml("<a/>"), [0x0F, 0, 0, 0, 4, 0x3C, 0x61, 0x2F, 0x3E]),
        (.typedObject(className: "C", [AMF0Property("", .null)]), [0x10, 0, 1, 0x43, 0, 0, 5, 0, 0, 9]),
    ]

    private static let metadata: AMF0Value = .ecmaArray([
        AMF0Property("width", .number(1280)), AMF0Property("encoder", "Lavf59.27.100"),
        AMF0Property("stereo", .boolean(true)), AMF0Property("made", .date(milliseconds: 1e12, timeZone: 0)),
        AMF0Property("list", .strictArray([.number(.infinity), .object([AMF0Property("x", .undefined)])])),
    ])

    @Test(arguments: zip(table.map(\.0), table.map(\.1)))
    func everyTypeHasItsBytes(value: AMF0Value, bytes: [UInt8]) throws {
        #expect(AMF0Writer.bytes(of: [value]) == bytes)
        var reader = AMF0Reader(bytes.span)
        #expect(try reader.read() == value)
        let isAtEnd = reader.isAtEnd
        #expect(isAtEnd)
    }

    @Test func textBeyond65535BytesIsALongString() throws {
        let text = String(repeating: "x", count: 65_536)
        let bytes = AMF0Writer.bytes(of: [.string(text)])
        #expect(bytes.prefix(5) == [0x0C, 0, 1, 0, 0])
        #expect(try read(bytes) == .string(text))
        #expect(AMF0Writer.bytes(of: [.string(String(text.dropLast()))]).prefix(3) == [2, 0xFF, 0xFF])
    }

    @Test func anECMAArrayEndsAtItsMarkerOrWithTheMessageWhateverItsCount() throws {
        let expected = AMF0Value.ecmaArray([AMF0Property("a", .null)])
        #expect(try read([8, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 0x61, 5, 0, 0, 9]) == expected)
        #expect(try read([8, 0, 0, 0, 0, 0, 1, 0x61, 5]) == expected)
    }

    @Test func propertiesAreFoundByName() {
        #expect(Self.metadata["width"]?.number == 1280)
        #expect(Self.metadata["encoder"]?.string == "Lavf59.27.100")
        #expect(Self.metadata["nothing"] == nil)
        #expect(AMF0Value.null["width"] == nil)
    }

    @Test func nestingHasALimit() {
        let limits = AMF0Limits(depth: 3, values: 100)
        let array: [UInt8] = [0x0A, 0, 0, 0, 1]
        #expect(failure(array + array + array + [5], limits) == nil)
        #expect(failure(array + array + array + array + [5], limits) == .nestedTooDeeply(offset: 15))
        let object: [UInt8] = [3, 0, 1, 0x61]
        let bomb = [[UInt8]](repeating: object, count: 20_000)
        #expect(failure(Array(bomb.joined())) == .nestedTooDeeply(offset: 64))
    }

    @Test func valuesAreCountedAndAnnouncedCountsAreNotTrusted() {
        let limits = AMF0Limits(depth: 3, values: 10)
        #expect(failure([0x0A, 0, 0, 0, 9] + [UInt8](repeating: 5, count: 9), limits) == nil)
        #expect(
            failure([0x0A, 0, 0, 0, 10] + [UInt8](repeating: 5, count: 10), limits) == .tooManyValues(offset: 14))
        #expect(failure([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 5]) == .unexpectedEnd(offset: 6))
        #expect(failure([0x0C, 0xFF, 0xFF, 0xFF, 0xFF, 5]) == .unexpectedEnd(offset: 5))
        #expect(failure([0x0A, 0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 5, count: 50_000)) != nil)
    }

    @Test(arguments: [0x04, 0x09, 0x0E, 0x11, 0xFF] as [UInt8])
    func whatAMF0DoesNotKnowIsNamed(marker: UInt8) {
        #expect(failure([marker]) == .unknownMarker(marker, offset: 0))
    }

    @Test func everyPrefixAndEveryBitFlipEndsInAValueOrAnError() throws {
        let bytes = AMF0Writer.bytes(of: [Self.metadata])
        let readable = (0..<bytes.count).filter { failure(Array(bytes[..<$0])) == nil }
        // An array may end without its marker, but only behind one of its five values or before the first.
        #expect(readable.count == 6)
        #expect(readable.last == bytes.count - 3)
        var outcomes: Set<Bool> = []
        for bit in 0..<(8 * bytes.count) {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            outcomes.insert(failure(flipped) == nil)
        }
        #expect(outcomes == [true, false])
    }

    private func read(_ bytes: [UInt8], _ limits: AMF0Limits = AMF0Limits()) throws(AMF0Error) -> AMF0Value {
        var reader = AMF0Reader(bytes.span, limits: limits)
        return try reader.read()
    }

    private func failure(_ bytes: [UInt8], _ limits: AMF0Limits = AMF0Limits()) -> AMF0Error? {
        do {
            _ = try read(bytes, limits)
            return nil
        } catch { return error }
    }
}
