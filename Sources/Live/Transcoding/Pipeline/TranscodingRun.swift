internal import FFmpeg
internal import Media
internal import Packaging
internal import Time

/// A run of samples on its way to be published otherwise than it comes. For one thread.
///
/// Its beginning waits until the first pictures are decoded: only then it is known what is made of them.
final class TranscodingRun {
    /// So long after its beginning a run goes on without pictures, where none can be decoded.
    private static let patience = MediaTime.milliseconds(2000)
    /// So much waits for its beginning at most.
    private static let waitingLimit = 4096

    private let plan: TranscodingPlan
    private let start: RunStart
    private let deliver: @Sendable (MediaStep, Instant) -> Void
    /// Nothing where pictures go out as they come, or cannot be decoded.
    private var ladder: LadderStage?
    /// Nothing where sound goes out as it comes.
    private var sound: SoundStage?
    private let forwardsPictures: Bool
    private var hasBegun = false
    /// What has come before it could begin, but for the pictures.
    private var waiting: [(step: MediaStep, arrival: Instant)] = []

    init(
        _ start: RunStart, _ plan: TranscodingPlan, deliver: @escaping @Sendable (MediaStep, Instant) -> Void
    ) {
        (self.plan, self.start, self.deliver) = (plan, start, deliver)
        let video = start.tracks.first { $0.isVideo }
        forwardsPictures = !plan.profile.encodesPictures
        if let video, plan.profile.encodesPictures {
            do throws(CodecError) {
                ladder = try LadderStage(video, plan, deliver: deliver)
            } catch {
                plan.journal.failed(.decode, error)
            }
        }
        if ladder == nil { begin() }
    }

    /// Takes what comes next.
    func take(_ step: MediaStep, _ arrival: Instant) {
        if case .video(let sample, _) = step, !forwardsPictures {
            if ladder?.take(sample, arrival: arrival) == true { begin() }
            return
        }
        guard !hasBegun else { return pass(step, arrival) }
        waiting.append((step, arrival))
        if waiting.count >= Self.waitingLimit { return begin() }
        guard case .audio(let sample, _) = step, sample.presentationTime - start.sourceStart >= Self.patience else {
            return
        }
        begin()
    }

    /// Samples of pictures are missing.
    func lose() { ladder?.lose() }

    /// Waits until all that was taken has been delivered.
    func finish() {
        if !hasBegun { begin() }
        ladder?.finish()
        sound?.finish()
    }

    private func begin() {
        hasBegun = true
        let audio = start.tracks.filter { !$0.isVideo }
        if let output = plan.profile.audio, audio.contains(where: { output.renditions(of: $0) != [.copied] }) {
            sound = SoundStage(audio, plan, output, start: start.sourceStart, deliver: deliver)
        }
        let pictures = forwardsPictures ? start.tracks.filter(\.isVideo) : ladder?.open() ?? []
        if pictures.isEmpty, !forwardsPictures { ladder = nil }
        var run = start
        run.tracks = pictures + (sound?.tracks ?? audio)
        if sound != nil { run.soundDelay = plan.profile.audio?.delay ?? .zero }
        if !run.tracks.isEmpty { deliver(.begin(run), start.arrival) }
        for (step, arrival) in waiting { pass(step, arrival) }
        waiting = []
        ladder?.begin()
    }

    private func pass(_ step: MediaStep, _ arrival: Instant) {
        switch step {
        case .audio(let sample, let track):
            guard let sound else { return deliver(step, arrival) }
            sound.take(sample, track: track, arrival: arrival)
        case .withdrawAudio(let track):
            guard let sound else { return deliver(step, arrival) }
            sound.withdraw(track, at: arrival)
        case .splice(let cue):
            ladder?.splice(at: cue.time)
            deliver(step, arrival)
        default: deliver(step, arrival)
        }
    }
}
