import Bitstreams
import Bytes
import Media

/// The media profiles of CMAF that a track keeps to, by their brands: ISO/IEC 23000-19 annex A for video, §10 for AAC, AV1
/// Codec ISO Media File Format Binding §3.
enum CMAFMediaProfile {
    /// The brands that are true of `track`. None where it goes beyond each profile: such a file is plain CMAF.
    static func brands(of track: Track) -> [FourCC] {
        switch track.codec {
        case .h264:
            guard let record = try? AVCDecoderConfiguration(record: track.decoderConfiguration) else { return [] }
            return brand(of: record.parameters).map { [$0] } ?? []
        case .aac:
            guard let configuration = try? AudioSpecificConfig(track.decoderConfiguration.span) else { return [] }
            return isCoreAudio(configuration) ? ["caac"] : []
        case .av1: return ["av01"]
        case .hevc, .vp9, .ac3, .eac3, .opus, .flac, .mp2: return []
        }
    }

    /// The smallest of SD, HD and HD at a high frame rate.
    private static func brand(of parameters: AVCSequenceParameterSet) -> FourCC? {
        // Constrained Baseline and Main streams are decoded by every High decoder.
        let isHigh =
            parameters.profile == 100 || parameters.profile == 77
            || parameters.profile == 66 && parameters.constraints & 0x40 != 0
        guard isHigh, parameters.isProgressive else { return nil }
        if let duration = parameters.usability.frameDuration, duration < MediaTime(1, Timescale(60)) { return nil }
        let colour = parameters.usability.colour
        guard colour?.isFullRange != true else { return nil }
        let isHDColour = colour.map { ($0.primaries, $0.transfer, $0.matrix) == (1, 1, 1) } ?? true
        let isSDColour =
            colour.map {
                [1, 5, 6].contains($0.primaries) && [1, 6].contains($0.transfer) && [1, 5, 6].contains($0.matrix)
            } ?? true
        if parameters.level <= 31, fits(parameters, 864, 576), isSDColour { return "cfsd" }
        guard fits(parameters, 1920, 1080), isHDColour else { return nil }
        if parameters.level <= 40 { return "cfhd" }
        return parameters.level <= 42 ? "chdf" : nil
    }

    private static func fits(_ parameters: AVCSequenceParameterSet, _ width: Int, _ height: Int) -> Bool {
        parameters.width <= width && parameters.height <= height
    }

    /// AAC-LC and what is built on it, at most stereo at 48 kHz.
    private static func isCoreAudio(_ configuration: AudioSpecificConfig) -> Bool {
        let rate = configuration.bandReplication?.samplingFrequency ?? configuration.samplingFrequency
        return configuration.audioObjectType == 2 && configuration.samplesPerFrame == 1024 && rate <= 48_000
            && [1, 2].contains(configuration.channelConfiguration)
    }
}
