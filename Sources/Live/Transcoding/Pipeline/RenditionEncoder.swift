internal import FFmpeg
internal import Locks
internal import Media
internal import Runtime
internal import Time

/// An encoder of pictures with a thread of its own.
///
/// What it has no time for yet waits; from a few pictures on whoever brings more waits, too. Where the encoder fails it is
/// made anew. A rendition that follows others is left out until the next key frame of all, the first goes on at once.
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
        var jobs: [Job] = []
        /// The track of what comes out, or why nothing does; nothing as long as the encoder is being made.
        var track: Result<Track, CodecError>?
        var isOver = false
    }

    /// More wait nowhere: what is decoded takes much memory.
    private static let jobLimit = 4

    private let rung: Int
    private let options: VideoEncoderOptions
    private let journal: TranscoderJournal
    private let deliver: @Sendable (Output) -> Void
    private let state = Monitor(State())
    private let thread = Mutex<NamedThread?>(nil)

    /// The encoder of the rendition of that index, 0 being the one that leads; `deliver` is called on its thread.
    init(
        _ rung: Int, _ options: VideoEncoderOptions, journal: TranscoderJournal,
        deliver: @escaping @Sendable (Output) -> Void
    ) {
        (self.rung, self.options, self.journal, self.deliver) = (rung, options, journal, deliver)
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

    /// Has a picture encoded behind those before it.
    func take(_ job: Job) {
        while !state.wait(for: .seconds(1), until: { $0.jobs.count < Self.jobLimit || $0.isOver }) {}
        state.signal { $0.jobs.append(job) }
    }

    /// Waits until all that was taken has been delivered, and ends the thread.
    func finish() {
        state.signal { $0.isOver = true }
        thread.withLock { $0.take() }?.join()
    }

    // MARK: On its thread

    /// The next picture; nothing when no more come.
    private func nextJob() -> Job? {
        while !state.wait(for: .seconds(60), until: { !$0.jobs.isEmpty || $0.isOver }) {}
        return state.signal { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
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
        while let job = nextJob() {
            do throws(CodecError) {
                if work == nil, job.isKey || rung == 0 { work = Work(try VideoEncoder(options)) }
                for output in try work?.encode(job) ?? [] { deliver(output) }
            } catch .timesGoBack {
                journal.failed(.encode, rendition: "\(options.size)", .timesGoBack)
            } catch {
                journal.failed(.encode, rendition: "\(options.size)", error)
                work = nil
                deliver(.failure)
            }
        }
        do throws(CodecError) {
            for output in try work?.finish() ?? [] { deliver(output) }
        } catch {
            journal.failed(.encode, rendition: "\(options.size)", error)
        }
    }

    /// An encoder and what is in it.
    private final class Work {
        private let encoder: VideoEncoder
        /// What is known of the pictures that are inside, by their times.
        private var inside: [Int64: (isKey: Bool, arrival: Instant)] = [:]

        init(_ encoder: VideoEncoder) { self.encoder = encoder }

        func encode(_ job: Job) throws(CodecError) -> [Output] {
            inside[ticks(job.frame.presentationTime)] = (job.isKey, job.arrival)
            return outputs(try encoder.encode(job.frame, asKey: job.isKey))
        }

        func finish() throws(CodecError) -> [Output] { outputs(try encoder.finish()) }

        private func outputs(_ samples: [Sample]) -> [Output] {
            samples.compactMap { sample in
                let time = ticks(sample.presentationTime)
                guard let job = inside.removeValue(forKey: time) else { return nil }
                // Nobody asks for what an encoder has left out.
                if inside.count > 256 { inside = inside.filter { $0.key > time } }
                // The first of an encoder that was made anew is one that the other renditions do not have.
                let shown = sample.isSync && !job.isKey ? sample.hidden : sample
                return .sample(shown, arrival: job.arrival)
            }
        }

        private func ticks(_ time: MediaTime) -> Int64 { time.ticks(in: encoder.options.timescale) }
    }
}
