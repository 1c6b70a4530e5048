public import FFmpeg
public import Media
public import Packaging

extension StillGroup {
    /// Pictures in a second: as many as are needed for each part to have some.
    private static let rate: Int64 = 10

    /// `picture` in the coding, the size and the colour of `track`, for so long: a key frame, and pictures in which nothing
    /// changes. Throws where this machine cannot encode that.
    public init(_ picture: StillPicture, like track: Track, duration: MediaTime) throws(CodecError) {
        guard case .video(let format) = track.format, let coding = VideoCoding(track.codec) else {
            throw .encoderMissing(track.codec.rawValue)
        }
        let distance = MediaTime(1, Timescale(UInt32(Self.rate)))
        var options = VideoEncoderOptions(
            encoder: coding.encoder, size: PictureSize(format.width, format.height), frameDuration: distance, bitrate: 0)
        options.pixelFormat = Self.hasTenBits(track) ? .yuv420With10Bits : .yuv420
        options.sampleAspectRatio = format.sampleAspectRatio
        options.preset = coding.presets.first
        options.tune = coding == .av1 ? nil : "zerolatency"
        (options.colour, options.mastering, options.light) = (format.colour, format.mastering, format.light)
        options.options = [("crf", coding == .av1 ? "30" : "20")]
        var frame = try picture.frame(format, pixelFormat: options.pixelFormat)
        let encoder = try VideoEncoder(options)
        var samples: [Sample] = []
        let count = max(duration.ticks(in: Timescale(UInt32(Self.rate))), 1)
        for number in 0..<count {
            frame.presentationTime = distance * number
            samples += try encoder.encode(frame)
        }
        samples += try encoder.finish()
        guard samples.count == Int(count) else { throw .refused(coding.encoder) }
        self.init(track: encoder.track, samples: samples, duration: distance * count)
    }

    /// True where samples of the track's pictures have ten bits, as far as its codec string tells: RFC 6381, and annex E of
    /// ISO/IEC 14496-15.
    private static func hasTenBits(_ track: Track) -> Bool {
        let parts = track.codecString.split(separator: ".")
        return switch track.codec {
        case .hevc: parts.count > 1 && parts[1].hasSuffix("2")
        case .av1: parts.count > 3 && parts[3] == "10"
        default: false
        }
    }
}

extension VideoCoding {
    fileprivate init?(_ codec: Codec) {
        guard let coding = Self.allCases.first(where: { $0.codec == codec }) else { return nil }
        self = coding
    }
}
