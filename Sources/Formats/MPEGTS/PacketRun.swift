/// Packets in a row that go on where one packet of a stream ended and carry nothing but payload: most of what there is of
/// pictures. They are looked at and put together at once.
///
/// It looks at bytes that somebody else keeps: it must not outlive them.
struct PacketRun {
    /// How many bytes of payload each of them has.
    static let payloadLength = PacketFraming.packetLength - headerLength
    private static let headerLength = 4

    private let first: UnsafeRawPointer
    /// How far it is from one packet to the next.
    private let stride: Int
    /// How many packets there are.
    let count: Int

    /// Those behind `packet` that begin in the first `length` bytes at `first`, each of which has `stride` bytes.
    @inline(__always)
    init(behind packet: TransportPacket, at first: UnsafeRawPointer, stride: Int, length: Int) {
        self.first = first
        self.stride = stride
        var (next, end, count) = (packet.plainSuccessor, first, 0)
        while length - count * stride >= stride, end.loadUnaligned(as: UInt32.self).bigEndian == next {
            // The counter has four bits.
            next = next & ~0x0F | (next &+ 1) & 0x0F
            end += stride
            count += 1
        }
        self.count = count
    }

    /// The last packet, where there is one.
    var last: TransportPacket? { count > 0 ? TransportPacket(first + (count - 1) * stride) : nil }

    /// How many bytes of payload there are in all.
    var payloadCount: Int { count * Self.payloadLength }

    /// Writes the payloads one behind the other into `target`, which has `payloadCount` bytes.
    func copyPayload(to target: UnsafeMutableRawBufferPointer) {
        var (source, left) = (first + Self.headerLength, target)
        while left.count >= Self.payloadLength {
            left.copyMemory(from: UnsafeRawBufferPointer(start: source, count: Self.payloadLength))
            left = UnsafeMutableRawBufferPointer(rebasing: left[Self.payloadLength...])
            source += stride
        }
    }
}
