public import Bitstreams
public import Bytes

/// Data that belong to a moment, as a PES packet carries them.
public enum TimedMetadataPacket: Sendable, Hashable {
    /// A whole ID3 tag, version 2.
    case id3(ByteChunk)
    /// An access unit of KLV: one item or more, each a universal label, a length and a value. SMPTE 336M.
    case klv(ByteChunk)

    /// The owner of the private frame that KLV is put into: the scheme under which MISB ST 1910.1 puts KLV into event
    /// messages.
    static let klvOwner = "urn:misb:KLV:bin:1910.1"

    /// The data as an ID3 tag, which players hand to programs: KLV becomes a PRIV frame whose owner identifier is
    /// `urn:misb:KLV:bin:1910.1`.
    public var tag: ByteChunk {
        switch self {
        case .id3(let tag): tag
        case .klv(let items): ID3Tag.bytes(privateData: items, owner: Self.klvOwner)
        }
    }

    /// Reads the payload of a PES packet of ID3: tags, one behind the other ("Timed Metadata for HTTP Live Streaming",
    /// §2.3). Throws when anything in it is no tag.
    public static func packets(inID3 payload: ByteChunk) throws(BitstreamError) -> [TimedMetadataPacket] {
        var packets: [TimedMetadataPacket] = []
        var start = 0
        repeat {
            let count = try id3Count(payload, at: start)
            packets.append(.id3(payload[start..<(start + count)]))
            start += count
        } while start < payload.count
        return packets
    }

    /// How many bytes the tag has that begins at `start`. ID3v2.4.0 §3.1, §3.4.
    private static func id3Count(_ payload: ByteChunk, at start: Int) throws(BitstreamError) -> Int {
        guard payload.count - start >= 10 else { throw .unexpectedEnd(offset: payload.count) }
        let header = payload.span.extracting(start..<(start + 10))
        guard header[0] == 0x49, header[1] == 0x44, header[2] == 0x33 else {
            throw .invalid("ID3 file identifier", offset: start)
        }
        guard (2...4).contains(header[3]), header[4] < 0xFF else { throw .invalid("ID3 version", offset: start + 3) }
        var size = 0
        for index in 6..<10 {
            guard header[index] < 0x80 else { throw .invalid("ID3 size", offset: start + index) }
            size = size << 7 | Int(header[index])
        }
        // A tag has a frame at least.
        guard size > 0 else { throw .invalid("ID3 size", offset: start + 6) }
        let hasFooter = header[3] == 4 && header[5] & 0x10 != 0
        let count = 10 + size + (hasFooter ? 10 : 0)
        guard count <= payload.count - start else { throw .unexpectedEnd(offset: payload.count) }
        return count
    }
}
