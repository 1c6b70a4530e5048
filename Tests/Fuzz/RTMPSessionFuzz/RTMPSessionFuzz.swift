import Bytes
import Ingest
import RTMP

/// What a stranger may send to the RTMP port, from the first byte to the samples that come of it.
///
/// The bits of an input's first byte say how far the stranger has come (1: publishing; 2: with its tracks configured)
/// and what the rest is (4: messages, which are put into chunks; else the bytes themselves). The second byte is the size
/// of the pieces in which they arrive.
@c(LLVMFuzzerTestOneInput) public func fuzzRTMPSession(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 2 else { return 0 }
    let input = UnsafeBufferPointer(start: start, count: count)
    let rest = Array(input[2...])
    var connection = Connection()
    if input[0] & 3 != 0 { connection.receive(Prelude.publication, pieces: Prelude.publication.count) }
    if input[0] & 2 != 0 { connection.receive(Prelude.tracks, pieces: Prelude.tracks.count) }
    connection.receive(input[0] & 4 == 0 ? rest : Prelude.messages(in: rest), pieces: Int(input[1]) * 8 + 1)
    return 0
}

/// What the server keeps of a connection.
private struct Connection {
    private var session = RTMPServerSession(apps: ["live"], handshakeRandom: [UInt8](repeating: 7, count: 1528))
    private var translator = RTMPTranslator()
    private var isOver = false

    mutating func receive(_ bytes: [UInt8], pieces: Int) {
        var position = 0
        while position < bytes.count, !isOver {
            let end = min(position + pieces, bytes.count)
            var events: [RTMPEvent] = []
            isOver = (try? session.receive(bytes.span.extracting(position..<end), into: &events)) == nil
            for event in events { handle(event) }
            _ = session.isInsideMessage
            _ = session.takeOutput()
            position = end
        }
    }

    private mutating func handle(_ event: RTMPEvent) {
        if case .publishRequested = event { session.acceptPublish() }
        do {
            _ = try translator.translate(event)
        } catch {
            session.rejectPublish(.unsupportedCodec(error.name))
        }
    }
}
