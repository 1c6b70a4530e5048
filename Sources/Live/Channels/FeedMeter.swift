internal import Ingest
internal import Media
internal import Packaging
internal import Time

/// What comes in of one feed, measured while it passes.
struct FeedMeter {
    /// How many tracks of sound, and names of codecs, are kept account of.
    private static let limit = 16
    /// The tracks of a feed are known after so long.
    private static let patience = Duration.seconds(5)

    private let began: Instant
    private var pictures: MediumMeter?
    private var sounds: [MediumMeter] = []
    private var unusable: [String] = []
    /// How much sound lies behind the pictures, at the worst, by ten-second spans: this one and the one before.
    private var soundDelay = (span: Int64(0), current: 0.0, previous: 0.0)

    /// A meter of a feed that began then.
    init(began: Instant) { self.began = began }

    /// Takes note of what came in at `arrival`.
    mutating func note(_ event: FeedEvent, arrival: Instant) {
        switch event {
        case .track(let track):
            if !track.codec.isPublishable {
                noteUnusable(track.codec.rawValue.uppercased())
            } else if case .video = track.format {
                if pictures == nil { pictures = MediumMeter(track) } else { pictures?.track = track }
            } else if let place = place(ofSound: track.index) {
                sounds[place].track = track
            } else if sounds.count < Self.limit {
                sounds.append(MediumMeter(track))
            }
        case .unusable(let name): noteUnusable(name)
        case .video(let sample): pictures?.note(sample, arrival: arrival)
        case .audio(let sample, let track):
            guard let place = place(ofSound: track) else { return }
            sounds[place].note(sample, arrival: arrival)
            if let picture = pictures?.position { noteDelay((picture - sample.decodeTime).seconds, arrival) }
        case .announcement, .metadata, .splice: break
        }
    }

    private mutating func noteUnusable(_ name: String) {
        if unusable.count < Self.limit, !unusable.contains(name) { unusable.append(name) }
    }

    private func place(ofSound track: Int) -> Int? { sounds.firstIndex { $0.track.index == track } }

    private mutating func noteDelay(_ seconds: Double, _ arrival: Instant) {
        let span = arrival.nanoseconds / 10_000_000_000
        if span != soundDelay.span {
            soundDelay = (span, 0, span == soundDelay.span + 1 ? soundDelay.current : 0)
        }
        if abs(seconds) > abs(soundDelay.current) { soundDelay.current = seconds }
    }

    /// What was measured until `now`, of a feed to that input of a channel.
    func report(
        at now: Instant, configuration: ChannelConfiguration, input: ChannelInput, isOnAir: Bool
    ) -> FeedReport {
        var report = FeedReport(
            channel: configuration.id, name: configuration.name, profile: configuration.profile, input: input,
            state: isOnAir ? .onAir : .standby)
        report.seconds = (now - began).fractionalSeconds
        report.pictures = pictures.map(Self.pictures)
        report.sounds = sounds.sorted { $0.track.index < $1.track.index }.map(Self.sound)
        report.unusableCodecs = unusable
        let media = [pictures].compactMap(\.self) + sounds
        report.lag = media.map(\.lag).max() ?? 0
        report.unevenness = media.map(\.unevenness).max() ?? 0
        report.clockDrift = (pictures ?? sounds.first)?.clockDrift
        report.clockSteps = media.map { $0.steps(since: now - .seconds(MediumMeter.window)) }.max() ?? 0
        report.soundDelay =
            abs(soundDelay.current) >= abs(soundDelay.previous) ? soundDelay.current : soundDelay.previous
        if now - began >= Self.patience {
            report.lacksPictures = configuration.tracks.hasVideo && pictures?.position == nil
            report.lacksSound = configuration.tracks.hasAudio && !sounds.contains { $0.position != nil }
        }
        return report
    }

    private static func pictures(_ meter: MediumMeter) -> FeedReport.Pictures {
        var size = (width: 0, height: 0)
        if case .video(let format) = meter.track.format { size = (format.width, format.height) }
        return FeedReport.Pictures(
            codec: meter.track.codec, codecString: meter.track.codecString, width: size.width, height: size.height,
            frameRate: meter.frameRate, bitRate: meter.bitRate, keyFrameInterval: meter.keyFrameInterval,
            hasKeyFrame: meter.hasKeyFrame, reorderDelay: meter.reorderDelay)
    }

    private static func sound(_ meter: MediumMeter) -> FeedReport.Sound {
        var format = AudioFormat(sampleRate: 0, channelCount: 0, samplesPerFrame: 0)
        if case .audio(let known) = meter.track.format { format = known }
        return FeedReport.Sound(
            codec: meter.track.codec, codecString: meter.track.codecString, language: meter.track.language,
            sampleRate: format.sampleRate, channelCount: format.channelCount, bitRate: meter.bitRate)
    }
}
