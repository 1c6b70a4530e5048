internal import Bytes
internal import Media
internal import Packaging

/// A sound that goes out as it comes, and silence of the same kind where none comes. For one thread.
final class SoundCopy {
    private let silence: ByteChunk?
    private let frame: MediaTime
    private var end: MediaTime
    /// True from silence on until a sample that comes behind it.
    private var hasBeenSilent = false

    /// The sound of `source`, from `start` on.
    init(_ source: Track, start: MediaTime) {
        (silence, end) = (source.silentFrame, start)
        if case .audio(let format) = source.format, format.sampleRate > 0 {
            frame = MediaTime(Int64(format.samplesPerFrame), Timescale(format.sampleRate))
        } else {
            frame = .zero
        }
    }

    /// The next sample goes out, unless it lies before what did.
    func take(_ sample: Sample) -> [Sample] {
        guard hasBeenSilent else {
            end = sample.presentationTime + frame
            return [sample]
        }
        guard sample.presentationTime >= end else { return [] }
        hasBeenSilent = false
        return take(sample)
    }

    /// Whole frames of silence from where sound ended up to `time`.
    func fill(until time: MediaTime) -> [Sample] {
        guard let silence, frame > .zero else { return [] }
        var samples: [Sample] = []
        while end + frame <= time {
            hasBeenSilent = true
            samples.append(Sample(data: silence, decodeTime: end, presentationTime: end, isSync: true))
            end += frame
        }
        return samples
    }
}
