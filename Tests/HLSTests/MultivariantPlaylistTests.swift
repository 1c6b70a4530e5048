import HLS
import Testing

/// draft-pantos-hls-rfc8216bis §4.4.6
@Suite struct MultivariantPlaylistTests {
    private static func text(_ range: MultivariantPlaylist.VideoRange?) -> String {
        let playlist = MultivariantPlaylist(
            hasIndependentSegments: true, audio: [],
            variants: [
                .init(
                    stableID: "v", bandwidth: 2, averageBandwidth: 1, score: 1, codecs: ["avc1.64001f"],
                    resolution: (1280, 720), videoRange: range, frameRate: 25, audioGroup: nil, uri: "v.m3u8")
            ],
            iFrameVariants: [
                .init(
                    stableID: "i", bandwidth: 2, averageBandwidth: 1, score: 1, codecs: ["avc1.64001f"],
                    resolution: (1280, 720), videoRange: range, uri: "i.m3u8")
            ])
        return String(decoding: playlist.rendered(), as: UTF8.self)
    }

    /// §4.4.6.2, by TransferCharacteristics; every other code point, such as 2 for unspecified, has no range.
    @Test func theTransferDecidesTheRange() {
        var expected: [UInt8: MultivariantPlaylist.VideoRange] = [18: .hlg, 16: .pq]
        for code: UInt8 in [1, 6, 13, 14, 15] { expected[code] = .sdr }
        for code in UInt8.min...UInt8.max {
            #expect(MultivariantPlaylist.VideoRange(transferCharacteristics: code) == expected[code], "\(code)")
        }
    }

    @Test func theWiderRangeIsTheGreater() {
        #expect(MultivariantPlaylist.VideoRange.allCases.shuffled().sorted() == [.sdr, .hlg, .pq])
    }

    @Test(arguments: MultivariantPlaylist.VideoRange.allCases)
    func variantsSayTheirRange(range: MultivariantPlaylist.VideoRange) {
        let tags = Self.text(range).split(separator: "\n").filter { $0.contains("STREAM-INF") }
        #expect(tags.count == 2)
        for tag in tags { #expect(tag.contains(",VIDEO-RANGE=\(range.rawValue),"), "\(tag)") }
    }

    @Test func anUnknownRangeIsNotWritten() { #expect(!Self.text(nil).contains("VIDEO-RANGE")) }
}
