import HLSLoadModel
import Testing

@Suite struct ResponseReaderTests {
    /// The status and the body of an answer that comes in pieces of `size`; nothing when it is not whole.
    static func read(
        _ text: String, inPiecesOf size: Int, keepsBody: Bool = true
    ) throws -> (status: Int, body: String)? {
        let bytes = Array(text.utf8)
        var reader = ResponseReader(keepsBody: keepsBody)
        var index = 0
        while index < bytes.count {
            let piece = Array(bytes[index..<min(index + size, bytes.count)])
            index += piece.count
            guard let body = try reader.receive(piece.span) else { continue }
            guard index == bytes.count else { return nil }
            let found =
                switch body {
                case .inInput(let range): String(decoding: piece[range], as: UTF8.self)
                case .collected: String(decoding: reader.collected, as: UTF8.self)
                }
            return (reader.head?.status ?? 0, found)
        }
        return reader.endsWithConnection
            ? (reader.head?.status ?? 0, String(decoding: reader.collected, as: UTF8.self)) : nil
    }

    static let answers: [String] = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:  5 \r\n\r\nhello",
        "HTTP/1.0 200 OK\r\n\r\nhello",
    ]

    @Test(arguments: answers) func anAnswerIsReadInPiecesOfAnySize(answer: String) throws {
        for size in 1...answer.utf8.count {
            let read = try Self.read(answer, inPiecesOf: size)
            #expect(read?.status == 200 && read?.body == "hello", "in pieces of \(size)")
        }
    }

    @Test(arguments: answers) func anAnswerThatIsCutIsNotWhole(answer: String) throws {
        // Where the end of the connection is the end of the body, nobody can tell.
        guard !answer.hasPrefix("HTTP/1.0") else { return }
        for length in 0..<answer.utf8.count {
            let cut = String(decoding: Array(answer.utf8)[..<length], as: UTF8.self)
            #expect(try Self.read(cut, inPiecesOf: 7) == nil, "\(length) bytes")
        }
    }

    @Test func everyBitFlipEndsInAnAnswerOrAFault() {
        for answer in Self.answers {
            let bytes = Array(answer.utf8)
            for bit in 0..<(bytes.count * 8) {
                var changed = bytes
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                var reader = ResponseReader(keepsBody: bit % 2 == 0)
                _ = try? reader.receive(changed.span)
            }
        }
    }

    @Test(
        arguments: zip(
            [
                "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
                "HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
                "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\na",
            ] as [String],
            [
                .statusLine, .statusLine, .statusLine, .statusLine, .head, .length, .length, .length, .length, .chunk,
                .chunk, .chunk, .excess, .coding,
            ] as [MalformedResponse]))
    func whatIsMalformedIsSaid(answer: String, fault: MalformedResponse) {
        var reader = ResponseReader(keepsBody: true)
        let bytes = Array(answer.utf8)
        #expect(throws: fault) { _ = try reader.receive(bytes.span) }
    }

    @Test func aHeadWithoutEndIsRefused() {
        var reader = ResponseReader(keepsBody: true)
        var piece = Array("HTTP/1.1 200 OK\r\n".utf8)
        #expect(throws: MalformedResponse.head) {
            for _ in 0...ResponseReader.longestHead / 15 {
                _ = try reader.receive(piece.span)
                piece = Array("X: 0123456789\r\n".utf8)
            }
        }
    }

    @Test func aBodyThatNobodyReadsIsThrownAwayUnseen() throws {
        var reader = ResponseReader(keepsBody: false)
        let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin".utf8)
        #expect(reader.discardable == 0)
        #expect(try reader.receive(head.span) == nil)
        #expect(reader.discardable == 995)
        #expect(reader.skip(900) == nil)
        #expect(reader.discardable == 95)
        #expect(reader.skip(95) == .collected)
        #expect(reader.collected.isEmpty)
    }

    @Test func chunksThatNobodyReadsAreThrownAwayOneByOne() throws {
        var reader = ResponseReader(keepsBody: false)
        let start = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nab".utf8)
        #expect(try reader.receive(start.span) == nil)
        #expect(reader.discardable == 14)
        #expect(reader.skip(14) == nil)
        #expect(reader.discardable == 0)
        let end = Array("\r\n0\r\n\r\n".utf8)
        #expect(try reader.receive(end.span) == .collected)
    }

    @Test(
        arguments: zip(
            [
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n",
                "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
            ] as [String],
            [false, true, true, false, false, true]))
    func whetherTheConnectionStaysIsKnown(answer: String, closes: Bool) throws {
        let bytes = Array(answer.utf8)
        let head = try ResponseHead(bytes.span)
        #expect(head.closes == closes)
    }
}
