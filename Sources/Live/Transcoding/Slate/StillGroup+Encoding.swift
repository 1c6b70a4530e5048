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
            encoder: coding.encoder, size: PictureSize(format.width, format.height), frameDuration: distance, bitrate: 0
        )
        options.pixelFormat = Self.hasTenBits(track) ? .yuv420With10Bits : .yuv420
        options.sampleAspectRatio = format.sampleAspectRatio
        options.tune = coding == .av1 ? nil : "zerolatency"
        (options.colour, options.mastering, options.light) = (format.colour, format.mastering, format.light)
        options.options = [("crf", coding == .av1 ? "30" : "20")]
        Self.setLevel(&options, coding, track.codecString.split(separator: ".").map(String.init))
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

    /// Has the encoder say what the track says of its profile and its level, as far as it can: clients are told once what
    /// they need. `parts` are those of the track's codec string: RFC 6381, and annex E of ISO/IEC 14496-15.
    private static func setLevel(_ options: inout VideoEncoderOptions, _ coding: VideoCoding, _ parts: [String]) {
        options.preset = coding.presets.first
        switch coding {
        case .h264:
            guard parts.count > 1, let value = UInt32(parts[1], radix: 16) else { break }
            options.options.append(("level", "\(Double(value & 0xFF) / 10)"))
            // The quickest preset makes Constrained Baseline alone.
            guard value >> 16 != 0x42 else { break }
            options.preset = coding.presets[1]
            options.profile = value >> 16 == 0x4D ? "main" : "high"
        case .hevc:
            guard parts.count > 3, let level = Int(parts[3].drop { !$0.isNumber }), level > 0 else { break }
            let tier = parts[3].hasPrefix("H") ? 1 : 0
            options.options.append(("x265-params", "level-idc=\(Double(level) / 30):high-tier=\(tier)"))
        case .av1: break
        }
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
