internal import FFmpeg
internal import Media
internal import Packaging
internal import Time

/// What is made of each sound of a run. For one thread.
final class SoundWork {
    private enum Making {
        case copy(SoundCopy)
        case encode(SoundChain)
    }

    private struct Output {
        /// Its place among the run's tracks.
        let place: Int
        let making: Making
    }

    /// The tracks of what comes out.
    private(set) var tracks: [Track] = []
    /// What is made of each sound of the source with which the run began.
    private var outputs: [[Output]] = []
    /// Which of these each track of the source that is heard goes on with.
    private var places: [Int?]
    /// True where nothing is heard of what is missing.
    private let isBridged: Bool
    private let journal: TranscoderJournal
    private let deliver: (MediaStep, Instant) -> Void
    private var last = Instant(nanoseconds: 0)

    init(
        _ layout: SoundLayout, _ journal: TranscoderJournal, start: MediaTime, isBridged: Bool,
        deliver: @escaping (MediaStep, Instant) -> Void
    ) {
        (self.journal, self.deliver, self.isBridged) = (journal, deliver, isBridged)
        places = Array(layout.sources.indices)
        for (source, renditions) in zip(layout.sources, layout.renditions) {
            var list: [Output] = []
            for rendition in renditions {
                var track = source
                var making = Making.copy(SoundCopy(source, start: start))
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

    /// What `track` of the source goes on with; nothing once that has been withdrawn.
    private func outputs(of track: Int) -> [Output] {
        places.indices.contains(track) ? places[track].map { outputs[$0] } ?? [] : []
    }

    func take(_ sample: Sample, track: Int, arrival: Instant) {
        last = arrival
        for output in outputs(of: track) {
            switch output.making {
            case .copy(let copy): hand(copy.take(sample), to: output)
            case .encode(let chain):
                attempt(output) { () throws(CodecError) in try chain.take(sample) }
                let faults = chain.takeFaults()
                if faults > 0 { journal.undecodable(faults, .sound) }
            }
        }
    }

    func withdraw(_ track: Int, at arrival: Instant) {
        for output in outputs(of: track) {
            if isBridged { leave(output) } else { deliver(.withdrawAudio(track: output.place), arrival) }
        }
        if places.indices.contains(track) { places[track] = nil }
    }

    /// The source has gone: what is inside comes out.
    func pause() {
        outputs.joined().forEach(leave)
        places = []
    }

    private func leave(_ output: Output) {
        guard case .encode(let chain) = output.making else { return }
        attempt(output) { () throws(CodecError) in try chain.pause() }
    }

    /// The `tracks` of another source go on in those places.
    func change(to tracks: [Track], at places: [Int]) {
        self.places = places
        for (track, place) in zip(tracks, places) {
            for output in outputs[place] {
                guard case .encode(let chain) = output.making else { continue }
                attempt(output) { () throws(CodecError) in
                    try chain.change(to: track)
                    return []
                }
            }
        }
    }

    /// Nothing is heard up to `end` of what no track brings.
    func fill(until end: MediaTime, arrival: Instant) {
        last = arrival
        for place in outputs.indices where !places.contains(place) {
            for output in outputs[place] {
                switch output.making {
                case .copy(let copy): hand(copy.fill(until: end), to: output)
                case .encode(let chain): attempt(output) { () throws(CodecError) in try chain.fill(until: end) }
                }
            }
        }
    }

    func finish() {
        for output in outputs.joined() {
            guard case .encode(let chain) = output.making else { continue }
            attempt(output) { () throws(CodecError) in try chain.finish() }
        }
    }

    private func attempt(_ output: Output, _ make: () throws(CodecError) -> [Sample]) {
        do throws(CodecError) {
            hand(try make(), to: output)
        } catch {
            journal.failed(.sound, error)
        }
    }

    private func hand(_ samples: [Sample], to output: Output) {
        for sample in samples { deliver(.audio(sample, track: output.place), last) }
    }
}
