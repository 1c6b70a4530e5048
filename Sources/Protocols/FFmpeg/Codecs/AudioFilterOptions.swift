/// What a filter makes of sound.
public struct AudioFilterOptions: Sendable {
    /// What is done to how loud it is.
    public enum Loudness: Sendable, Hashable {
        /// Nothing.
        case asItIs
        /// So many decibels more, or less.
        case gain(decibels: Double)
        /// EBU R 128, as it goes: towards `target` in LUFS, with peaks below `peak` in dBTP and a range of `range` in LU.
        /// Sound comes out 3 s after it goes in.
        case normalized(target: Double, peak: Double = -1, range: Double = 7)
    }

    /// Samples in one second of what comes out.
    public var sampleRate: UInt32 = 48_000
    /// Its channels. More of them are mixed down as ITU-R BS.775 has it.
    public var channelCount = 2
    /// How loud it is to be.
    public var loudness = Loudness.asItIs
    /// From which distance on, in seconds, between what times say and what has come, silence is put in or sound left out.
    public var tolerance = 0.03
    /// By how much sound is stretched or squeezed at most where times run faster or slower than it: a hundredth is not heard.
    public var stretch = 0.01
    /// Options of libswresample, such as `rematrix_maxval` for mixing down without clipping.
    public var resampling: [(name: String, value: String)] = []
    /// Further filters that come last, in libavfilter's syntax.
    public var filters: [String] = []

    /// Stereo at 48 kHz, as loud as it is.
    public init() {}

    /// The filters, one after the other, in libavfilter's syntax.
    var description: String {
        // Times are counted on, so that what comes out has no gaps. A few milliseconds are the rounding of a source.
        let most = Int(Double(sampleRate) * stretch)
        let resampler = "aresample=flags=res:async=\(max(most, 1)):min_comp=0.005:min_hard_comp=\(tolerance)"
        var list = [resampling.reduce(resampler) { $0 + ":\($1.name)=\($1.value)" }, form]
        switch loudness {
        case .asItIs: break
        case .gain(let decibels): list.append("volume=\(decibels)dB")
        case .normalized(let target, let peak, let range):
            // It works at 192 kHz.
            list += ["loudnorm=I=\(target):TP=\(peak):LRA=\(range):linear=false", form]
        }
        let separator = ","
        return (list + filters + [form]).joined(separator: separator)
    }

    private var form: String {
        "aformat=sample_fmts=fltp:sample_rates=\(sampleRate):channel_layouts=\(channelCount)c"
    }
}
