import Bytes
import Ingest
import RTMP

/// What a stranger may send to the RTMP port, from the first byte to the samples that come of it.
///
/// The first byte of an input says where the stranger begins: at the handshake, or already publishing, and how the bytes
/// come: the second one is the size of the pieces.
@c(LLVMFuzzerTestOneInput) public func fuzzRTMPSession(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 2 else { return 0 }
    let input = UnsafeBufferPointer(start: start, count: count)
    var session = RTMPServerSession(apps: ["live"], handshakeRandom: [UInt8](repeating: 7, count: 1528))
    var translator = RTMPTranslator()
    if input[0] & 1 == 1 { feed(publication, pieces: publication.count, &session, &translator) }
    feed(Array(input[2...]), pieces: Int(input[1]) * 8 + 1, &session, &translator)
    return 0
}

private func feed(
    _ bytes: [UInt8], pieces: Int, _ session: inout RTMPServerSession, _ translator: inout RTMPTranslator
) {
    var position = 0
    while position < bytes.count {
        let end = min(position + pieces, bytes.count)
        var events: [RTMPEvent] = []
        let isBroken = (try? session.receive(bytes.span.extracting(position..<end), into: &events)) == nil
        for event in events {
            if case .publishRequested = event { session.acceptPublish() }
            _ = try? translator.translate(event)
        }
        _ = session.takeOutput()
        if isBroken { return }
        position = end
    }
}

/// A handshake, and the commands of an encoder up to `publish`. RTMP 1.0 §5.2, §7.2.
private let publication: [UInt8] = {
    func string(_ text: String) -> [UInt8] { [2, 0, UInt8(text.utf8.count)] + Array(text.utf8) }
    func number(_ value: Double) -> [UInt8] {
        [0] + (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (56 - 8 * $0)) }
    }
    func command(_ payload: [UInt8], stream: UInt8) -> [UInt8] {
        var chunks: [UInt8] = [3, 0, 0, 0, 0, 0, UInt8(payload.count), 20, stream, 0, 0, 0]
        chunks += payload.prefix(128)
        if payload.count > 128 { chunks += [0xC3] + payload.dropFirst(128) }
        return chunks
    }
    let object: [UInt8] = [3, 0, 3] + Array("app".utf8) + string("live") + [0, 0, 9]
    return [3] + [UInt8](repeating: 0, count: 1536 * 2) + command(string("connect") + number(1) + object, stream: 0)
        + command(string("createStream") + number(2) + [5], stream: 0)
        + command(string("publish") + number(3) + [5] + string("key") + string("live"), stream: 1)
}()
