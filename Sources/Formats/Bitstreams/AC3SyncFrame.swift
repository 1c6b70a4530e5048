/// The header of a `syncframe()`, ETSI TS 102 366 §4.3 (AC-3) and annex E §E.1.2 (Enhanced AC-3).
struct AC3SyncFrame {
    /// So many bytes of a frame are needed, and the shortest has more.
    static let headerSize = 8

    /// Bytes in the frame.
    let size: Int
    /// True for Enhanced AC-3.
    let isEnhanced: Bool
    /// True for a substream that adds channels to the independent one before it.
    let isDependent: Bool
    /// `substreamid`: 0 for the programme itself.
    let substream: Int
    /// Blocks of 256 audio samples.
    let blockCount: Int
    let sampleRate: UInt32
    let fscod: UInt8
    let bsid: UInt8
    /// Only AC-3 has it so far in front; 0, complete main, otherwise.
    let bsmod: UInt8
    let acmod: UInt8
    let hasLowFrequency: Bool
    /// `bit_rate_code` of AC-3: the number of its nominal bit rate.
    let bitRateCode: UInt8

    /// The header at the beginning of `bytes`, or nothing where there is none.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= Self.headerSize, bytes[0] == 0x0B, bytes[1] == 0x77 else { return nil }
        bsid = bytes[5] >> 3
        switch bsid {
        case 0...8:
            isEnhanced = false
            isDependent = false
            substream = 0
            blockCount = 6
            fscod = bytes[4] >> 6
            let frmsizecod = Int(bytes[4] & 0x3F)
            guard fscod < 3, frmsizecod < 2 * Self.bitRates.count else { return nil }
            bitRateCode = UInt8(frmsizecod / 2)
            sampleRate = Self.sampleRate(fscod)
            // Sixteen-bit words in six blocks, table 4.13; at 44.1 kHz every other frame has one more.
            let words = Self.bitRates[frmsizecod / 2] * 96_000 / Int(sampleRate)
            size = 2 * (fscod == 1 ? words + frmsizecod % 2 : words)
            bsmod = bytes[5] & 7
            acmod = bytes[6] >> 5
            // cmixlev where there are three front channels, surmixlev where there is a surround, dsurmod in stereo
            let skipped = (acmod & 1 == 1 && acmod != 1 ? 2 : 0) + (acmod & 4 != 0 ? 2 : 0) + (acmod == 2 ? 2 : 0)
            let word = UInt16(bytes[6]) << 8 | UInt16(bytes[7])
            hasLowFrequency = word >> UInt16(12 - skipped) & 1 == 1
        case 11...16:
            isEnhanced = true
            let strmtyp = bytes[2] >> 6
            guard strmtyp < 3 else { return nil }
            isDependent = strmtyp == 1
            substream = Int(bytes[2] >> 3 & 7)
            size = 2 * (Int(bytes[2] & 7) << 8 | Int(bytes[3]) + 1)
            fscod = bytes[4] >> 6
            // numblkscod, or fscod2 at half the rates
            let code = bytes[4] >> 4 & 3
            guard fscod < 3 || code < 3, size > Self.headerSize else { return nil }
            sampleRate = fscod < 3 ? Self.sampleRate(fscod) : Self.sampleRate(code) / 2
            blockCount = fscod == 3 || code == 3 ? 6 : Int(code) + 1
            bsmod = 0
            acmod = bytes[4] >> 1 & 7
            hasLowFrequency = bytes[4] & 1 == 1
            bitRateCode = 0
        default: return nil
        }
    }

    /// The places that the channels of `bytes`, which begin with this frame, are for: table E.1.4's `chanmap`, the first
    /// location in the highest bit.
    func locations(_ bytes: Span<UInt8>) throws(BitstreamError) -> UInt16 {
        if isDependent {
            var reader = SyntaxReader(bytes)
            try reader.skip(45)
            // dialnorm, compre and compr, for each of two programmes where acmod says so
            for _ in 0..<(acmod == 0 ? 2 : 1) {
                try reader.skip(5)
                if try reader.flag() { try reader.skip(8) }
            }
            if try reader.flag() { return UInt16(truncatingIfNeeded: try reader.u(16)) }
        }
        return Self.locations[Int(acmod)] | (hasLowFrequency ? 1 : 0)
    }

    /// Table 4.1.
    private static func sampleRate(_ fscod: UInt8) -> UInt32 { fscod == 0 ? 48_000 : fscod == 1 ? 44_100 : 32_000 }

    /// Nominal kilobits in one second, table 4.13.
    private static let bitRates = [
        32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
    ]
    /// The channels of each `acmod`, table 4.3, as locations: left, centre, right, left and right surround from the
    /// highest bit on, and the single surround. Two programmes of one channel lie left and right.
    private static let locations: [UInt16] = [
        0xA000, 0x4000, 0xA000, 0xE000, 0xA100, 0xE100, 0xB800, 0xF800,
    ]
}
