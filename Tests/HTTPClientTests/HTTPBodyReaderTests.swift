import SeededRandom
import Testing

@testable import HTTPClient

@Suite struct HTTPBodyReaderTests {
    /// What is read of `text` when it comes in pieces of that size.
    private func read(_ text: String, _ state: HTTPBodyReader.State, pieces: Int, room: Int) throws -> (String, Bool) {
        var reader = HTTPBodyReader(state)
        let bytes = Array(text.utf8)
        var (position, body) = (0, [UInt8]())
        var target = [UInt8](repeating: 0, count: room)
        while position < bytes.count, !reader.isAtEnd {
            let end = min(position + pieces, bytes.count)
            let (taken, found) = try bytes[position..<end].withUnsafeBytes { source in
                try target.withUnsafeMutableBytes { try reader.take(source, into: $0) }
            }
            body += target[..<found]
            position += taken
        }
        return (String(decoding: body, as: UTF8.self), reader.isAtEnd)
    }

    @Test(arguments: [1, 2, 3, 7, 100], [1, 4, 100])
    func chunksAreJoined(pieces: Int, room: Int) throws {
        let text = "4\r\nWiki\r\nA;x=y\r\npedia in\r\n\r\n0\r\nTrailer: z\r\n\r\nnext"
        let (body, isAtEnd) = try read(text, .chunkSize(0, digits: 0), pieces: pieces, room: room)
        #expect(body == "Wikipedia in\r\n" && isAtEnd)
    }

    @Test(arguments: [1, 3, 100])
    func aLengthIsAnEnd(pieces: Int) throws {
        #expect(try read("abcdef", .bytes(4), pieces: pieces, room: 3) == ("abcd", true))
        #expect(try read("abcdef", .untilClose, pieces: pieces, room: 3) == ("abcdef", false))
    }

    @Test(arguments: ["x\r\n", "\r\n", "1\r\nabc", "1000000000000\r\n", "-1\r\n"])
    func whatAreNoChunksIsMalformed(text: String) {
        #expect(throws: HTTPFault.malformed) { try read(text, .chunkSize(0, digits: 0), pieces: 100, room: 100) }
    }

    @Test func aTrailerThatDoesNotEndIsCutOff() {
        let text = "0\r\n" + String(repeating: "a: b\r\n", count: 10_000)
        #expect(throws: HTTPFault.endlessHeaders) { try read(text, .chunkSize(0, digits: 0), pieces: 1000, room: 10) }
    }

    @Test func noHeadTraps() {
        let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        for end in 0...head.count { _ = try? HTTPAnswerHead(head[..<end]).framing() }
        for bit in 0..<(8 * head.count) {
            var flipped = head
            flipped[bit / 8] ^= 1 << (bit % 8)
            _ = HTTPAnswerHead.end(in: flipped, from: 0)
            _ = try? HTTPAnswerHead(flipped).framing()
        }
    }
}
