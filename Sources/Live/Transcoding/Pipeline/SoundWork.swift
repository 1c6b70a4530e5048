internal import FFmpeg
internal import Media
internal import Packaging
internal import Time

/// What is made of each track of a run's sound. For one thread.
final class SoundWork {
    private enum Making {
        case copy
        case encode(SoundChain)
    }

    private struct Output {
        /// Its place among the run's tracks.
        let place: Int
        let making: Making
    }

    /// The tracks of what comes out.
    private(set) var tracks: [Track] = []
    /// What is made of each track of the source.
    private var outputs: [[Output]] = []
    private let journal: TranscoderJournal
    private let deliver: (MediaStep, Instant) -> Void
    private var last = Instant(nanoseconds: 0)

    init(
        _ sources: [Track], _ plan: TranscodingPlan, _ output: AudioOutput, start: MediaTime,
        deliver: @escaping (MediaStep, Instant) -> Void
    ) {
        (journal, self.deliver) = (plan.journal, deliver)
        for source in sources {
            var list: [Output] = []
            for rendition in output.renditions(of: source) {
                var track = source
                var making = Making.copy
                if case .encoded(let encoding) = rendition {
                    do throws(CodecError) {
                        let chain = try SoundChain(source, encoding, start: start)
                        (track, making) = (chain.track, .encode(chain))
                    } catch {
                        // Better as it comes than not at all.
                        journal.failed(.sound, error)
                    }
                }
                if list.contains(where: { if case .copy = $0.making { true } else { false } }), case .copy = making {
                    continue
                }
                list.append(Output(place: tracks.count, making: making))
                (track.index, track.language, track.name) = (tracks.count, source.language, source.name)
                tracks.append(track)
            }
            outputs.append(list)
        }
    }

    func take(_ sample: Sample, track: Int, arrival: Instant) {
        guard outputs.indices.contains(track) else { return }
        last = arrival
        for output in outputs[track] {
            switch output.making {
            case .copy: deliver(.audio(sample, track: output.place), arrival)
            case .encode(let chain):
                do throws(CodecError) {
                    for sample in try chain.take(sample) { deliver(.audio(sample, track: output.place), arrival) }
                } catch {
                    journal.failed(.sound, error)
                }
                let faults = chain.takeFaults()
                if faults > 0 { journal.undecodable(faults, .sound) }
            }
        }
    }

    func withdraw(_ track: Int, at arrival: Instant) {
        guard outputs.indices.contains(track) else { return }
        for output in outputs[track] { deliver(.withdrawAudio(track: output.place), arrival) }
        outputs[track] = []
    }

    func finish() {
        for output in outputs.joined() {
            guard case .encode(let chain) = output.making else { continue }
            do throws(CodecError) {
                for sample in try chain.finish() { deliver(.audio(sample, track: output.place), last) }
            } catch {
                journal.failed(.sound, error)
            }
        }
    }
}
