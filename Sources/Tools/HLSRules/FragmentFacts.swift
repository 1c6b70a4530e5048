public import Bytes

/// What a part or a segment holds: one or more chunks of one track (ISO/IEC 23000-19 §7.3.2).
public struct FragmentFacts: Sendable {
    /// One sample as its track run describes it.
    public struct Sample: Equatable, Sendable {
        /// In ticks.
        public var duration: UInt32
        /// In bytes.
        public var size: Int
        /// Sample flags.
        public var flags: UInt32
        /// Composition time offset in ticks.
        public var offset: Int64

        /// True when the flags say that decoding may begin here.
        public var isSync: Bool { flags & 0x1_0000 == 0 }
    }

    /// One moof with its mdat.
    public struct Chunk: Sendable {
        /// mfhd's sequence number.
        public var sequenceNumber: UInt32 = 0
        /// tfdt's base media decode time; 0 when there is none.
        public var decodeTime: Int64 = 0
        /// The samples.
        public var samples: [Sample] = []
        /// The sum of the samples' durations.
        public var duration: Int64 { samples.reduce(0) { $0 + Int64($1.duration) } }
    }

    /// The chunks, at least one.
    public internal(set) var chunks: [Chunk] = []
    /// What breaks rules.
    public internal(set) var faults: [MediaFault] = []

    /// The decode time of the first sample.
    public var decodeTime: Int64 { chunks.first?.decodeTime ?? 0 }
    /// Where the decode time of the next sample after these is.
    public var end: Int64 { chunks.last.map { $0.decodeTime + $0.duration } ?? 0 }
    /// The sum of all durations.
    public var duration: Int64 { chunks.reduce(0) { $0 + $1.duration } }
    /// The earliest presentation time.
    public var earliestPresentation: Int64 {
        var earliest = Int64.max
        for chunk in chunks {
            var time = chunk.decodeTime
            for sample in chunk.samples {
                earliest = min(earliest, time + sample.offset)
                time += Int64(sample.duration)
            }
        }
        return earliest
    }
    /// True when the first sample is a sync sample.
    public var startsWithSync: Bool { chunks.first?.samples.first?.isSync ?? false }
    /// Frames in one second, on average and as the shortest sample has it; nothing where a sample has no duration.
    func frameRates(in timescale: UInt32) -> ClosedRange<Double>? {
        let shortest = chunks.lazy.flatMap(\.samples).map(\.duration).min() ?? 0
        guard shortest > 0 else { return nil }
        let average = Double(sampleCount) * Double(timescale) / Double(duration)
        return average...max(average, Double(timescale) / Double(shortest))
    }
    /// How many samples there are.
    public var sampleCount: Int { chunks.reduce(0) { $0 + $1.samples.count } }

    /// Reads `bytes`, a complete part or segment of the track that `header` describes.
    public init(_ bytes: ByteChunk, header: InitializationFacts) throws(BoxError) {
        try self.init(bytes, header: header, gaps: [])
    }

    /// Reads `bytes`, a segment in which those gaps are.
    init(_ bytes: ByteChunk, header: InitializationFacts, gaps: [MediaGap]) throws(BoxError) {
        try read(bytes.span, header)
        checkOrder(gaps, header.timescale)
    }

    /// Reads `bytes`, the range of an I-frame: a moof, and as much of its mdat as its first sample needs. Only that
    /// sample is read.
    init(iFrame bytes: ByteChunk, header: InitializationFacts) throws(BoxError) {
        try readIFrame(bytes.span, header)
    }

    private mutating func read(_ bytes: Span<UInt8>, _ header: InitializationFacts) throws(BoxError) {
        var movie: Box?
        for (index, box) in try BoxReader.boxes(bytes, in: 0..<bytes.count).enumerated() {
            switch box.type {
            case "styp" where index == 0 || movie == nil: break
            case "prft" where movie == nil, "emsg" where movie == nil, "sidx" where movie == nil: break
            case "moof" where movie == nil: movie = box
            case "mdat":
                guard let found = movie else {
                    throw BoxError(offset: box.range.lowerBound, detail: "mdat without moof")
                }
                try readChunk(bytes, found, box, header)
                movie = nil
            default: fault(.boxStructure, box.range.lowerBound, "an unexpected '\(box.type)'")
            }
        }
        if let movie { throw BoxError(offset: movie.range.lowerBound, detail: "moof without mdat") }
        guard !chunks.isEmpty else { throw BoxError(offset: 0, detail: "no moof") }
    }

    private mutating func checkOrder(_ gaps: [MediaGap], _ timescale: UInt32) {
        var media: Int64 = 0
        for (earlier, later) in zip(chunks, chunks.dropFirst()) {
            media += earlier.duration
            let gap = gaps.first { abs($0.position * Double(timescale) - Double(media)) < Double(timescale) / 1000 }
            let wanted = earlier.decodeTime + earlier.duration + (gap?.ticks(in: timescale) ?? 0)
            if abs(later.decodeTime - wanted) > gap?.slack(in: timescale) ?? 0 {
                fault(.continuity, 0, "a chunk's decode time is \(later.decodeTime), not \(wanted)")
            }
            if later.sequenceNumber <= earlier.sequenceNumber {
                fault(.sequenceNumber, 0, "\(later.sequenceNumber) follows \(earlier.sequenceNumber)")
            }
        }
    }

    mutating func fault(_ rule: Rule, _ offset: Int, _ detail: String) {
        faults.append(MediaFault(rule: rule, offset: offset, detail: detail))
    }

    private mutating func readChunk(
        _ bytes: Span<UInt8>, _ movie: Box, _ data: Box, _ header: InitializationFacts
    ) throws(BoxError) {
        var chunk = Chunk()
        let boxes = try BoxReader.boxes(bytes, in: movie.payload)
        let start = movie.range.lowerBound
        guard let first = boxes.first, first.type == "mfhd" else {
            throw BoxError(offset: start, detail: "moof does not begin with mfhd")
        }
        var reader = BoxReader(bytes, first.payload)
        _ = try reader.versionAndFlags()
        chunk.sequenceNumber = UInt32(truncatingIfNeeded: try reader.number(4))
        let tracks = boxes.filter { $0.type == "traf" }
        guard let track = tracks.first else { throw BoxError(offset: start, detail: "no traf") }
        if tracks.count != 1 { fault(.oneTrack, start, "\(tracks.count) traf in one moof") }
        try readTrack(bytes, movie, track, data, header, &chunk)
        chunks.append(chunk)
    }

    private mutating func readTrack(
        _ bytes: Span<UInt8>, _ movie: Box, _ track: Box, _ data: Box, _ header: InitializationFacts,
        _ chunk: inout Chunk
    ) throws(BoxError) {
        let boxes = try BoxReader.boxes(bytes, in: track.payload)
        let start = track.range.lowerBound
        guard let first = boxes.first, first.type == "tfhd" else {
            throw BoxError(offset: start, detail: "traf does not begin with tfhd")
        }
        let defaults = try readTrackHeader(bytes, first, header)
        if let box = boxes.first(where: { $0.type == "tfdt" }) {
            var reader = BoxReader(bytes, box.payload)
            let version = try reader.versionAndFlags().version
            let time = try reader.number(version == 1 ? 8 : 4)
            guard time < UInt64(Int64.max / 4) else { throw BoxError(offset: reader.offset, detail: "tfdt is \(time)") }
            chunk.decodeTime = Int64(time)
            if version != 1 { fault(.decodeTimePresent, box.range.lowerBound, "tfdt has version \(version)") }
        } else {
            fault(.decodeTimePresent, start, "no tfdt")
        }
        let runs = boxes.filter { $0.type == "trun" }
        if runs.count != 1 { fault(.oneTrack, start, "\(runs.count) trun in one traf") }
        if let position = boxes.firstIndex(where: { $0.type == "trun" }),
            boxes[position...].contains(where: { $0.type == "tfdt" })
        {
            fault(.boxStructure, start, "tfdt behind trun")
        }
        var place = data.payload.lowerBound
        for run in runs {
            let count = chunk.samples.count
            try readRun(bytes, run, movie, data, place, defaults, &chunk)
            place = try readSamples(bytes, Array(chunk.samples[count...]), from: place, data, header)
        }
        if chunk.samples.isEmpty { fault(.sampleData, start, "a chunk without samples") }
        if place != data.payload.upperBound {
            fault(.sampleData, data.range.lowerBound, "mdat has \(data.payload.upperBound - place) bytes more")
        }
    }

    mutating func readTrackHeader(
        _ bytes: Span<UInt8>, _ box: Box, _ header: InitializationFacts
    ) throws(BoxError) -> (duration: UInt32, size: UInt32, flags: UInt32) {
        var reader = BoxReader(bytes, box.payload)
        let flags = try reader.versionAndFlags().flags
        let track = UInt32(truncatingIfNeeded: try reader.number(4))
        if track != header.trackID { fault(.oneTrack, box.range.lowerBound, "track \(track), not \(header.trackID)") }
        if flags & 0x2_0000 == 0 { fault(.defaultBase, box.range.lowerBound, "default-base-is-moof is not set") }
        if flags & 1 != 0 {
            fault(.defaultBase, box.range.lowerBound, "a base data offset")
            try reader.skip(8)
        }
        if flags & 2 != 0 { try reader.skip(4) }
        var defaults = header.defaults
        if flags & 0x08 != 0 { defaults.duration = UInt32(truncatingIfNeeded: try reader.number(4)) }
        if flags & 0x10 != 0 { defaults.size = UInt32(truncatingIfNeeded: try reader.number(4)) }
        if flags & 0x20 != 0 { defaults.flags = UInt32(truncatingIfNeeded: try reader.number(4)) }
        return defaults
    }

    mutating func readRun(
        _ bytes: Span<UInt8>, _ box: Box, _ movie: Box, _ data: Box, _ place: Int,
        _ defaults: (duration: UInt32, size: UInt32, flags: UInt32), _ chunk: inout Chunk
    ) throws(BoxError) {
        var reader = BoxReader(bytes, box.payload)
        let start = box.range.lowerBound
        let (version, flags) = try reader.versionAndFlags()
        if version != 1 { fault(.runVersion, start, "trun has version \(version)") }
        let count = try reader.number(4)
        // Every sample takes a byte at least, so a count beyond that is a lie and would only cost memory.
        guard count <= UInt64(bytes.count) else { throw BoxError(offset: start, detail: "trun has \(count) samples") }
        if flags & 1 != 0 {
            let offset = Int(Int32(truncatingIfNeeded: Int64(try reader.number(4))))
            if movie.range.lowerBound + offset != place {
                fault(.sampleData, start, "data offset \(offset) does not lead to the chunk's own mdat")
            }
        } else {
            fault(.sampleData, start, "trun has no data offset")
        }
        let firstFlags = flags & 4 != 0 ? UInt32(truncatingIfNeeded: try reader.number(4)) : nil
        for index in 0..<Int(count) {
            var sample = Sample(
                duration: defaults.duration, size: Int(defaults.size),
                flags: index == 0 ? firstFlags ?? defaults.flags : defaults.flags, offset: 0)
            if flags & 0x100 != 0 { sample.duration = UInt32(truncatingIfNeeded: try reader.number(4)) }
            if flags & 0x200 != 0 { sample.size = Int(try reader.number(4)) }
            if flags & 0x400 != 0 { sample.flags = UInt32(truncatingIfNeeded: try reader.number(4)) }
            if flags & 0x800 != 0 {
                let word = try reader.number(4)
                sample.offset = version == 0 ? Int64(word) : Int64(Int32(truncatingIfNeeded: Int64(word)))
            }
            if sample.duration == 0 { fault(.sampleDuration, start, "sample \(index) has duration 0") }
            chunk.samples.append(sample)
        }
    }
}
