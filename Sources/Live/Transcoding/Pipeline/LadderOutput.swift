internal import FFmpeg
internal import Media
internal import Packaging
internal import Telemetry
internal import Time

/// What viewers have of a ladder: pictures scaled in a cascade from rung to rung, each rung encoded on a thread of its own,
/// with key frames at the same times. Sources come and go, and it goes on. For one thread.
final class LadderOutput {
    private struct Rung {
        let divisor: Int
        /// The rung that it is scaled from; nothing for the source.
        let above: Int?
        let scaler: VideoScaler
        let encoder: RenditionEncoder
    }

    /// A picture that is shown again, in the sizes of all rungs.
    private struct Still {
        let sizes: [Frame?]
    }

    /// How long a frame is taken to be shown where there is but one.
    private static let usualDistance = MediaTime.milliseconds(40)

    /// The tracks of the rungs, from the largest down.
    let tracks: [Track]
    /// What they are: `1280x720 h264 3000k`.
    let names: [String]
    /// How far pictures are apart as a rule.
    let distance: MediaTime
    /// The ticks of what comes out.
    let timescale: Timescale
    /// When the last picture is shown.
    private(set) var last: MediaTime?
    private let plan: TranscodingPlan
    private let ladder: Ladder
    private let colour: ColourDescription?
    private let meter: EncodingMeter
    private let rungs: [Rung]
    private var grid: KeyFrameGrid
    /// What the source brought last.
    private var latest: Frame?
    private var still: Still?

    /// The ladder that `source` has room for, whose pictures are shown `shift` later than it says; its first rung is the
    /// video track of index `index`. What is encoded goes to `deliver`. Nothing where no picture has come.
    init?(
        _ source: IncomingSource, _ plan: TranscodingPlan, shift: MediaTime, from index: Int,
        deliver: @escaping @Sendable (MediaStep, Instant) -> Void
    ) {
        guard let picture = source.picture, let format = source.pictures?.format, var first = source.held.first?.frame
        else { return nil }
        timescale = Self.timescale(for: first.presentationTime.timescale)
        first.presentationTime = (first.presentationTime + shift).converted(to: timescale)
        (self.plan, colour) = (plan, source.colour)
        (ladder, meter) = (Ladder(plan.profile, for: picture), EncodingMeter(plan.journal))
        distance = source.distance ?? Self.usualDistance
        var (tracks, names, rungs): ([Track], [String], [Rung]) = ([], [], [])
        // Where each rung of the ladder is among those that could be made.
        var places: [Int?] = []
        for rung in ladder.rungs {
            let options = VideoEncoderOptions(
                rung, latency: plan.latency.name, source: first, format: format, frameDuration: distance)
            do throws(CodecError) {
                let scaler = try VideoScaler(rung.scalerOptions(for: options))
                let encoder = Self.encoder(index + tracks.count, options, plan, meter, deliver)
                tracks.append(try encoder.track())
                var above = rung.above
                while let place = above, places[place] == nil { above = ladder.rungs[place].above }
                places.append(rungs.count)
                rungs.append(
                    Rung(divisor: rung.divisor, above: above.flatMap { places[$0] }, scaler: scaler, encoder: encoder))
                names.append(rung.description)
            } catch {
                plan.journal.failed(.encode, rendition: "\(rung.size)", error)
                places.append(nil)
            }
        }
        (self.tracks, self.names, self.rungs) = (tracks, names, rungs)
        let origin: KeyFrameGrid.Source =
            plan.profile.isMixed ? .keyFrames : .every(plan.profile.keyFrameInterval(for: plan.latency))
        grid = KeyFrameGrid(
            origin, part: plan.latency.partTarget, divisors: rungs.map(\.divisor), origin: first.presentationTime)
    }

    /// That of video, unless times of the source would be rounded.
    private static func timescale(for source: Timescale) -> Timescale {
        Timescale.video.ticksPerSecond % source.ticksPerSecond == 0 ? .video : source
    }

    private static func encoder(
        _ index: Int, _ options: VideoEncoderOptions, _ plan: TranscodingPlan, _ meter: EncodingMeter,
        _ deliver: @escaping @Sendable (MediaStep, Instant) -> Void
    ) -> RenditionEncoder {
        let pictures = plan.journal.metrics.pictures(Presentation.video(index))
        return RenditionEncoder(index, options, journal: plan.journal) { output in
            switch output {
            case .sample(let sample, let arrival):
                pictures.increment()
                meter.note(sample.presentationTime)
                deliver(.video(sample, rung: index), arrival)
            case .failure: if index > 0 { deliver(.withdrawVideo(rung: index), plan.journal.clock.now) }
            }
        }
    }

    // MARK: What it is fed with

    /// True where viewers can go on with it when `source` comes: always, as long as colours mean the same and players turn
    /// pictures alike, where it `continues` the one before. Another one may have room for more.
    func fits(_ source: IncomingSource) -> Bool {
        guard let picture = source.picture, colour == source.colour, picture.rotation == ladder.rotation else {
            return false
        }
        return source.start.continues || ladder.covers(Ladder(plan.profile, for: picture))
    }

    /// Encodes `frame`, to be shown at `time`, a key frame of the source where it `isSync`. True where it became one in all
    /// rungs.
    func encode(_ frame: Frame, at time: MediaTime, arrival: Instant, isSync: Bool) -> Bool {
        var frame = frame
        frame.presentationTime = time.converted(to: timescale)
        (latest, still) = (frame, nil)
        let (turn, taken) = next(frame.presentationTime, isSync: isSync)
        meter.begin(frame.presentationTime, arrival: arrival, renditions: taken.count)
        for (index, picture) in scaled(frame, for: taken).enumerated() {
            guard let picture else { continue }
            rungs[index].encoder.take(.init(frame: picture, isKey: turn.isKey, arrival: arrival))
        }
        return turn.isKey
    }

    /// Shows the last picture once more, where the next one would be, which would come in at `arrival`.
    func goOn(arrival: Instant) {
        guard let last, let still = still ?? latest.map({ Still(sizes: sizes(of: $0.withoutCaptions)) }) else { return }
        self.still = still
        let time = (last + distance).converted(to: timescale)
        let (turn, taken) = next(time, isSync: false)
        for index in taken {
            guard var picture = still.sizes[index] else { continue }
            picture.presentationTime = time
            rungs[index].encoder.take(.init(frame: picture, isKey: turn.isKey, arrival: arrival))
        }
    }

    /// From here on `picture` is what is shown again. Throws where it cannot be drawn, or would have to be turned.
    func show(_ picture: StillPicture) throws(CodecError) {
        guard case .video(var format) = tracks.first?.format, let pixels = rungs.first?.scaler.options.pixelFormat,
            ladder.rotation == .none
        else { return }
        format.colour = colour
        still = Still(sizes: sizes(of: try picture.frame(format, pixelFormat: pixels)))
    }

    private func next(_ time: MediaTime, isSync: Bool) -> (turn: KeyFrameGrid.Turn, taken: [Int]) {
        last = time
        let turn = grid.take(time, isSync: isSync)
        return (turn, rungs.indices.filter { turn.isTaken(byEvery: rungs[$0].divisor) })
    }

    private func sizes(of frame: Frame) -> [Frame?] { scaled(frame, for: Array(rungs.indices)) }

    /// The pictures of those rungs.
    private func scaled(_ frame: Frame, for taken: [Int]) -> [Frame?] {
        var scaled = [Frame?](repeating: nil, count: rungs.count)
        for index in taken {
            do throws(CodecError) {
                scaled[index] = try rungs[index].scaler.scale(rungs[index].above.flatMap { scaled[$0] } ?? frame)
            } catch {
                plan.journal.failed(.scale, error)
            }
        }
        return scaled
    }

    /// All rungs begin a segment there.
    func splice(at time: MediaTime) { grid.splice(at: time) }

    /// Pictures are missing: the next one is a key frame.
    func lose() { grid.interrupt() }

    /// Waits until all that was taken has been delivered. Nothing comes after this.
    func finish() {
        // The first one last: nobody is to wait in vain for what others still have.
        for rung in rungs.reversed() { rung.encoder.finish() }
    }
}

extension Ladder {
    /// True where a source that would get `other` has all of that in this one.
    func covers(_ other: Ladder) -> Bool {
        other.rungs.allSatisfy { rung in
            rungs.contains {
                $0.rendition == rung.rendition && $0.divisor == rung.divisor && $0.size.area >= rung.size.area
            }
        }
    }
}

extension Ladder.Rung: CustomStringConvertible {
    /// `1280x720 h264 3000k`
    public var description: String {
        "\(size) \(rendition.coding.rawValue) \(rendition.bitRate.bitsPerSecond / 1000)k"
    }
}
