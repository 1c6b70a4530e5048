import CZlib
import HLSLoadModel
import Testing

@Suite struct CompressedPlaylistTests {
    /// `text` as a gzip member.
    private static func compressed(_ text: [UInt8]) -> [UInt8] {
        var (stream, text) = (z_stream(), text)
        var result = [UInt8](repeating: 0, count: text.count + 1000)
        _ = zlib_gzip_init(&stream, 6)
        defer { deflateEnd(&stream) }
        let count = text.withUnsafeMutableBufferPointer { source in
            result.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                _ = deflate(&stream, Z_FINISH)
                return target.count - Int(stream.avail_out)
            }
        }
        return Array(result[..<count])
    }

    @Test func aCompressedPlaylistIsReadAndRecognized() throws {
        let source = try #require(PlaylistSource(url: Playlists.url, variables: [:]))
        let bytes = Self.compressed(Playlists.lowLatency(parts: 22))
        for _ in 0..<10 {
            let view = try source.view(of: bytes.span, isCompressed: true)
            #expect(view.start == MediaView.Place(number: 4, part: 3))
        }
        #expect(source.parsed == 1)
    }

    @Test func whatCannotBeDecompressedIsSaid() throws {
        let source = try #require(PlaylistSource(url: Playlists.url, variables: [:]))
        let whole = Self.compressed(Playlists.lowLatency(parts: 22))
        for count in [0, 1, 10, whole.count - 9, whole.count - 1] {
            let cut = Array(whole[..<count])
            #expect(throws: MalformedResponse.coding) { _ = try source.view(of: cut.span, isCompressed: true) }
        }
        let plain = Playlists.lowLatency(parts: 22)
        #expect(throws: MalformedResponse.coding) { _ = try source.view(of: plain.span, isCompressed: true) }
    }

    @Test func aBodyThatGrowsBeyondReasonIsRefused() throws {
        let source = try #require(PlaylistSource(url: Playlists.url, variables: [:]))
        let bytes = Self.compressed([UInt8](repeating: 0x0A, count: ResponseReader.longestBody + 1))
        #expect(bytes.count < 100_000)
        #expect(throws: MalformedResponse.coding) { _ = try source.view(of: bytes.span, isCompressed: true) }
    }

    @Test func theHeadSaysWhetherABodyIsCompressed() throws {
        for (coding, isCompressed) in zip(["gzip", "X-GZIP", "identity"], [true, true, false]) {
            let bytes = Array("HTTP/1.1 200 OK\r\nContent-Encoding: \(coding)\r\n\r\n".utf8)
            let head = try ResponseHead(bytes.span)
            #expect(head.isCompressed == isCompressed)
        }
    }
}
