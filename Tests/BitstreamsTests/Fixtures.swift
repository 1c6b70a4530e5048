/// Bytes that real encoders made: ffmpeg 5.1.9 with libx264 164 and its own AAC encoder, on Debian 12.
enum Fixtures {
    /// `avcC` boxes of `ffmpeg -f lavfi -i testsrc2=s=SIZE:r=RATE -frames:v 4 -c:v libx264 OPTIONS -f mp4 out.mp4`.
    enum DecoderConfiguration {
        /// `640x360:r=25`, `-pix_fmt yuv420p`: High.
        static let high = bytes(
            "0164001effe1001a6764001eacd940a02ff97011000003000100000300320f162d9601000668ebe3cb22c0fdf8f800")
        /// `1920x1080:r=30000/1001`, `-pix_fmt yuv420p -colorspace bt709 -color_primaries bt709 -color_trc bt709
        /// -color_range tv`: High, cropped from 1088 lines.
        static let cropped = bytes(
            """
            01640028ffe1001d67640028acd940780227e5c05a808080a000007d20001d4c01e30632c001000668ebe3cb22c0fdf8f800
            """)
        /// `1920x1080:r=25`, `-pix_fmt yuv420p -flags +ildct+ilme -x264-params tff=1`: interlaced.
        static let interlaced = bytes(
            "01640028ffe1001a67640028acd94078044fde0220000003002000000643e2c5b2c001000668fba3cb22c0fdf8f800")
        /// `720x576:r=25,setsar=16/11`, `-pix_fmt yuv420p -profile:v main`: a shape from the table.
        static let anamorphic = bytes(
            "014d401effe10018674d401eeca05a09360820000003002000000641e2c5b2c001000568ebe3cb20")
        /// `704x576:r=50,setsar=64/45`, `-pix_fmt yuv420p`: a shape that is written out.
        static let extendedShape = bytes(
            """
            0164001fffe1001d6764001facd940b0126ffc010000b440000003004000001903c60c658001000668ebe3cb22c0fdf8f800
            """)
        /// `320x180:r=30`, `-pix_fmt yuv420p -profile:v baseline`.
        static let baseline = bytes(
            "0142c00dffe100196742c00dd901419f9f0110000003001000000303c0f142a48001000568cb83cb20")
        /// `640x360:r=25`, `-pix_fmt yuv420p10le`: High 10.
        static let high10 = bytes(
            "016e001effe1001b676e001ea6cd940a02ff97011000000300100000030320f162d96001000668ebe3cb22c0fdfafa00")
        /// `638x358:r=25`, `-pix_fmt yuv422p10le`: High 4:2:2.
        static let high422 = bytes(
            "017a001effe1001b677a001eb6cd940a02fea2f011000003000100000300320f162d9601000668ebe3cb22c0fefafa00")
        /// `testsrc=s=637x359:r=25`, `-pix_fmt yuv444p`: High 4:4:4 Predictive, odd sides.
        static let high444 = bytes(
            "01f4001effe1001a67f4001e919b281405fc915808800000030080000019078b16cb01000668ebe3c44844fff8f800")
        /// `640x360:r=25`, `-pix_fmt yuv420p -x264-params
        /// nal-hrd=cbr:vbv-maxrate=1000:vbv-bufsize=1000:bitrate=1000`: with buffering parameters.
        static let constantBitrate = bytes(
            """
            0164001effe100256764001eacd940a02ff9701100000300010000030032604000f424001e84e4c30078b16cb001000568ebecb2
            2cfdf8f800
            """)

        static let all = [
            high, cropped, interlaced, anamorphic, extendedShape, baseline, high10, high422, high444, constantBitrate,
        ]
    }

    /// NAL units of `ffmpeg -f lavfi -i color=c=gray:s=32x32:r=25 -frames:v 2 -pix_fmt yuv420p -c:v libx264
    /// -bsf:v h264_metadata=aud=insert,filter_units=remove_types=6 -f h264 out.h264`.
    enum NALUnits {
        static let delimiter = bytes("0910")
        static let sequenceParameterSet = bytes("6764000aacd9496c0440000003004000000c83c4896580")
        static let pictureParameterSet = bytes("68ebe3cb22c0")
        static let idrSlice = bytes("658884002ffffef6aefcdc54a966ac2a7d")
        static let slice = bytes("419a216c42bffe56")
    }

    /// `esds` decoder configurations of `ffmpeg -f lavfi -i sine=r=RATE,aformat=channel_layouts=LAYOUT -t 0.2 -c:a aac
    /// out.mp4`, unless another origin is named.
    enum Audio {
        static let stereo44100 = bytes("121056e500")
        static let stereo48000 = bytes("119056e500")
        static let mono48000 = bytes("118856e500")
        static let stereo96000 = bytes("101056e500")
        static let surround = bytes("11b056e500")
        /// `quad`, which has no channel configuration: a program config element and a comment follow.
        static let quad = bytes("118004c4040021100d4c61766335392e33372e31303056e500")
        /// Written by hand from table 1.15: HE-AAC, 24 kHz stereo, hierarchical.
        static let highEfficiency = bytes("2b118800")
        /// Written by hand: HE-AAC v2, 24 kHz mono, hierarchical.
        static let highEfficiencyV2 = bytes("eb098800")
        /// Written by hand: HE-AAC, signalled behind an AAC-LC configuration.
        static let highEfficiencyCompatible = bytes("131056e598")
        /// Written by hand: HE-AAC v2, signalled behind an AAC-LC configuration.
        static let highEfficiencyV2Compatible = bytes("130856e59d4880")

        static let all = [
            stereo44100, stereo48000, mono48000, stereo96000, surround, quad, highEfficiency, highEfficiencyV2,
            highEfficiencyCompatible, highEfficiencyV2Compatible,
        ]
    }

    static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

/// Every prefix of `bytes` and every copy with one bit turned over.
func damagedCopies(of bytes: [UInt8]) -> [[UInt8]] {
    let prefixes = bytes.indices.map { Array(bytes[..<$0]) }
    let flips = (0..<(bytes.count * 8)).map { bit in
        var copy = bytes
        copy[bit / 8] ^= 0x80 >> UInt8(bit % 8)
        return copy
    }
    return prefixes + flips
}
