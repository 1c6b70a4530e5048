import HLS
import Media
import Packaging
import SampleFeed
import Testing

/// §4.4.6.1: NAME is unique in its group, whatever a source calls its tracks.
@Suite struct AudioNamesTests {
    private static func names(_ names: [String?]) -> [String] {
        let tracks = names.enumerated().map { AudioTracksTests.track($0, nil, name: $1) }
        let lines = AudioTracksTests.multivariant(AudioTracksTests.started(tracks))
        return lines.filter { $0.hasPrefix("#EXT-X-MEDIA") }.compactMap { line in
            line.split(separator: "NAME=\"").last?.split(separator: "\"").first.map(String.init)
        }
    }

    static let table: [([String?], [String])] = [
        (["English", "Deutsch"], ["English", "Deutsch"]), (["Y", "Y", "Y 2"], ["Y", "Y 3", "Y 2"]),
        (["Y 2", "Y", "Y"], ["Y 2", "Y", "Y 3"]), ([nil, nil, nil], ["Main", "Audio 2", "Audio 3"]),
        (["Audio 2", nil], ["Audio 2", "Audio 2 2"]), ([nil, "Main"], ["Main", "Main 2"]),
        (["a\"", "a", "a\n"], ["a", "a 2", "a 3"]), (["", "\""], ["Main", "Audio 2"]),
    ]

    @Test(arguments: table) func aNameIsTheSourcesUnlessItIsTaken(given: [String?], written: [String]) {
        #expect(Self.names(given) == written)
    }

    @Test func noTwoAreAlikeInAnyCombination() {
        let words: [String?] = ["Y", "Y 2", "Y 2 2", "Y\"", "Y 3", "Audio 2", nil]
        for code in 0..<(7 * 7 * 7 * 7) {
            let given = [code % 7, code / 7 % 7, code / 49 % 7, code / 343].map { words[$0] }
            let written = Self.names(given)
            #expect(written.count == 4 && Set(written).count == 4, "\(given): \(written)")
        }
    }
}
