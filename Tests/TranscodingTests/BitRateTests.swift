import SeededRandom
import Testing
import Transcoding

@Suite struct BitRateTests {
    @Test(
        arguments: [
            ("800k", 800_000), ("2.5M", 2_500_000), ("0.5M", 500_000), ("1.234567M", 1_234_567), ("1.2345678M", nil),
            ("64.5k", 64_500),
            ("1.2345M", 1_234_500), ("1M", 1_000_000), ("1000M", 1_000_000_000), ("2000M", nil), ("0k", nil),
            ("800", nil),
            ("", nil), ("k", nil), (".5M", nil), ("5.M", nil), ("1.2.3M", nil), ("-1M", nil), ("1 M", nil), ("1m", nil),
            ("1K", nil), ("9999999k", nil), ("1e3k", nil), ("٣k", nil),
        ] as [(String, Int?)])
    func textHasAUnit(text: String, bits: Int?) {
        #expect(BitRate(text)?.bitsPerSecond == bits)
    }

    @Test(arguments: [
        (800_000, "800k"), (2_500_000, "2.5M"), (1_234_000, "1.234M"), (1_234_500, "1234.5k"), (50, "0.050k"),
    ])
    func itIsWrittenInTheLargestUnitThatIsExact(bits: Int, text: String) {
        #expect("\(BitRate(bits))" == text)
    }

    @Test func whatIsWrittenIsReadAgain() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let bits = Int.random(in: 1...(Bool.random(using: &generator) ? 10_000 : 999_999_999), using: &generator)
            #expect(BitRate("\(BitRate(bits))")?.bitsPerSecond == bits)
        }
    }
}
