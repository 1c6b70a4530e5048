import Bytes
import MPEGTS
import Time

/// What a stranger may send as a transport stream.
///
/// The bits of an input's first byte say what comes before (1: the tables of a program), and what the rest is (2: packets
/// and sections in short, see `Packets`; else the bytes themselves). The second byte is the size of the pieces in which
/// they arrive, which must make no difference.
@c(LLVMFuzzerTestOneInput) public func fuzzTransportStream(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 2 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    var packets = Packets()
    if input[0] & 1 != 0 { packets.writeTables() }
    if input[0] & 2 != 0 { packets.write(in: input[2...]) }
    let bytes = input[0] & 2 != 0 ? packets.bytes : packets.bytes + input[2...]
    let (whole, pieces) = (read(bytes, pieces: bytes.count), read(bytes, pieces: Int(input[1]) * 8 + 1))
    precondition(whole == pieces, "the pieces in which bytes arrive make no difference")
    return 0
}

private func read(_ bytes: [UInt8], pieces: Int) -> [TransportStreamEvent] {
    var limits = TransportStreamLimits()
    limits.packetBytes = 4096
    limits.gatheredBytes = 8192
    var reader = TransportStreamReader(limits: limits)
    var events: [TransportStreamEvent] = []
    var position = 0
    while position < bytes.count {
        let end = min(position + pieces, bytes.count)
        reader.receive(bytes.span.extracting(position..<end), at: Instant(nanoseconds: 0), into: &events)
        position = end
    }
    reader.finish(into: &events)
    return events
}
