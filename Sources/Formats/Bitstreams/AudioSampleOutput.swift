import Bytes
import Media

/// Samples of sound on their way out of a stream: gives each its time, and says when the track becomes another.
///
/// Times are counted in audio samples from the last time that a packet stated, and rounded to ticks of 90 kHz one by one.
struct AudioSampleOutput: Sendable {
    /// What was put out.
    var events: [ElementaryStreamEvent] = []

    private var track: Track?
    private var sampleRate: Int64 = 1
    private var samplesPerFrame = 0
    /// The time that was stated last, and how many audio samples came since.
    private var anchor: Int64?
    private var counted: Int64 = 0

    /// The next sample begins at `time`.
    mutating func synchronize(to time: Int64) {
        anchor = time
        counted = 0
    }

    /// The samples that follow are those of `track`.
    mutating func begin(_ track: Track) {
        guard track != self.track, case .audio(let format) = track.format else { return }
        events.append(.track(track))
        self.track = track
        // What was counted so far was counted at the rate before.
        anchor = time
        counted = 0
        sampleRate = Int64(format.sampleRate)
        samplesPerFrame = format.samplesPerFrame
    }

    /// A frame that lasts `count` audio samples.
    mutating func append(_ data: ByteChunk, lasting count: Int) throws(BitstreamError) {
        guard let time else { throw .missing("presentation time stamp") }
        let start = MediaTime(time, .video)
        events.append(.sample(Sample(data: data, decodeTime: start, presentationTime: start, access: .sync)))
        skip(count)
    }

    /// So many audio samples are missing here.
    mutating func skip(_ count: Int) { counted &+= Int64(count) }

    /// A frame is missing here. How long it was can only be told from those before it.
    mutating func skipFrame() {
        if track == nil { anchor = nil }
        skip(samplesPerFrame)
    }

    private var time: Int64? {
        guard let anchor else { return nil }
        return anchor &+ (counted &* 90_000 &+ sampleRate / 2) / sampleRate
    }
}
