import Bytes

/// NAL units of an H.264 stream written by hand: no encoder at hand writes fields as pictures of their own.
enum Written {
    enum Field { case top, bottom }

    static let delimiter: [UInt8] = [9, 0xF0]
    static let filler: [UInt8] = [12, 0xFF, 0xFF, 0x80]
    /// A recovery point message with `recovery_frame_cnt` 0.
    static let recoveryPoint: [UInt8] = [6, 6, 1, 0xC4, 0x80]

    /// Main, 64 × 64, fields allowed, four bits of `frame_num` and of `pic_order_cnt_lsb`, without a duration.
    static func sequenceParameterSet(macroblocksWide: UInt64 = 4) -> [UInt8] {
        var writer = SyntaxWriter()
        writer.u(32, 0x674D_001E)
        for value in [0, 0, 0, 0, 2] as [UInt64] { writer.ue(value) }
        writer.flag(false)
        writer.ue(macroblocksWide - 1)
        writer.ue(1)
        // No frames only, no adaptive frames; direct inference, no cropping, no usability
        writer.u(5, 0b00100)
        return writer.nalUnit
    }

    static func pictureParameterSet(id: UInt64 = 0, tail: UInt64 = 0) -> [UInt8] {
        var writer = SyntaxWriter()
        writer.u(8, 0x68)
        writer.ue(id)
        writer.ue(0)
        writer.u(8, tail)
        return writer.nalUnit
    }

    /// A slice, I or P, with `payload` behind its header. The `number` is its `frame_num`.
    static func slice(
        _ number: UInt64, idr: Bool = false, first: UInt64 = 0, intra: Bool = false, field: Field? = nil,
        order: UInt64 = 0, reference: Bool = true, set: UInt64 = 0, payload: [UInt64] = [1, 2, 3]
    ) -> [UInt8] {
        var writer = SyntaxWriter()
        writer.u(8, (reference ? 0x60 : 0) | (idr ? 5 : 1))
        writer.ue(first)
        writer.ue(idr || intra ? 7 : 5)
        writer.ue(set)
        writer.u(4, number & 15)
        writer.flag(field != nil)
        if let field { writer.flag(field == .bottom) }
        if idr { writer.ue(0) }
        writer.u(4, order)
        for byte in payload { writer.u(8, byte) }
        return writer.nalUnit
    }

    /// `units` behind start codes, of four bytes where `isLong`.
    static func packet(_ units: [[UInt8]], isLong: Bool = true) -> ByteChunk {
        ByteChunk(units.flatMap { (isLong ? [0] : []) + [0, 0, 1] + $0 })
    }

    /// `units` as a sample has them.
    static func sample(_ units: [[UInt8]]) -> ByteChunk { AVCAccessUnitTests.accessUnit(units) }

    static let sets = [sequenceParameterSet(), pictureParameterSet()]
}
