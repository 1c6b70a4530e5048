import Bitstreams
import Bytes
import ISOBMFF
import Media

/// Tracks and samples to write.
enum Samples {
    /// 1920×1080 at 30000/1001 in BT.709, level 4.0: libx264 164 under ffmpeg 5.1.9,
    /// `-i testsrc2=s=1920x1080:r=30000/1001 -c:v libx264 -pix_fmt yuv420p -colorspace bt709 -color_primaries bt709
    /// -color_trc bt709 -color_range tv`.
    static let highDefinition = bytes(
        "01640028ffe1001d67640028acd940780227e5c05a808080a000007d20001d4c01e30632c001000668ebe3cb22c0fdf8f800")
    /// 720×576 at 25 with a shape of 16:11, level 3.0: `-i testsrc2=s=720x576:r=25,setsar=16/11 -profile:v main`.
    static let anamorphic = bytes(
        "014d401effe10018674d401eeca05a09360820000003002000000641e2c5b2c001000568ebe3cb20")
    /// 1920×1080 interlaced, level 4.0: `-i testsrc2=s=1920x1080:r=25 -flags +ildct+ilme -x264-params tff=1`.
    static let interlaced = bytes(
        "01640028ffe1001a67640028acd94078044fde0220000003002000000643e2c5b2c001000668fba3cb22c0fdf8f800")

    static func videoTrack(_ record: ByteChunk = highDefinition) throws(BitstreamError) -> Track {
        try Track(avcDecoderConfiguration: record)
    }

    static func audioTrack(_ config: [UInt8] = [0x11, 0x90]) throws(BitstreamError) -> Track {
        try Track(audioSpecificConfig: ByteChunk(config))
    }

    static func bytes(_ hex: String) -> ByteChunk {
        let digits = hex.compactMap(\.hexDigitValue)
        return ByteChunk(stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }
}
