import Bytes
import HLSRules
import Testing

@Suite struct PlaylistReaderTests {
    @Test func everyPrefixAndBitFlipEndsInAPlaylistOrAFault() {
        let bytes = [UInt8](PlaylistHistory.playlist(parts: 6).utf8)
        for length in 0..<bytes.count { _ = try? PlaylistReader(ByteChunk(Array(bytes[..<length]))) }
        for bit in 0..<(bytes.count * 8) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            _ = try? PlaylistReader(ByteChunk(changed))
        }
    }

    @Test func whatItReadsIsWhatIsWritten() throws {
        let reader = try PlaylistReader(ByteChunk([UInt8](PlaylistHistory.playlist(parts: 6).utf8)))
        guard case .media(let playlist) = reader.playlist else {
            Issue.record("no media playlist")
            return
        }
        #expect(reader.faults.isEmpty)
        #expect(playlist.targetDuration == 2)
        #expect(playlist.position == Position(number: 1, parts: 2))
        #expect(playlist.segments.map { $0.uri } == ["s0.m4s"])
        #expect(playlist.hints.map { $0.uri } == ["p6.m4s"])
    }
}
