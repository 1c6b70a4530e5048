internal import Media
internal import Packaging

/// Something that would be better otherwise about a feed, in words for whoever sends it.
public struct FeedAdvice: Sendable, Hashable {
    /// How much it matters. The raw value is the stable name.
    public enum Severity: String, Sendable {
        /// Viewers get less than they could, or nothing.
        case problem
        /// It costs delay or bits.
        case hint
    }

    /// What it is, as a stable name.
    public enum Code: String, Sendable, CaseIterable {
        /// No key frame comes.
        case keyFrameMissing = "key_frame_missing"
        /// Key frames are further apart than segments may be long.
        case keyFramesRare = "key_frames_rare"
        /// Key frames come at no fixed distance.
        case keyFramesUneven = "key_frames_uneven"
        /// There are far more key frames than are of use.
        case keyFramesDense = "key_frames_dense"
        /// Pictures wait for others.
        case bFrames = "b_frames"
        /// Some seconds have far more bits than others.
        case bitRateUneven = "bit_rate_uneven"
        /// The feed comes later and later.
        case feedLate = "feed_late"
        /// The feed comes in bursts.
        case feedUneven = "feed_uneven"
        /// Pictures come at no fixed distance.
        case frameRateUneven = "frame_rate_uneven"
        /// The source's clock runs faster or slower than time.
        case clockDrift = "clock_drift"
        /// The source's clock was set.
        case clockSet = "clock_set"
        /// Sound and pictures of one time come far apart.
        case soundApart = "sound_apart"
        /// The channel has pictures, and the feed has not.
        case picturesMissing = "pictures_missing"
        /// The channel has sound, and the feed has not.
        case soundMissing = "sound_missing"
        /// Not all players show what is coded so.
        case codecRare = "codec_rare"
        /// Nothing can be made of what is coded so.
        case codecUnusable = "codec_unusable"
    }

    /// What it is.
    public let code: Code
    /// How much it matters.
    public let severity: Severity
    /// What was seen and what to do, in a sentence or two.
    public let text: String

    init(_ code: Code, _ severity: Severity, _ text: String) {
        (self.code, self.severity, self.text) = (code, severity, text)
    }
}

extension FeedReport {
    /// What would be better otherwise, problems first.
    public var advice: [FeedAdvice] {
        let all = tracks + (pictures.map { keyFrames(of: $0) + rates(of: $0) } ?? []) + arrival + clock
        return all.filter { $0.severity == .problem } + all.filter { $0.severity == .hint }
    }

    private var tracks: [FeedAdvice] {
        var advice = unusableCodecs.map { name in
            FeedAdvice(
                .codecUnusable, .problem,
                "Nothing can be made of \(name): let the encoder send H.264 or HEVC, and AAC.")
        }
        if lacksPictures {
            advice.append(FeedAdvice(.picturesMissing, .problem, "No picture comes, and this channel has pictures."))
        }
        if lacksSound {
            advice.append(FeedAdvice(.soundMissing, .problem, "No sound comes: viewers get silence in its place."))
        }
        if let codec = pictures?.codec, codec != .h264 {
            let name = codec.rawValue.uppercased()
            advice.append(
                FeedAdvice(.codecRare, .hint, "Not every browser and device shows \(name). H.264 reaches all of them."))
        }
        return advice
    }

    // MARK: Pictures

    private func keyFrames(of pictures: Pictures) -> [FeedAdvice] {
        let target = Double(profile.targetDuration)
        let wanted = min(2, profile.targetDuration)
        let remedy = "set the encoder\u{2019}s keyframe interval to \(wanted) s"
        guard pictures.hasKeyFrame, let interval = pictures.keyFrameInterval else {
            guard !pictures.hasKeyFrame, seconds >= target else { return [] }
            return [
                FeedAdvice(
                    .keyFrameMissing, .problem,
                    "No key frame has come yet, and viewers can begin at none other: \(remedy).")
            ]
        }
        // A frame more than the target is none of an encoder that counts frames.
        if interval.longest > target + 0.1 {
            return [
                FeedAdvice(
                    .keyFramesRare, .problem,
                    "Key frames are up to \(interval.longest.text) s apart, and segments here last \(profile.targetDuration) s at most: "
                        + "viewers join late and cannot seek well. Please \(remedy).")
            ]
        }
        if interval.longest < 0.5 {
            return [
                FeedAdvice(
                    .keyFramesDense, .hint,
                    "There is a key frame every \(interval.longest.text) s, which costs picture quality: \(remedy).")
            ]
        }
        guard interval.longest - interval.shortest > 0.1 else { return [] }
        return [
            FeedAdvice(
                .keyFramesUneven, .hint,
                "Key frames come \(interval.shortest.text) to \(interval.longest.text) s apart: a fixed keyframe interval, without "
                    + "key frames at scene changes, makes segments of one length.")
        ]
    }

    private func rates(of pictures: Pictures) -> [FeedAdvice] {
        var advice: [FeedAdvice] = []
        if pictures.reorderDelay > 0.001, profile.name != .standard {
            let delay = Int((pictures.reorderDelay * 1000).rounded())
            advice.append(
                FeedAdvice(
                    .bFrames, .hint,
                    "B-frames delay pictures by up to \(delay) ms. Where that counts, switch them off (x264: tune zerolatency)."
                ))
        }
        if let rate = pictures.bitRate, rate.peak > rate.average * 2, seconds >= 10 {
            advice.append(
                FeedAdvice(
                    .bitRateUneven, .hint,
                    "The bit rate is \(rate.average.megabits) Mb/s on average and \(rate.peak.megabits) Mb/s at its peak: viewers\u{2019} "
                        + "lines must carry the peak. A constant bit rate (CBR) keeps them close."))
        }
        if let rate = pictures.frameRate, rate.longest > rate.shortest * 1.5, rate.longest - rate.shortest > 0.005 {
            advice.append(
                FeedAdvice(
                    .frameRateUneven, .hint,
                    "Pictures come at no fixed rate (\(Int((rate.shortest * 1000).rounded())) to "
                        + "\(Int((rate.longest * 1000).rounded())) ms from one to the next): a constant frame rate looks smoother."
                ))
        }
        return advice
    }

    // MARK: Time

    private var arrival: [FeedAdvice] {
        if lag > 1 {
            return [
                FeedAdvice(
                    .feedLate, .problem,
                    "The feed falls behind: it comes \(lag.text) s later than half a minute ago. Your line carries less than "
                        + "the encoder makes, or its computer is too slow: lower the bit rate or the size.")
            ]
        }
        let allowed =
            switch profile.name {
            case .ultra: 0.3
            case .low: 0.5
            case .standard: 2.0
            }
        guard unevenness > allowed else { return [] }
        return [
            FeedAdvice(
                .feedUneven, .hint,
                "The feed comes in bursts, up to \(unevenness.text) s late: viewers close to the live edge may run dry. Where the "
                    + "network is the cause, a cable in place of Wi-Fi or SRT with more latency helps; where a transport stream "
                    + "gathers sound, shorter PES packets do (ffmpeg: -pes_payload_size 0).")
        ]
    }

    private var clock: [FeedAdvice] {
        var advice: [FeedAdvice] = []
        if clockSteps > 0 {
            advice.append(
                FeedAdvice(
                    .clockSet, .problem,
                    "The source\u{2019}s clock jumped \(clockSteps == 1 ? "once" : "\(clockSteps) times") within half a minute; viewers "
                        + "see a break each time. Is a file looped, or a source switched, ahead of the encoder?"))
        }
        if let drift = clockDrift, abs(drift) > 200 {
            let speed = drift > 0 ? "fast" : "slow"
            advice.append(
                FeedAdvice(
                    .clockDrift, abs(drift) > 500 ? .problem : .hint,
                    "The source\u{2019}s clock runs \(Int(abs(drift).rounded())) millionths too \(speed): its sound and pictures "
                        + "should be timed by one good clock (genlock, or the sound card\u{2019}s)."))
        }
        if abs(soundDelay) > 1 {
            let place = soundDelay > 0 ? "behind" : "before"
            advice.append(
                FeedAdvice(
                    .soundApart, .hint,
                    "Sound comes \(abs(soundDelay).text) s \(place) the pictures that belong to it, and viewers wait for both: "
                        + "let the encoder interleave them closely."))
        }
        return advice
    }
}

extension Double {
    /// With one decimal place.
    fileprivate var text: String {
        let tenths = Int((self * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

extension Int {
    /// Bits in a second as megabits, with one decimal place.
    fileprivate var megabits: String { (Double(self) / 1e6).text }
}
