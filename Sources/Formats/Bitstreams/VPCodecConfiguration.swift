public import Bytes
public import Media

/// A `VPCodecConfigurationRecord`, VP Codec ISO Media File Format Binding §"VP Codec Configuration Box": what stands in
/// `vpcC` in MP4 and begins a VP9 stream in Enhanced RTMP. It does not say how large the pictures are.
public struct VPCodecConfiguration: Sendable, Hashable {
    /// `profile`, 0 to 3.
    public internal(set) var profile: UInt8
    /// `level`, ten times that of the specification; 0 where it is not known.
    public internal(set) var level: UInt8
    /// `bitDepth`: 8, 10 or 12.
    public internal(set) var bitDepth: UInt8
    /// `chromaSubsampling`.
    public internal(set) var chromaSubsampling: UInt8
    /// The colours; `unspecified` where nothing is said of them.
    public internal(set) var colour: ColourDescription

    static let unspecified = ColourDescription(primaries: 2, transfer: 2, matrix: 2, isFullRange: false)
    /// `chromaSubsampling`: with chroma on the luma samples; 0 is 4:2:0 too, with chroma between two rows.
    static let colocated: UInt8 = 1

    /// The configuration in `record`. As the payload of a `vpcC` box it has a version and flags before it.
    public init(record: ByteChunk) throws(BitstreamError) {
        // A record alone has a bit depth where the box has zeros.
        let isBoxed = record.count >= 12 && record[0..<4].array == [1, 0, 0, 0]
        let start = isBoxed ? 4 : 0
        var reader = SyntaxReader(record.span)
        try reader.skip(8 * start)
        (profile, level) = (try reader.byte(), try reader.byte())
        bitDepth = UInt8(try reader.u(4))
        chromaSubsampling = UInt8(try reader.u(3))
        let isFullRange = try reader.flag()
        colour = ColourDescription(
            primaries: try reader.byte(), transfer: try reader.byte(), matrix: try reader.byte(),
            isFullRange: isFullRange)
        guard profile <= 3 else { throw .unsupported("VP9 profile \(profile)") }
        guard [8, 10, 12].contains(bitDepth) else { throw .invalid("bitDepth", offset: start + 2) }
        guard chromaSubsampling <= 3 else { throw .invalid("chromaSubsampling", offset: start + 2) }
    }

    /// The configuration of the pictures that begin with `frame`. Of what `record` says that is believed which the frame
    /// does not say: the level, where the chroma samples lie, and the colours.
    init(_ frame: VP9FrameHeader.KeyFrame, record: VPCodecConfiguration?) {
        (profile, bitDepth) = (frame.profile, frame.bitDepth)
        level = record.flatMap { Self.levels.contains($0.level) ? $0.level : nil } ?? Self.level(of: frame)
        switch (frame.isSubsampledHorizontally, frame.isSubsampledVertically) {
        case (true, true): chromaSubsampling = record?.chromaSubsampling == 0 ? 0 : Self.colocated
        // 4:4:0 has no value of its own.
        case (true, false), (false, true): chromaSubsampling = 2
        case (false, false): chromaSubsampling = 3
        }
        let told = record?.colour ?? Self.unspecified
        let matrix = told.matrix == 2 ? Self.matrices[Int(frame.colourSpace)] : told.matrix
        colour = ColourDescription(
            primaries: told.primaries, transfer: told.transfer, matrix: matrix, isFullRange: frame.isFullRange)
    }

    /// The payload of `vpcC`: version 1, no flags, and the record.
    public var record: ByteChunk {
        ByteChunk([
            1, 0, 0, 0, profile, level, bitDepth << 4 | chromaSubsampling << 1 | (colour.isFullRange ? 1 : 0),
            colour.primaries, colour.transfer, colour.matrix, 0, 0,
        ])
    }

    /// The codec in the form of RFC 6381, such as `vp09.00.31.08`. What follows the bit depth is left out where all of it
    /// is what is assumed then, also because nothing is said of the colours.
    public var codecString: String {
        let start = [profile, level, bitDepth].reduce("vp09") { $0 + "." + Self.digits($1) }
        let isAssumed = [Self.unspecified, Self.highDefinition].contains(colour)
        guard chromaSubsampling != Self.colocated || !isAssumed else { return start }
        let rest = [
            chromaSubsampling, colour.primaries, colour.transfer, colour.matrix, colour.isFullRange ? 1 : 0,
        ]
        return rest.reduce(start) { $0 + "." + Self.digits($1) }
    }

    private static func digits(_ value: UInt8) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// ITU-R BT.709
    private static let highDefinition = ColourDescription(primaries: 1, transfer: 1, matrix: 1, isFullRange: false)

    /// MatrixCoefficients of each `color_space`.
    private static let matrices: [UInt8] = [2, 5, 1, 6, 7, 9, 2, 0]

    private static let levels: [UInt8] = [10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 52, 60, 61, 62]

    /// The lowest level whose pictures may be so large, annex A; how many there are in a second is not known.
    private static func level(of frame: VP9FrameHeader.KeyFrame) -> UInt8 {
        let limits: [(level: UInt8, samples: Int, side: Int)] = [
            (10, 36_864, 512), (11, 73_728, 768), (20, 122_880, 960), (21, 245_760, 1344), (30, 552_960, 2048),
            (31, 983_040, 2752), (40, 2_228_224, 4160), (50, 8_912_896, 8384),
        ]
        let (samples, side) = (frame.width * frame.height, max(frame.width, frame.height))
        return limits.first { samples <= $0.samples && side <= $0.side }?.level ?? 60
    }
}
