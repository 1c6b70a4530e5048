import Bytes
import Testing

@Suite struct PercentEscapesTests {
    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("a%3Ab", "a:b"), ("%e2%82%AC", "€"), ("%2541", "%41"), ("%41%42", "AB"),
        // These begin no escape.
        ("%", "%"), ("a%4", "a%4"), ("100%-safe", "100%-safe"), ("%+5", "%+5"), ("%-1%zz", "%-1%zz"), ("%%41", "%A"),
        ("% 1", "% 1"),
    ])
    func escapesAreReadAndAllElseStays(text: String, expected: String) {
        #expect(String(decoding: PercentEscapes.decoded(Array(text.utf8)[...]), as: UTF8.self) == expected)
        // A part of something longer is read as far as it goes.
        let longer = Array("41\(text)41".utf8)
        let part = PercentEscapes.decoded(longer[2..<(longer.count - 2)])
        #expect(String(decoding: part, as: UTF8.self) == expected)
    }

    @Test func twoDigitsAreAByte() {
        for byte in UInt8.min...UInt8.max {
            let digits = Array((byte < 16 ? "0" : "") + String(byte, radix: 16)).map { $0.asciiValue ?? 0 }
            #expect(PercentEscapes.byte(digits[0], digits[1]) == byte)
        }
        for other in [UInt8(ascii: "+"), UInt8(ascii: "g"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "@"), 0]
        {
            #expect(PercentEscapes.byte(other, UInt8(ascii: "5")) == nil)
            #expect(PercentEscapes.byte(UInt8(ascii: "5"), other) == nil)
        }
    }
}
