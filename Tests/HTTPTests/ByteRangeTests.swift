import Testing

@testable import HTTP

@Suite struct ByteRangeTests {
    static let rows: [(field: String, length: Int, range: ByteRange)] = [
        ("bytes=0-0", 10, .part(0..<1)),
        ("bytes=2-5", 10, .part(2..<6)),
        ("bytes=2-", 10, .part(2..<10)),
        ("bytes=-3", 10, .part(7..<10)),
        ("bytes=-30", 10, .part(0..<10)),
        ("bytes=9-20", 10, .part(9..<10)),
        ("bytes=4-9007199254740991", 10, .part(4..<10)),
        ("bytes=4-18446744073709551615", 10, .part(4..<10)),
        ("bytes=4-99999999999999999999999", 10, .part(4..<10)),
        ("bytes=-99999999999999999999999", 10, .part(0..<10)),
        ("BYTES=1-2", 10, .part(1..<3)),
        ("bytes= 1-2 ", 10, .part(1..<3)),
        ("bytes=10-", 10, .unsatisfiable),
        ("bytes=10-20", 10, .unsatisfiable),
        ("bytes=99999999999999999999999-", 10, .unsatisfiable),
        ("bytes=-0", 10, .unsatisfiable),
        ("bytes=0-", 0, .unsatisfiable),
        ("bytes=-1", 0, .whole),
        ("bytes=5-2", 10, .whole),
        ("bytes=0-1,3-4", 10, .whole),
        ("bytes=", 10, .whole),
        ("bytes=-", 10, .whole),
        ("bytes=a-b", 10, .whole),
        ("bytes=1", 10, .whole),
        ("bytes=1 - 2", 10, .whole),
        ("bytes=+1-2", 10, .whole),
        ("bytes=--1", 10, .whole),
        ("items=0-1", 10, .whole),
        ("0-1", 10, .whole),
        ("", 10, .whole),
    ]

    @Test(arguments: rows.indices) func aFieldIsReadByTheRFC(row: Int) {
        let (field, length, range) = Self.rows[row]
        #expect(ByteRange(field: field, length: length) == range, "\(field)")
    }

    @Test func everyPrefixAndBitFlipStaysInside() {
        let field = Array("bytes=4-9007199254740991".utf8)
        var fields = (0...field.count).map { Array(field[..<$0]) }
        for bit in 0..<(field.count * 8) {
            var flipped = field
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            fields.append(flipped)
        }
        for field in fields {
            guard case .part(let range) = ByteRange(field: String(decoding: field, as: UTF8.self), length: 10) else {
                continue
            }
            #expect(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= 10)
        }
    }
}
