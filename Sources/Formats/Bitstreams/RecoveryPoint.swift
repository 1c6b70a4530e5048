/// The recovery point message, H.264 §D.1.8.
enum RecoveryPoint {
    /// When the pictures are right after decoding begins.
    enum Promise {
        /// From the message's own picture on: `recovery_frame_cnt` 0, exactly or about.
        case atOnce
        /// Some pictures later: each of them renews a part of the picture, and none all of it.
        case later
    }

    /// What `message`, a NAL unit, says of decoding that begins at its picture, if anything.
    static func promise(in message: Span<UInt8>) -> Promise? {
        var bytes = PayloadBytes(message)
        // The NAL unit header.
        guard bytes.next() != nil else { return nil }
        while let type = bytes.nextNumber(), let size = bytes.nextNumber() {
            // The code number 0 is one bit, which is set.
            if type == 6 { return size > 0 ? bytes.next().map { $0 >= 0x80 ? .atOnce : .later } : nil }
            for _ in 0..<size where bytes.next() == nil { return nil }
        }
        return nil
    }
}

/// A walk over the bytes of a NAL unit without the emulation prevention bytes, which copies none.
private struct PayloadBytes: ~Escapable {
    private let bytes: Span<UInt8>
    private var offset = 0
    private var zeros = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    @_lifetime(self: copy self)
    mutating func next() -> UInt8? {
        if zeros >= 2, offset < bytes.count, bytes[offset] == 3 { (zeros, offset) = (0, offset + 1) }
        guard offset < bytes.count else { return nil }
        defer { offset += 1 }
        zeros = bytes[offset] == 0 ? zeros + 1 : 0
        return bytes[offset]
    }

    /// `payloadType` or `payloadSize`: bytes of 255 and a last one, added up.
    @_lifetime(self: copy self)
    mutating func nextNumber() -> Int? {
        var number = 0
        while let byte = next() {
            number += Int(byte)
            if byte < 255 { return number }
        }
        return nil
    }
}
