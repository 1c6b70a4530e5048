import Bitstreams
import Bytes

/// The header of a PES packet. ISO/IEC 13818-1 §2.4.3.6.
struct ElementaryPacketHeader {
    enum Fault: Error {
        /// More bytes are needed.
        case incomplete
        /// This is no header.
        case malformed
    }

    let streamID: UInt8
    /// How long the header is, up to the first byte of the payload.
    let length: Int
    /// How long the payload is; nothing where only the next packet tells.
    let payloadLength: Int?
    let isAligned: Bool
    let times: PacketTimes?
    /// True when there are times that are not written as times are.
    let hasMalformedTimes: Bool

    /// Reads the header at the start of `bytes`.
    init(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        guard bytes.count >= 6 else { throw .incomplete }
        guard bytes[0] == 0, bytes[1] == 0, bytes[2] == 1 else { throw .malformed }
        streamID = bytes[3]
        let packetLength = Int(bytes[4]) << 8 | Int(bytes[5])
        guard Self.hasExtension(streamID) else {
            length = 6
            payloadLength = packetLength
            isAligned = false
            times = nil
            hasMalformedTimes = false
            return
        }
        guard bytes.count >= 9 else { throw .incomplete }
        let extensionLength = Int(bytes[8])
        guard bytes[6] & 0xC0 == 0x80, packetLength == 0 || packetLength >= 3 + extensionLength else {
            throw .malformed
        }
        length = 9 + extensionLength
        guard bytes.count >= length else { throw .incomplete }
        payloadLength = packetLength == 0 ? nil : packetLength - 3 - extensionLength
        isAligned = bytes[6] & 0x04 != 0
        let extent = UnsafeRawBufferPointer(rebasing: bytes[9..<length])
        switch bytes[7] >> 6 {
        case 0: (times, hasMalformedTimes) = (nil, false)
        case 1: (times, hasMalformedTimes) = (nil, true)
        case 2:
            times = Self.time(in: extent, at: 0).map { PacketTimes(presentation: $0, decode: $0) }
            hasMalformedTimes = times == nil
        default:
            if let presentation = Self.time(in: extent, at: 0), let decode = Self.time(in: extent, at: 5) {
                times = PacketTimes(presentation: presentation, decode: decode)
            } else {
                times = nil
            }
            hasMalformedTimes = times == nil
        }
    }

    /// True for padding, which has no payload that anyone wants.
    var isPadding: Bool { streamID == 0xBE }

    /// False for the program stream map, padding, private stream 2, ECM, EMM, the program stream directory, DSM-CC and
    /// H.222.1 type E.
    private static func hasExtension(_ streamID: UInt8) -> Bool {
        switch streamID {
        case 0xBC, 0xBE, 0xBF, 0xF0, 0xF1, 0xF2, 0xF8, 0xFF: false
        default: true
        }
    }

    /// 33 bits with a marker behind every part; nothing where one of the three is missing.
    private static func time(in bytes: UnsafeRawBufferPointer, at start: Int) -> Int64? {
        guard bytes.count >= start + 5 else { return nil }
        let (first, second, third) = (bytes[start], bytes[start + 2], bytes[start + 4])
        guard first & second & third & 1 == 1 else { return nil }
        return Int64(first & 0x0E) << 29 | Int64(bytes[start + 1]) << 22 | Int64(second & 0xFE) << 14
            | Int64(bytes[start + 3]) << 7 | Int64(third >> 1)
    }
}
