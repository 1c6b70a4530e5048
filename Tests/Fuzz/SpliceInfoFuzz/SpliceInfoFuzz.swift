import Bytes
import MPEGTS

/// What a stranger may send as splice information and as timed metadata.
///
/// An input's first byte says what the rest is: 0 a section as it is, 1 one that gets its table id, its length and its CRC,
/// so that all behind them is reached, 2 the payload of a PES packet of ID3, else one of KLV.
@c(LLVMFuzzerTestOneInput) public func fuzzSpliceInfo(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let rest = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    switch start[0] {
    case 0: read(rest)
    case 1: read(finished(rest))
    case 2: tags { try TimedMetadataPacket.packets(inID3: ByteChunk(rest)) }
    default: tags { try TimedMetadataPacket.packets(inKLV: ByteChunk(rest)) }
    }
    return 0
}

private func read(_ bytes: [UInt8]) {
    guard let section = try? SpliceInfoSection(ByteChunk(bytes)) else { return }
    // All that Media.MediaTime and a playlist will be made of.
    for event in section.events() {
        precondition((0..<(1 << 33)).contains(event.time ?? 0), "a time has 33 bits")
        precondition((1..<(1 << 40)).contains(event.duration ?? 1), "a duration has 40 bits")
    }
    precondition(section.bytes.count <= bytes.count, "a section is what was sent")
}

private func tags(_ packets: () throws -> [TimedMetadataPacket]) {
    for packet in (try? packets()) ?? [] {
        precondition((try? TimedMetadataPacket.packets(inID3: packet.tag)) == [.id3(packet.tag)], "a tag is one tag")
    }
}

/// `body` behind a header and before a CRC.
private func finished(_ body: [UInt8]) -> [UInt8] {
    let length = min(body.count, 4089) + 4
    let bytes = [0xFC, 0x30 | UInt8(length >> 8), UInt8(length & 0xFF)] + body.prefix(4089)
    var crc: UInt32 = .max
    for byte in bytes {
        crc ^= UInt32(byte) << 24
        for _ in 0..<8 { crc = crc & 0x8000_0000 == 0 ? crc << 1 : crc << 1 ^ 0x04C1_1DB7 }
    }
    return bytes + (0..<4).map { UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * $0)) }
}
