internal import Bytes
public import Media

extension OutputProfile {
    /// What a channel's pictures are expected to be like before any have come: those of a wide source that is as large as
    /// the largest rendition, and H.264 in 1280 by 720 where they go out as they come.
    public var expectedTracks: [Track] {
        guard encodesPictures else { return [Self.track(.h264, PictureSize(1280, 720))] }
        let lines = max(renditions.map(\.extent.lines).max() ?? 0, isMixed ? 1080 : 0)
        let source = PictureSize((lines * 16 / 9 + 1) / 2 * 2, lines)
        let ladder = Ladder(self, for: SourcePicture(source))
        let passed = isMixed ? [Self.track(.h264, source)] : []
        return passed + ladder.rungs.map { Self.track($0.rendition.coding, $0.size) }
    }

    private static func track(_ coding: VideoCoding, _ size: PictureSize) -> Track {
        Track(
            codec: coding.codec, format: .video(VideoFormat(width: size.width, height: size.height)),
            decoderConfiguration: ByteChunk(), codecString: coding.expectedCodecString)
    }
}

extension VideoCoding {
    /// What an encoder that everybody uses is likely to send, up to 1080 lines: RFC 6381, and annex E of ISO/IEC 14496-15.
    fileprivate var expectedCodecString: String {
        switch self {
        case .h264: "avc1.640028"
        case .hevc: "hvc1.1.6.L120.B0"
        case .av1: "av01.0.08M.08"
        }
    }
}

extension Rendition.Extent {
    /// As many lines as a wide source must have, so that this is not larger.
    fileprivate var lines: Int {
        switch self {
        case .lines(let lines): lines
        case .frame(let size): max(size.height, (size.width * 9 + 15) / 16)
        }
    }
}
