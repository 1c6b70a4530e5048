import Media
import Testing

@Suite struct LanguageTagTests {
    @Test(
        arguments: zip(
            ["eng", "GER", "deu", "fre", "fra", "chi", "gsw", "und", "qaa", "x", ""],
            ["en", "de", "de", "fr", "fr", "zh", "gsw", "und", "qaa", "x", ""]))
    func theShortestTagIsTaken(code: String, tag: String) {
        #expect(LanguageTag.shortest(code) == tag)
    }
}
