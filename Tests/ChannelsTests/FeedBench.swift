import Bytes
import Ingest
import Media
import Packaging
import Telemetry
import Testing
import Time

@testable import Channels

/// A feed of 25 pictures a second with sound, as evenly as can be, whose faults the tests choose.
struct FeedBench {
    /// How an encoder differs from a good one.
    struct Encoder {
        /// Seconds from one key frame to the next, by turns.
        var groups: [Double] = [2]
        /// By how many frames showing is later than decoding; B-frames where it is more than 0.
        var reordering = 0
        var pictureBytes: (Int) -> Int = { _ in 10_000 }
        /// When a picture of that number is to be decoded, in milliseconds.
        var time: (Int) -> Int64 = { Int64($0) * 40 }
        /// When that comes in, by our clock.
        var arrival: (Double) -> Double = { $0 }
        /// When sound is sent that belongs to a time, in seconds.
        var soundDelay = 0.0
        var codec = Codec.h264
        var hasPictures = true
        var hasSound = true
    }

    static let start = Instant(nanoseconds: 5_000_000_000)

    let configuration: ChannelConfiguration
    private var meter = FeedMeter(began: start)
    private var end = 0.0

    init(_ profile: LatencyProfile.Name = .low, tracks: DeclaredTracks = .videoAndAudio) {
        configuration = ChannelConfiguration(
            id: "news", name: "News", streamKey: Secret("key-of-news"), profile: LatencyProfile(profile), tracks: tracks
        )
    }

    /// Lets that encoder send for so many seconds.
    mutating func run(_ encoder: Encoder = Encoder(), seconds: Double = 20) {
        let video = Track(
            codec: encoder.codec, format: .video(VideoFormat(width: 1280, height: 720)),
            decoderConfiguration: ByteChunk([1]), codecString: "avc1.64001f")
        if encoder.hasPictures { note(.track(video), at: end) }
        if encoder.hasSound { note(.track(ChannelBench.audio), at: end) }
        var events: [(at: Double, event: FeedEvent)] = []
        if encoder.hasPictures { events += Self.pictures(encoder, seconds) }
        if encoder.hasSound { events += Self.sound(encoder, seconds) }
        for (at, event) in events.sorted(by: { $0.at < $1.at }) { note(event, at: end + at) }
        end += seconds
    }

    mutating func note(_ event: FeedEvent, at seconds: Double) {
        meter.note(event, arrival: Self.start + .seconds(seconds))
    }

    private static func pictures(_ encoder: Encoder, _ seconds: Double) -> [(at: Double, event: FeedEvent)] {
        var events: [(at: Double, event: FeedEvent)] = []
        var (nextKey, turn) = (0.0, 0)
        for number in 0... {
            let time = MediaTime.milliseconds(encoder.time(number))
            let elapsed = (time - .milliseconds(encoder.time(0))).seconds
            guard elapsed < seconds else { break }
            let isKey = elapsed >= nextKey - 0.001
            if isKey {
                nextKey += encoder.groups[turn % encoder.groups.count]
                turn += 1
            }
            // Decoded by turns: one that is shown late, one that is shown before it.
            let delay = encoder.reordering == 0 ? 0 : encoder.reordering + (number % 2 == 0 ? 1 : -1)
            let sample = Sample(
                data: ByteChunk([UInt8](repeating: 0, count: encoder.pictureBytes(number))), decodeTime: time,
                presentationTime: time + .milliseconds(Int64(delay) * 40), isSync: isKey)
            events.append((encoder.arrival(elapsed), .video(sample)))
        }
        return events
    }

    private static func sound(_ encoder: Encoder, _ seconds: Double) -> [(at: Double, event: FeedEvent)] {
        (0..<Int(seconds * 48_000 / 1024)).map { number in
            let time = MediaTime(Int64(number) * 1024, Timescale(48_000)) + .milliseconds(encoder.time(0))
            let sample = Sample(
                data: ByteChunk([UInt8](repeating: 0, count: 340)), decodeTime: time, presentationTime: time,
                isSync: true)
            let elapsed = Double(number) * 1024 / 48_000
            return (encoder.arrival(elapsed) + encoder.soundDelay, .audio(sample))
        }
    }

    var report: FeedReport {
        meter.report(
            at: Self.start + .seconds(end), configuration: configuration, input: .primary, isOnAir: true)
    }

    /// What is advised after that encoder has sent for so many seconds.
    static func advice(
        _ encoder: Encoder, _ profile: LatencyProfile.Name = .low, tracks: DeclaredTracks = .videoAndAudio,
        seconds: Double = 20
    ) -> [FeedAdvice.Code] {
        var bench = FeedBench(profile, tracks: tracks)
        bench.run(encoder, seconds: seconds)
        return bench.report.advice.map(\.code)
    }
}
