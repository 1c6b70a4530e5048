import Glibc

/// Finds the packets of a transport stream in bytes that may begin anywhere. ISO/IEC 13818-1 annex G.01.
///
/// The rhythm of the sync bytes is known once five of them stand at one distance, and lost when two in a row are missing.
/// Besides plain packets of 188 bytes there are those with 16 bytes of parity behind them (204), and those with a time
/// before them (192). What a packet is does not depend on how the bytes are cut: where it takes bytes to come to tell,
/// they are waited for.
struct PacketFraming: Sendable {
    /// How long a transport packet is.
    static let packetLength = 188
    /// No decision needs more bytes than so many.
    static let lookahead = (syncBytesInRow - 1) * 204 + 1

    private static let syncByte: UInt8 = 0x47
    private static let syncBytesInRow = 5

    /// How far it is from one sync byte to the next; 0 while that is not known.
    private var stride = 0

    /// True once the rhythm was lost, until that was noted.
    private(set) var hasLostSync = false

    /// Notes that the rhythm was lost.
    mutating func noteLoss() { hasLostSync = false }

    /// The next packet from `position` on, which goes on behind it; nothing when more bytes are needed. Those from
    /// `position` on have to be there again then. With `isEnd`, no more bytes will come.
    @inline(__always)
    mutating func nextPacket(
        in bytes: UnsafeRawBufferPointer, from position: inout Int, isEnd: Bool, health: inout TransportStreamHealth
    ) -> UnsafeRawPointer? {
        if stride > 0, bytes.count - position >= stride, let base = bytes.baseAddress {
            let packet = base + position
            if packet.load(as: UInt8.self) == Self.syncByte {
                position += stride
                return packet
            }
        }
        return searchPacket(in: bytes, from: &position, isEnd: isEnd, health: &health)
    }

    /// Takes up to `limit` packets that go on where `packet` ended, which was the last one.
    @inline(__always)
    func nextRun(
        behind packet: TransportPacket, limit: Int, in bytes: UnsafeRawBufferPointer, from position: inout Int
    ) -> PacketRun? {
        guard limit > 0, stride > 0, let base = bytes.baseAddress else { return nil }
        let run = PacketRun(
            behind: packet, at: base + position, stride: stride, length: min(bytes.count - position, limit * stride))
        position += run.count * stride
        return run.count > 0 ? run : nil
    }

    @inline(never)
    private mutating func searchPacket(
        in bytes: UnsafeRawBufferPointer, from position: inout Int, isEnd: Bool, health: inout TransportStreamHealth
    ) -> UnsafeRawPointer? {
        guard let base = bytes.baseAddress else { return nil }
        while position < bytes.count {
            if stride == 0, !findRhythm(in: bytes, from: &position, isEnd: isEnd, health: &health) { return nil }
            let left = bytes.count - position
            if bytes[position] == Self.syncByte {
                guard left >= (isEnd ? Self.packetLength : stride) else { return nil }
                let packet = base + position
                position += min(stride, left)
                return packet
            }
            guard left > stride || isEnd else { return nil }
            health.syncByteErrors &+= 1
            if left > stride, bytes[position + stride] == Self.syncByte {
                position += stride
            } else if left > stride {
                health.syncLosses &+= 1
                hasLostSync = true
                stride = 0
            } else {
                health.bytesSkipped &+= UInt64(left)
                position = bytes.count
            }
        }
        return nil
    }

    /// Goes on to the first sync byte of a row. False when there is none before the bytes end.
    private mutating func findRhythm(
        in bytes: UnsafeRawBufferPointer, from position: inout Int, isEnd: Bool, health: inout TransportStreamHealth
    ) -> Bool {
        let start = position
        defer { health.bytesSkipped &+= UInt64(position - start) }
        while position < bytes.count, let base = bytes.baseAddress {
            guard let found = memchr(base + position, Int32(Self.syncByte), bytes.count - position) else {
                position = bytes.count
                return false
            }
            position = UnsafeRawPointer(found) - base
            switch Self.rhythm(of: bytes, at: position, isEnd: isEnd) {
            case .known(let stride):
                self.stride = stride
                return true
            case .open: return false
            case .none: position += 1
            }
        }
        return false
    }

    private enum Rhythm {
        case known(stride: Int)
        /// More bytes will tell.
        case open
        case none
    }

    private static func rhythm(of bytes: UnsafeRawBufferPointer, at start: Int, isEnd: Bool) -> Rhythm {
        for stride in [packetLength, 192, 204] {
            var next = start + stride
            var found = 1
            while found < syncBytesInRow, next < bytes.count, bytes[next] == syncByte {
                found += 1
                next += stride
            }
            if found == syncBytesInRow { return .known(stride: stride) }
            guard next >= bytes.count else { continue }
            guard isEnd else { return .open }
            return bytes.count - start >= packetLength ? .known(stride: stride) : .none
        }
        return .none
    }
}
