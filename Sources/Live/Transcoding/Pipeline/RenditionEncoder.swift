internal import FFmpeg
internal import Locks
internal import Media
internal import Runtime
internal import Time

/// An encoder of pictures with a thread of its own.
///
/// What it has no time for yet waits, as long as there is room for it. Where the encoder fails it is made anew. A rendition that follows others is left out until the next key frame of all, the first goes on at once.
final class RenditionEncoder: Sendable {
    /// A picture to be encoded.
    struct Job: Sendable {
        var frame: Frame
        /// True where it is a key frame in all renditions.
        var isKey: Bool
        /// When the sample that it was decoded from came in.
        var arrival: Instant
    }

    /// A picture that has been encoded, or the end of pictures for now.
    enum Output: Sendable {
        case sample(Sample, arrival: Instant)
        case failure
    }

    private struct State {
        var jobs: [(job: Job, generation: Int)] = []
        /// The track of what comes out, or why nothing does; nothing as long as the encoder is being made.
        var track: Result<Track, CodecError>?
        var isOver = false
        /// True while a picture is being encoded or delivered.
        var isBusy = false
        /// Grows when what was brought before is not wanted any more.
        var generation = 0
    }

    /// More wait nowhere: what is decoded takes much memory.
    private static let jobLimits = Int64(2)...4

    private let rung: Int
    private let options: VideoEncoderOptions
    private let jobLimit: Int
    private let journal: TranscoderJournal
    private let deliver: @Sendable (Output) -> Void
    private let state = Monitor(State())
    private let thread = Mutex<NamedThread?>(nil)

    /// The encoder of the rendition of that index, 0 being the one that leads; `deliver` is called on its thread. Pictures for
    /// so long wait for it, as far as that is a few.
    init(
        _ rung: Int, _ options: VideoEncoderOptions, waiting: MediaTime, journal: TranscoderJournal,
        deliver: @escaping @Sendable (Output) -> Void
    ) {
        (self.rung, self.options, self.journal, self.deliver) = (rung, options, journal, deliver)
        let count = waiting.ticks(in: .video) / max(options.frameDuration.ticks(in: .video), 1)
        jobLimit = Int(min(max(count, Self.jobLimits.lowerBound), Self.jobLimits.upperBound))
        let body = NamedThread("encode \(rung)") { [self] in encode() }
        thread.withLock { $0 = body }
    }

    /// The track of what comes out; waits until the encoder is there. Where it cannot be made the thread ends.
    func track() throws(CodecError) -> Track {
        state.wait(for: .seconds(60)) { $0.track != nil }
        guard let result = state.withLock({ $0.track }) else { throw .refused(options.encoder) }
        if case .failure = result { finish() }
        return try result.get()
    }

    /// Waits until there is room for another picture, or `deadline` has passed: false.
    func waitForRoom(until deadline: Instant) -> Bool {
        let patience = deadline - journal.clock.now
        return state.wait(for: max(patience, .zero)) { $0.jobs.count < jobLimit || $0.isOver }
    }

    /// True where all that was brought is done.
    var isIdle: Bool { state.withLock { $0.jobs.isEmpty && !$0.isBusy } }

    /// Has a picture encoded behind those before it. Whoever has not waited for room brings one too many.
    func take(_ job: Job) { state.signal { $0.jobs.append((job, $0.generation)) } }

    /// Nothing of what was brought before is delivered any more; a key frame comes next.
    func withdraw() { state.signal { ($0.jobs, $0.generation) = ([], $0.generation + 1) } }

    /// Waits until all that was taken has been delivered, and ends the thread.
    func finish() {
        state.signal { $0.isOver = true }
        thread.withLock { $0.take() }?.join()
    }

    // MARK: On its thread

    /// The next picture; nothing when no more come.
    private func nextJob() -> (job: Job, generation: Int)? {
        state.signal { $0.isBusy = false }
        while !state.wait(for: .seconds(60), until: { !$0.jobs.isEmpty || $0.isOver }) {}
        return state.signal { state in
            state.isBusy = !state.jobs.isEmpty
            return state.jobs.isEmpty ? nil : state.jobs.removeFirst()
        }
    }

    private func encode() {
        var work: Work?
        do throws(CodecError) {
            let encoder = try VideoEncoder(options)
            state.signal { $0.track = .success(encoder.track) }
            work = Work(encoder)
        } catch {
            state.signal { $0.track = .failure(error) }
        }
        while let (job, generation) = nextJob() {
            do throws(CodecError) {
                if work == nil, job.isKey || rung == 0 { work = Work(try VideoEncoder(options)) }
                hand(try work?.encode(job, generation) ?? [])
            } catch .timesGoBack {
                journal.failed(.encode, rendition: "\(options.size)", .timesGoBack)
            } catch {
                journal.failed(.encode, rendition: "\(options.size)", error)
                work = nil
                deliver(.failure)
            }
        }
        do throws(CodecError) {
            hand(try work?.finish() ?? [])
        } catch {
            journal.failed(.encode, rendition: "\(options.size)", error)
        }
    }

    /// Delivers what is still wanted.
    private func hand(_ outputs: [(output: Output, generation: Int)]) {
        for (output, generation) in outputs where state.withLock({ $0.generation }) == generation { deliver(output) }
    }

    /// An encoder and what is in it.
    private final class Work {
        private let encoder: VideoEncoder
        /// What is known of the pictures that are inside, by their times.
        private var inside: [Int64: (isKey: Bool, arrival: Instant, generation: Int)] = [:]

        init(_ encoder: VideoEncoder) { self.encoder = encoder }

        func encode(
            _ job: Job, _ generation: Int
        ) throws(CodecError) -> [(output: Output, generation: Int)] {
            inside[ticks(job.frame.presentationTime)] = (job.isKey, job.arrival, generation)
            return outputs(try encoder.encode(job.frame, asKey: job.isKey))
        }

        func finish() throws(CodecError) -> [(output: Output, generation: Int)] { outputs(try encoder.finish()) }

        private func outputs(_ samples: [Sample]) -> [(output: Output, generation: Int)] {
            samples.compactMap { sample in
                let time = ticks(sample.presentationTime)
                guard let job = inside.removeValue(forKey: time) else { return nil }
                // Nobody asks for what an encoder has left out.
                if inside.count > 256 { inside = inside.filter { $0.key > time } }
                // The first of an encoder that was made anew is one that the other renditions do not have.
                let shown = sample.isSync && !job.isKey ? sample.hidden : sample
                return (.sample(shown, arrival: job.arrival), job.generation)
            }
        }

        private func ticks(_ time: MediaTime) -> Int64 { time.ticks(in: encoder.options.timescale) }
    }
}
