internal import FFmpeg
internal import Media
internal import Packaging
internal import Telemetry
internal import Time

/// The pictures of a run: decoded once, scaled in a cascade from rung to rung, each rung encoded on a thread of its own.
/// For one thread.
///
/// A few frames are held back at the beginning, until it is known how many there are in a second.
final class LadderStage {
    private struct Rung {
        let divisor: Int
        /// The rung that it is scaled from; nothing for the source.
        let above: Int?
        let scaler: VideoScaler
        let encoder: RenditionEncoder
    }

    /// How many frames are held back, and how long they are shown.
    private static let patience = (count: 16, time: MediaTime.milliseconds(250))
    /// How long a frame is taken to be shown where there is but one.
    private static let usualDistance = MediaTime.milliseconds(40)

    private let plan: TranscodingPlan
    private let format: VideoFormat
    private let decoder: VideoDecoder
    private var deinterlacer: Deinterlacer?
    /// True once a picture was two fields.
    private var hasFields = false
    private let meter: EncodingMeter
    private let deliver: @Sendable (MediaStep, Instant) -> Void
    /// The source's own samples, where they are published above all rungs.
    private var passage: SourcePassage?
    private var access = SampleBook()
    /// What has come before it began.
    private var held: [Frame] = []
    private var rungs: [Rung] = []
    private var grid: KeyFrameGrid
    private var hasBegun = false
    private var knownFaults = 0

    init(
        _ track: Track, _ plan: TranscodingPlan, deliver: @escaping @Sendable (MediaStep, Instant) -> Void
    ) throws(CodecError) {
        guard case .video(let format) = track.format else { throw .decoderMissing(track.codec) }
        (self.plan, self.format, self.deliver) = (plan, format, deliver)
        let size = PictureSize(format.width, format.height)
        decoder = try VideoDecoder(track, threads: EncoderTuning(plan.latency.name).threads(for: size))
        meter = EncodingMeter(plan.journal)
        passage = plan.profile.isMixed ? SourcePassage(track) : nil
        grid = Self.grid(plan)
    }

    private static func grid(
        _ plan: TranscodingPlan, divisors: [Int] = [], origin: MediaTime = .zero
    ) -> KeyFrameGrid {
        let source: KeyFrameGrid.Source =
            plan.profile.isMixed ? .keyFrames : .every(plan.profile.keyFrameInterval(for: plan.latency))
        return KeyFrameGrid(source, part: plan.latency.partTarget, divisors: divisors, origin: origin)
    }

    /// Takes the next sample of the source. True when enough is known to begin.
    func take(_ sample: Sample, arrival: Instant) -> Bool {
        // A source that is smaller than all rungs is published as it comes, and nothing else is.
        if hasBegun, rungs.isEmpty {
            deliver(.video(sample), arrival)
            return false
        }
        access.note(sample, arrival: arrival)
        passage?.append(sample, arrival: arrival)
        let frames = decoder.decode(sample)
        tellFaults()
        for frame in frames { take(frame) }
        release()
        return !hasBegun && isReady
    }

    /// Samples are missing: the next one is a key frame.
    func lose() {
        if hasBegun {
            takeRest()
        } else {
            // Nobody could be given it yet, and what waits in front of a hole is not worth a beginning of its own.
            (held, passage) = ([], passage.map { SourcePassage($0.track) })
        }
        decoder.reset()
        access.clear()
        grid.interrupt()
    }

    /// All rungs begin a segment there.
    func splice(at time: MediaTime) { grid.splice(at: time) }

    /// Waits until all that was taken has been delivered. Nothing comes after this.
    func finish() {
        if hasBegun { takeRest() }
        // The first one last: nobody is to wait in vain for what others still have.
        for rung in rungs.reversed() { rung.encoder.finish() }
    }

    private func takeRest() {
        for frame in decoder.finish() { take(frame) }
        do throws(CodecError) {
            for frame in try deinterlacer?.finish() ?? [] { encode(frame) }
        } catch {
            plan.journal.failed(.scale, error)
        }
        passage?.releaseAll(deliver)
    }

    // MARK: Beginning

    private var isReady: Bool {
        guard let first = held.first, let last = held.last, held.count > 1 else { return false }
        return held.count >= Self.patience.count || last.presentationTime - first.presentationTime >= Self.patience.time
    }

    /// Makes the encoders; their tracks, from the largest down. Nothing where none could be made, or no frame has come.
    func open() -> [Track] {
        guard let first = held.first else { return [] }
        let distance = Self.distance(held.map(\.presentationTime))
        let picture = SourcePicture(first, format: format, frameRate: distance.map { 1 / $0.seconds })
        let ladder = Ladder(plan.profile, for: picture)
        var tracks = passage.map { [$0.track] } ?? []
        var made = passage.map { _ in ["source"] } ?? []
        // Where each rung of the ladder is among those that could be made.
        var places: [Int?] = []
        for rung in ladder.rungs {
            let options = VideoEncoderOptions(
                rung, latency: plan.latency.name, source: first, format: format,
                frameDuration: distance ?? Self.usualDistance)
            do throws(CodecError) {
                let scaler = try VideoScaler(rung.scalerOptions(for: options))
                let encoder = encoder(tracks.count, options)
                tracks.append(try encoder.track())
                var above = rung.above
                while let place = above, places[place] == nil { above = ladder.rungs[place].above }
                places.append(rungs.count)
                rungs.append(
                    Rung(divisor: rung.divisor, above: above.flatMap { places[$0] }, scaler: scaler, encoder: encoder))
                made.append(rung.description)
            } catch {
                plan.journal.failed(.encode, rendition: "\(rung.size)", error)
                places.append(nil)
            }
        }
        grid = Self.grid(plan, divisors: rungs.map(\.divisor), origin: first.presentationTime)
        plan.journal.began(made)
        return tracks
    }

    private func encoder(_ index: Int, _ options: VideoEncoderOptions) -> RenditionEncoder {
        let pictures = plan.journal.metrics.pictures(Presentation.video(index))
        return RenditionEncoder(index, options, journal: plan.journal) { [plan, deliver, meter] output in
            switch output {
            case .sample(let sample, let arrival):
                pictures.increment()
                meter.note(sample.presentationTime)
                deliver(.video(sample, rung: index), arrival)
            case .failure: if index > 0 { deliver(.withdrawVideo(rung: index), plan.journal.clock.now) }
            }
        }
    }

    /// Encodes what was held back; from here on nothing is.
    func begin() {
        hasBegun = true
        if rungs.isEmpty { passage?.releaseAsItCame(deliver) } else { for frame in held { take(frame) } }
        held = []
        release()
    }

    /// The distance that half of the frames are below.
    private static func distance(_ times: [MediaTime]) -> MediaTime? {
        let distances = zip(times.dropFirst(), times).map { $0 - $1 }.filter { $0 > .zero }.sorted()
        return distances.isEmpty ? nil : distances[distances.count / 2]
    }

    // MARK: Going on

    private func take(_ frame: Frame) {
        guard hasBegun else { return held.append(frame) }
        if frame.isInterlaced, !hasFields { beginDeinterlacing() }
        do throws(CodecError) {
            for picture in try deinterlacer?.deinterlace(frame) ?? [frame] { encode(picture) }
        } catch {
            plan.journal.failed(.scale, error)
        }
    }

    /// From here on pictures are made of fields, as far as that can be done.
    private func beginDeinterlacing() {
        hasFields = true
        do throws(CodecError) {
            deinterlacer = try Deinterlacer()
        } catch {
            plan.journal.failed(.scale, error)
        }
    }

    private func encode(_ frame: Frame) {
        let time = frame.presentationTime
        let arrival = access.arrival(of: time)
        let key = access.key(at: time)
        let turn = grid.take(time, isSync: key != nil)
        if let key { passage?.decide(key, isKey: turn.isKey) }
        let taken = rungs.indices.filter { turn.isTaken(byEvery: rungs[$0].divisor) }
        meter.begin(time, arrival: arrival, renditions: taken.count)
        var scaled = [Frame?](repeating: nil, count: rungs.count)
        for index in taken {
            let rung = rungs[index]
            do throws(CodecError) {
                let picture = try rung.scaler.scale(rung.above.flatMap { scaled[$0] } ?? frame)
                scaled[index] = picture
                rung.encoder.take(.init(frame: picture, isKey: turn.isKey, arrival: arrival))
            } catch {
                plan.journal.failed(.scale, error)
            }
        }
    }

    private func release() {
        if hasBegun { passage?.release(deliver) }
    }

    private func tellFaults() {
        guard decoder.faults > knownFaults else { return }
        plan.journal.undecodable(decoder.faults - knownFaults, .decode)
        knownFaults = decoder.faults
    }
}

extension Ladder.Rung: CustomStringConvertible {
    /// `1280x720 h264 3000k`
    public var description: String {
        "\(size) \(rendition.coding.rawValue) \(rendition.bitRate.bitsPerSecond / 1000)k"
    }
}
