import Bytes

/// Which fields a chunk needs and where they make its boxes end, found in one pass over the samples.
///
/// The defaults stand in the `tfhd`; the `trun` has a field of a sample only where samples differ. Sound, whose samples
/// last equally long and are all sync samples, has nothing there but sizes.
struct ChunkLayout {
    /// `tr_flags` of a `trun`, ISO/IEC 14496-12 §8.8.8.
    struct RunFields: OptionSet {
        let rawValue: UInt32
        static let dataOffset = RunFields(rawValue: 0x1)
        static let firstSampleFlags = RunFields(rawValue: 0x4)
        static let duration = RunFields(rawValue: 0x100)
        static let size = RunFields(rawValue: 0x200)
        static let flags = RunFields(rawValue: 0x400)
        static let compositionOffset = RunFields(rawValue: 0x800)
        static let ofEachSample: RunFields = [.duration, .size, .flags, .compositionOffset]
    }

    /// `tf_flags` of the `tfhd`, §8.8.7: default-base-is-moof, default duration, default flags.
    static let trackHeaderFlags: UInt32 = 0x02_0000 | 0x8 | 0x20
    static let trackHeaderSize = 24
    static let decodeTimeSize = 20

    let defaultDuration: UInt32
    let defaultFlags: SampleFlags
    let run: RunFields
    let mediaSize: Int
    let runSize: Int

    var trackFragmentSize: Int { 8 + Self.trackHeaderSize + Self.decodeTimeSize + runSize }
    var movieFragmentSize: Int { 8 + 16 + trackFragmentSize }
    var size: Int { movieFragmentSize + 8 + mediaSize }

    init(_ samples: [ChunkSample]) {
        precondition(!samples.isEmpty, "a chunk has at least one sample")
        var run: RunFields = [.dataOffset, .size]
        var (mediaSize, laterSyncCount) = (0, 0)
        let (duration, startsWithSync) = (samples[0].duration, samples[0].isSync)
        for sample in samples {
            mediaSize += sample.data.count
            if sample.isSync { laterSyncCount += 1 }
            if sample.duration != duration { run.insert(.duration) }
            if sample.compositionOffset != 0 { run.insert(.compositionOffset) }
        }
        if startsWithSync { laterSyncCount -= 1 }
        switch (startsWithSync, laterSyncCount) {
        case (true, samples.count - 1): defaultFlags = .sync
        case (false, 0): defaultFlags = .notSync
        case (true, 0):
            defaultFlags = .notSync
            run.insert(.firstSampleFlags)
        default:
            defaultFlags = .notSync
            run.insert(.flags)
        }
        let wordsOfSample = run.intersection(.ofEachSample).rawValue.nonzeroBitCount
        runSize = 20 + (run.contains(.firstSampleFlags) ? 4 : 0) + 4 * wordsOfSample * samples.count
        defaultDuration = duration
        self.run = run
        self.mediaSize = mediaSize
        precondition(size <= Int(Int32.max), "a chunk is smaller than 2 GiB")
    }
}

/// The flags of a sample, ISO/IEC 14496-12 §8.8.3.1.
struct SampleFlags {
    let rawValue: UInt32

    /// `sample_depends_on` 2: decoding can begin here.
    static let sync = SampleFlags(rawValue: 0x0200_0000)
    /// `sample_depends_on` 1 and `sample_is_non_sync_sample`.
    static let notSync = SampleFlags(rawValue: 0x0101_0000)

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(isSync: Bool) { self = isSync ? .sync : .notSync }
}
