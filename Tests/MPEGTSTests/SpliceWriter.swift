import Bytes

/// Writes `splice_info_section`s, so that tests can say what is in them. ANSI/SCTE 35 2023 §9.6.
struct SpliceWriter {
    var tableID: UInt8 = 0xFC
    var version: UInt8 = 0
    var isEncrypted = false
    var ptsAdjustment: Int64 = 0
    var tier: UInt16 = 0xFFF
    /// False for a sender of the first years: the length of the command is then 0xFFF.
    var tellsLength = true
    var type: UInt8 = 0
    var command: [UInt8] = []
    var descriptors: [[UInt8]] = []

    var section: [UInt8] {
        var body = ByteWriter()
        body.write([version])
        body.write([UInt8(isEncrypted ? 0x80 : 0) | UInt8(ptsAdjustment >> 32)])
        body.write(UInt32(truncatingIfNeeded: ptsAdjustment))
        body.write([0xFF])
        body.writeUInt24(UInt32(tier) << 12 | UInt32(tellsLength ? command.count : 0xFFF))
        body.write([type])
        body.write(command)
        let loop = descriptors.flatMap(\.self)
        body.write(UInt16(loop.count))
        body.write(loop)
        var section = ByteWriter()
        section.write([tableID])
        section.write(UInt16(0x3000 | (body.count + 4)))
        section.write(body.bytes)
        return Self.finished(section.bytes)
    }

    /// `bytes` and their CRC, reckoned bit by bit.
    static func finished(_ bytes: [UInt8]) -> [UInt8] {
        var crc: UInt32 = .max
        for byte in bytes {
            crc ^= UInt32(byte) << 24
            for _ in 0..<8 { crc = crc & 0x8000_0000 == 0 ? crc << 1 : crc << 1 ^ 0x04C1_1DB7 }
        }
        return bytes + big(crc, 4)
    }

    static func big(_ value: some BinaryInteger, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// `splice_time`.
    static func time(_ ticks: Int64?) -> [UInt8] {
        ticks.map { [0xFE | UInt8($0 >> 32)] + big($0 & 0xFFFF_FFFF, 4) } ?? [0x7F]
    }

    /// A descriptor of "CUEI", or of who is named.
    static func descriptor(_ tag: UInt8, _ body: [UInt8], identifier: String = "CUEI") -> [UInt8] {
        [tag, UInt8(4 + body.count)] + Array(identifier.utf8) + body
    }

    /// The end of a segmentation descriptor, from `segmentation_type_id` on, is `tail`.
    static func segmentation(
        _ eventID: UInt32, duration: Int64? = nil, upid: [UInt8] = [], tail: [UInt8]
    ) -> [UInt8] {
        descriptor(
            0x02,
            big(eventID, 4) + [0x7F, duration == nil ? 0xBF : 0xFF] + (duration.map { big($0, 5) } ?? [])
                + [UInt8(upid.isEmpty ? 0 : 0x0C), UInt8(upid.count)] + upid + tail)
    }
}
