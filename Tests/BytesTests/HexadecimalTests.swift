import Bytes
import Testing

@Suite struct HexadecimalTests {
    @Test func bytesAreReadInEitherCaseAndOnlyInPairs() {
        #expect(Hexadecimal.decode("00fFA5") == [0, 0xFF, 0xA5])
        #expect(Hexadecimal.encode(([0, 0xFF, 0xA5] as [UInt8]).span) == "00ffa5")
        #expect(Hexadecimal.decode("abc") == nil)
        #expect(Hexadecimal.decode("0g") == nil)
        #expect(Hexadecimal.decode("") == [])
    }
}
