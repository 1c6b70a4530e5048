internal import FFmpeg
internal import Media
internal import Packaging
internal import Time

/// The pictures of a source as they are decoded, of one moment each, in the order in which they are shown. For one thread.
final class PictureSource {
    /// A picture, and what is known of the sample that it was decoded from.
    struct Picture {
        let frame: Frame
        /// When that came in.
        let arrival: Instant
        /// The key frame with which what is shown from here on can begin, if any.
        let key: MediaTime?
    }

    /// The track that they are decoded from.
    let track: Track
    /// What that says of them.
    let format: VideoFormat
    /// The source's own samples, where they are published above all rungs.
    var passage: SourcePassage?
    private let decoder: VideoDecoder
    private let journal: TranscoderJournal
    private var deinterlacer: Deinterlacer?
    /// True once a picture was two fields.
    private var hasFields = false
    private var access = SampleBook()
    private var knownFaults = 0

    /// The pictures of `track`.
    init(_ track: Track, _ plan: TranscodingPlan) throws(CodecError) {
        guard case .video(let format) = track.format else { throw .decoderMissing(track.codec) }
        (self.track, self.format, journal) = (track, format, plan.journal)
        decoder = try VideoDecoder(
            track, threads: EncoderTuning(plan.latency.name).threads(for: PictureSize(format.width, format.height)))
        passage = plan.profile.isMixed ? SourcePassage(track) : nil
    }

    /// True where pictures that no others refer to are left out.
    var skipsUnreferenced: Bool {
        get { decoder.skipsUnreferenced }
        set { decoder.skipsUnreferenced = newValue }
    }

    /// The pictures that `sample` completes.
    func take(_ sample: Sample, arrival: Instant) -> [Picture] {
        access.note(sample, arrival: arrival)
        passage?.append(sample, arrival: arrival)
        let frames = decoder.decode(sample)
        if decoder.faults > knownFaults {
            journal.undecodable(decoder.faults - knownFaults, .decode)
            knownFaults = decoder.faults
        }
        return pictures(of: frames)
    }

    /// The pictures that are left: no sample follows those before.
    func rest() -> [Picture] {
        var rest = pictures(of: decoder.finish())
        do throws(CodecError) {
            rest += try deinterlacer?.finish().map(picture) ?? []
        } catch {
            journal.failed(.scale, error)
        }
        return rest
    }

    /// Samples are missing: the next one is a key frame.
    func lose() {
        decoder.reset()
        access.clear()
    }

    private func pictures(of frames: [Frame]) -> [Picture] {
        var pictures: [Picture] = []
        for frame in frames {
            if frame.isInterlaced, !hasFields { beginDeinterlacing() }
            do throws(CodecError) {
                pictures += try deinterlacer?.deinterlace(frame).map(picture) ?? [picture(frame)]
            } catch {
                journal.failed(.scale, error)
            }
        }
        return pictures
    }

    private func picture(_ frame: Frame) -> Picture {
        let time = frame.presentationTime
        let arrival = access.arrival(of: time)
        return Picture(frame: frame, arrival: arrival, key: access.key(at: time))
    }

    /// From here on pictures are made of fields, as far as that can be done.
    private func beginDeinterlacing() {
        hasFields = true
        do throws(CodecError) {
            deinterlacer = try Deinterlacer()
        } catch {
            journal.failed(.scale, error)
        }
    }
}
