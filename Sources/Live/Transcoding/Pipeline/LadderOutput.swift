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

    /// How a rung keeps up.
    private struct RungState {
        /// True where it has no pictures until a key frame.
        var isWithdrawn = false
        /// When the first of the pictures in a row was to be shown for which it had no room.
        var lacksSince: MediaTime?
        /// What it had last.
        var shown: Frame?
        /// True where it had that twice.
        var hasRepeated = false
    }

    /// A picture that is shown again, in the sizes of all rungs.
    private struct Still {
        let sizes: [Frame?]
    }

    /// A rung that has had no room for so long is left behind.
    private static let longestLack = MediaTime.milliseconds(1000)
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
    private let deliver: @Sendable (MediaStep, Instant) -> Void
    private let ladder: Ladder
    /// The index of its first rung among the video tracks.
    private let first: Int
    private let colour: ColourDescription?
    private let meter: EncodingMeter
    private let rungs: [Rung]
    private var grid: KeyFrameGrid
    /// What the source brought last.
    private var latest: Frame?
    private var still: Still?
    private var punctuality = Punctuality()
    private var shedding: Shedding
    private var states: [RungState]

    /// The ladder that `source` has room for, whose pictures are shown `shift` later than it says; its first rung is the
    /// video track of index `index`. What is encoded goes to `deliver`. Nothing where no picture has come.
    init?(
        _ source: IncomingSource, _ plan: TranscodingPlan, shift: MediaTime, from index: Int,
        deliver: @escaping @Sendable (MediaStep, Instant) -> Void
    ) {
        guard let picture = Self.picture(of: source, plan), let format = source.pictures?.format,
            var frame = source.held.first?.frame
        else { return nil }
        let ticks = frame.presentationTime.timescale
        // Where the source's own pictures are shown too its times are those of all.
        timescale = plan.profile.frameDistance?.timescale ?? (index > 0 ? ticks : Self.timescale(for: ticks))
        frame.presentationTime = (frame.presentationTime + shift).converted(to: timescale)
        (self.plan, self.deliver, colour) = (plan, deliver, source.colour)
        (ladder, meter) = (Ladder(plan.profile, for: picture), EncodingMeter(plan.journal))
        distance = plan.profile.frameDistance ?? source.distance ?? Self.usualDistance
        var (tracks, names, rungs): ([Track], [String], [Rung]) = ([], [], [])
        // Where each rung of the ladder is among those that could be made.
        var places: [Int?] = []
        for rung in ladder.rungs {
            let options = VideoEncoderOptions(
                rung, latency: plan.latency.name, source: frame, format: format, frameDuration: distance)
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
        (shedding, states) = (Shedding(rungs: index + rungs.count), rungs.map { _ in RungState() })
        first = index
        punctuality.begin(at: plan.journal.clock.now)
        let origin: KeyFrameGrid.Source =
            plan.profile.isMixed ? .keyFrames : .every(plan.profile.keyFrameInterval(for: plan.latency))
        grid = KeyFrameGrid(
            origin, part: plan.latency.partTarget, divisors: rungs.map(\.divisor), origin: frame.presentationTime)
    }

    /// What the source's pictures are like when they are encoded.
    private static func picture(of source: IncomingSource, _ plan: TranscodingPlan) -> SourcePicture? {
        var picture = source.picture
        if let distance = plan.profile.frameDistance { picture?.frameRate = 1 / distance.seconds }
        return picture
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
        let waiting = MediaTime(
            plan.latency.partTarget.value, Timescale(plan.latency.partTarget.timescale.ticksPerSecond * 2))
        return RenditionEncoder(index, options, waiting: waiting, journal: plan.journal) { output in
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
        guard let picture = Self.picture(of: source, plan), colour == source.colour,
            picture.rotation == ladder.rotation
        else { return false }
        return source.start.continues || ladder.covers(Ladder(plan.profile, for: picture))
    }

    /// True where pictures that no others refer to need not be decoded.
    var skipsUnreferenced: Bool { shedding.skipsUnreferenced }

    /// Encodes `frame`, to be shown at `time`, a key frame of the source where it `isSync`. True where it became one in all
    /// rungs. Where it comes too late, and the rung that leads has no room for it, it is left out.
    func encode(_ frame: Frame, at time: MediaTime, arrival: Instant, isSync: Bool) -> Bool {
        var frame = frame
        frame.presentationTime = time.converted(to: timescale)
        (latest, still) = (frame, nil)
        let deadline = punctuality.due(frame.presentationTime, arrival: arrival) + patience
        var isLate = plan.journal.clock.now > deadline
        defer { judge(isLate: isLate) }
        guard leaderHasRoom(until: deadline) else {
            isLate = true
            for rung in rungs.indices { leaveOut(rung) }
            return false
        }
        let (turn, all) = next(frame.presentationTime, isSync: isSync)
        let taken = all.filter { isReady($0, for: turn, until: deadline) }
        // One rung that cannot keep up is its own affair.
        if states.count(where: { $0.lacksSince != nil }) * 2 > rungs.count { isLate = true }
        meter.begin(frame.presentationTime, arrival: arrival, renditions: taken.count)
        let again = taken.filter { repeats($0, turn) }
        let scaled = scaled(frame, for: taken.filter { !again.contains($0) })
        for index in taken {
            let shown = again.contains(index) ? states[index].shown?.withoutCaptions : scaled[index]
            guard var picture = shown else { continue }
            picture.presentationTime = frame.presentationTime
            (states[index].shown, states[index].hasRepeated) = (picture, again.contains(index))
            rungs[index].encoder.take(.init(frame: picture, isKey: turn.isKey, arrival: arrival))
        }
        return turn.isKey
    }

    /// Shows the last picture once more, where the next one would be, which would come in at `arrival`.
    func goOn(arrival: Instant) {
        guard let last, let still = still ?? latest.map({ Still(sizes: sizes(of: $0.withoutCaptions)) }) else { return }
        self.still = still
        let time = (last + distance).converted(to: timescale)
        let deadline = plan.journal.clock.now + patience
        guard leaderHasRoom(until: deadline) else {
            self.last = time
            return
        }
        let (turn, all) = next(time, isSync: false)
        for index in all where isReady(index, for: turn, until: deadline) {
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

    // MARK: Keeping up

    /// How late a picture may be.
    private var patience: Duration { .milliseconds(plan.latency.partTarget.ticks(in: .milliseconds)) }

    /// The rung that all others follow; nothing where the source's own pictures lead.
    private var leader: Int? { first == 0 ? 0 : nil }

    private func leaderHasRoom(until deadline: Instant) -> Bool {
        leader.map { rungs[$0].encoder.waitForRoom(until: deadline) } ?? true
    }

    /// True where the rung has what it had before.
    private func repeats(_ index: Int, _ turn: KeyFrameGrid.Turn) -> Bool {
        shedding.repeats(first + index) && !turn.isKey && states[index].shown != nil && !states[index].hasRepeated
    }

    /// True where the rung takes a picture; the one that leads always does. One that has had no room for a while has no pictures
    /// any more, until there is a key frame that it has room for.
    private func isReady(_ index: Int, for turn: KeyFrameGrid.Turn, until deadline: Instant) -> Bool {
        guard index != leader, let last else { return true }
        let encoder = rungs[index].encoder
        if states[index].isWithdrawn {
            let isBack =
                turn.isKey && !shedding.suspends(first + index) && encoder.isIdle
            states[index].isWithdrawn = !isBack
            return isBack
        }
        // Nobody waits for it twice in a row.
        let now = plan.journal.clock.now
        if encoder.waitForRoom(until: states[index].lacksSince == nil ? deadline : now) {
            states[index].lacksSince = nil
            return true
        }
        leaveOut(index)
        let since = states[index].lacksSince ?? last
        states[index].lacksSince = since
        if turn.isKey || last - since >= Self.longestLack { withdraw(index) }
        return false
    }

    private func leaveOut(_ index: Int) {
        plan.journal.metrics.leftOut(Presentation.video(first + index)).increment()
    }

    /// The rung has no pictures from here on.
    private func withdraw(_ index: Int) {
        guard !states[index].isWithdrawn else { return }
        states[index] = RungState(isWithdrawn: true)
        rungs[index].encoder.withdraw()
        deliver(.withdrawVideo(rung: first + index), plan.journal.clock.now)
    }

    private func judge(isLate: Bool) {
        guard let change = shedding.note(isLate: isLate, at: plan.journal.clock.now) else { return }
        plan.journal.sheds(change)
        for index in rungs.indices where shedding.suspends(first + index) { withdraw(index) }
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
