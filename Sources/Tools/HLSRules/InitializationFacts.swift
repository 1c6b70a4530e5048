public import Bytes

/// What a media initialization section says (ISO/IEC 14496-12 §8, ISO/IEC 23000-19 §7.5).
public struct InitializationFacts: Equatable, Sendable {
    /// The track id.
    public var trackID: UInt32 = 0
    /// Ticks per second of the track.
    public var timescale: UInt32 = 0
    /// `vide`, `soun` or another handler.
    public var handler: FourCC = "null"
    /// The type of the sample entry.
    public var sampleEntry: FourCC = "null"
    /// The codec as in CODECS; only the sample entry's type where the rest is not known.
    public var codec = ""
    /// The size of the picture; nothing for other media.
    public var resolution: Resolution?
    /// How many channels audio has; nothing for other media.
    public var channelCount: Int?
    /// True when the pixels are not square.
    public var hasPixelAspect = false
    /// TransferCharacteristics, where a `colr` box tells.
    public var transferCharacteristics: Int?
    /// How many bytes hold a NAL unit's length; nothing when the samples have no NAL units.
    public var lengthSize: Int?
    /// The brands, the major one first.
    public var brands: [FourCC] = []
    /// True when the track has an edit list.
    public var hasEditList = false
    /// trex: duration, size and flags of samples that say nothing themselves.
    public var defaults = (duration: UInt32(0), size: UInt32(0), flags: UInt32(0))
    /// What breaks rules.
    public var faults: [MediaFault] = []

    /// True for video.
    public var isVideo: Bool { handler == "vide" }

    /// Compares what was read, but for the defaults.
    public static func == (left: Self, right: Self) -> Bool {
        (left.trackID, left.timescale, left.handler, left.codec) == (
            right.trackID, right.timescale, right.handler, right.codec
        ) && left.resolution == right.resolution && left.brands == right.brands && left.faults == right.faults
    }

    /// Reads `bytes`, a complete initialization section.
    public init(_ bytes: ByteChunk) throws(BoxError) { try read(bytes.span) }

    private mutating func read(_ bytes: Span<UInt8>) throws(BoxError) {
        let boxes = try BoxReader.boxes(bytes, in: 0..<bytes.count)
        guard let first = boxes.first, first.type == "ftyp" else {
            throw BoxError(offset: 0, detail: "the file does not begin with ftyp")
        }
        try readBrands(bytes, first)
        let movies = boxes.filter { $0.type == "moov" }
        guard let movie = movies.first else { throw BoxError(offset: 0, detail: "no moov") }
        if movies.count > 1 || boxes.count > 2 {
            fault(.boxStructure, movie.range.upperBound, "a header is ftyp and moov, here is \(Self.list(boxes))")
        }
        try readMovie(bytes, movie)
    }

    private mutating func fault(_ rule: Rule, _ offset: Int, _ detail: String) {
        faults.append(MediaFault(rule: rule, offset: offset, detail: detail))
    }

    private static func list(_ boxes: [Box]) -> String { boxes.map { "\($0.type)" }.joined(separator: " ") }

    private mutating func readBrands(_ bytes: Span<UInt8>, _ box: Box) throws(BoxError) {
        var reader = BoxReader(bytes, box.payload)
        brands = [try reader.code()]
        _ = try reader.number(4)
        while reader.remaining >= 4 { brands.append(try reader.code()) }
        let late: Set<FourCC> = ["iso6", "iso7", "iso8", "iso9", "isoa", "isob", "isoc", "cmfc", "cmf2"]
        if !brands.contains(where: late.contains) {
            fault(.brands, box.range.lowerBound, brands.map(\.description).joined(separator: " "))
        }
    }

    private mutating func readMovie(_ bytes: Span<UInt8>, _ movie: Box) throws(BoxError) {
        let boxes = try BoxReader.boxes(bytes, in: movie.payload)
        let start = movie.range.lowerBound
        if boxes.first?.type != "mvhd" { fault(.boxStructure, start, "moov does not begin with mvhd") }
        for box in boxes where box.type == "udta" || box.type == "meta" {
            fault(.boxStructure, box.range.lowerBound, "a \(box.type) for the whole file")
        }
        if let header = boxes.first(where: { $0.type == "mvhd" }) {
            var reader = BoxReader(bytes, header.payload)
            let version = try reader.versionAndFlags().version
            try reader.skip(version == 1 ? 20 : 12)
            if try reader.number(version == 1 ? 8 : 4) != 0 {
                fault(.emptyTables, header.range.lowerBound, "mvhd has a duration")
            }
        }
        let tracks = boxes.filter { $0.type == "trak" }
        guard let track = tracks.first else { throw BoxError(offset: start, detail: "no trak") }
        if tracks.count != 1 { fault(.oneTrack, start, "\(tracks.count) tracks") }
        try readTrack(bytes, track)
        guard let extends = boxes.first(where: { $0.type == "mvex" }),
            let box = try BoxReader.boxes(bytes, in: extends.payload).first(where: { $0.type == "trex" })
        else {
            fault(.boxStructure, start, "no mvex with a trex")
            return
        }
        var reader = BoxReader(bytes, box.payload)
        try reader.skip(12)
        defaults.duration = UInt32(truncatingIfNeeded: try reader.number(4))
        defaults.size = UInt32(truncatingIfNeeded: try reader.number(4))
        defaults.flags = UInt32(truncatingIfNeeded: try reader.number(4))
    }

    private mutating func readTrack(_ bytes: Span<UInt8>, _ track: Box) throws(BoxError) {
        let boxes = try BoxReader.boxes(bytes, in: track.payload)
        for box in boxes {
            switch box.type {
            case "tkhd":
                var reader = BoxReader(bytes, box.payload)
                let version = try reader.versionAndFlags().version
                try reader.skip(version == 1 ? 16 : 8)
                trackID = UInt32(truncatingIfNeeded: try reader.number(4))
                try reader.skip(4)
                if try reader.number(version == 1 ? 8 : 4) != 0 {
                    fault(.emptyTables, box.range.lowerBound, "tkhd has a duration")
                }
            case "edts":
                hasEditList = true
                fault(.editList, box.range.lowerBound, "the track has an edit list")
            case "mdia": try readMedia(bytes, box)
            default: break
            }
        }
        guard trackID != 0, timescale != 0, sampleEntry != "null" else {
            throw BoxError(offset: track.range.lowerBound, detail: "trak lacks tkhd, mdhd or a sample entry")
        }
    }

    private mutating func readMedia(_ bytes: Span<UInt8>, _ media: Box) throws(BoxError) {
        for box in try BoxReader.boxes(bytes, in: media.payload) {
            var reader = BoxReader(bytes, box.payload)
            switch box.type {
            case "mdhd":
                let version = try reader.versionAndFlags().version
                try reader.skip(version == 1 ? 16 : 8)
                timescale = UInt32(truncatingIfNeeded: try reader.number(4))
            case "hdlr":
                try reader.skip(8)
                handler = try reader.code()
            case "minf":
                let boxes = try BoxReader.boxes(bytes, in: box.payload)
                guard let tables = boxes.first(where: { $0.type == "stbl" }) else {
                    throw BoxError(offset: box.range.lowerBound, detail: "no stbl")
                }
                try readTables(bytes, tables)
            default: break
            }
        }
    }

    private mutating func readTables(_ bytes: Span<UInt8>, _ tables: Box) throws(BoxError) {
        for box in try BoxReader.boxes(bytes, in: tables.payload) {
            var reader = BoxReader(bytes, box.payload)
            switch box.type {
            case "stsd":
                try reader.skip(4)
                let count = try reader.number(4)
                let entries = try BoxReader.boxes(bytes, in: reader.offset..<box.payload.upperBound)
                guard count == 1, entries.count == 1 else {
                    throw BoxError(offset: box.range.lowerBound, detail: "stsd has \(entries.count) entries")
                }
                try readEntry(bytes, entries[0])
            case "stts", "stsc", "stco", "stsz":
                try reader.skip(box.type == "stsz" ? 8 : 4)
                if try reader.number(4) != 0 { fault(.emptyTables, box.range.lowerBound, "\(box.type) has entries") }
            default: break
            }
        }
    }
}

extension InitializationFacts {
    private mutating func readEntry(_ bytes: Span<UInt8>, _ entry: Box) throws(BoxError) {
        sampleEntry = entry.type
        codec = "\(entry.type)"
        var reader = BoxReader(bytes, entry.payload)
        switch handler {
        case "vide":
            try reader.skip(24)
            resolution = Resolution(width: Int(try reader.number(2)), height: Int(try reader.number(2)))
            try reader.skip(50)
        case "soun":
            try reader.skip(16)
            channelCount = Int(try reader.number(2))
            try reader.skip(10)
        default: return
        }
        for box in try BoxReader.boxes(bytes, in: reader.offset..<entry.payload.upperBound) {
            var reader = BoxReader(bytes, box.payload)
            switch box.type {
            case "avcC":
                _ = try reader.number(1)
                codec += "." + Self.hexadecimal(try reader.number(3), digits: 6)
                lengthSize = Int(try reader.number(1) & 3) + 1
            case "hvcC":
                try reader.skip(21)
                lengthSize = Int(try reader.number(1) & 3) + 1
            case "colr":
                guard try reader.code() == "nclx" else { break }
                try reader.skip(2)
                transferCharacteristics = Int(try reader.number(2))
            case "pasp": hasPixelAspect = try reader.number(4) != reader.number(4)
            case "esds":
                if let (type, channels) = try Self.audioConfiguration(&reader) {
                    codec += ".40.\(type)"
                    channelCount = channels ?? channelCount
                }
            default: break
            }
        }
    }

    /// The audio object type in an `esds`, and the channel count where it is told plainly (ISO/IEC 14496-1 §7.2.6,
    /// ISO/IEC 14496-3 §1.6.2.1).
    @_lifetime(reader: copy reader)
    private static func audioConfiguration(
        _ reader: inout BoxReader
    ) throws(BoxError) -> (type: Int, channels: Int?)? {
        try reader.skip(4)
        guard try descriptor(&reader) == 3 else { return nil }
        try reader.skip(2)
        guard try reader.number(1) == 0, try descriptor(&reader) == 4, try reader.number(1) == 0x40 else { return nil }
        try reader.skip(12)
        guard try descriptor(&reader) == 5 else { return nil }
        let word = try reader.number(2)
        let type = Int(word >> 11)
        // Behind a long type, and behind a frequency of its own, the channels stand elsewhere.
        if type == 31 { return (32 + Int(word >> 5 & 0x3F), nil) }
        let isPlain = type <= 4 && word >> 7 & 0xF != 15
        let channels =
            isPlain ? [1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8][Int(word >> 3 & 0xF)] : nil
        return (type, channels)
    }

    /// The tag of the next descriptor, its size passed over.
    @_lifetime(reader: copy reader)
    private static func descriptor(_ reader: inout BoxReader) throws(BoxError) -> UInt64 {
        let tag = try reader.number(1)
        for _ in 0..<4 { if try reader.number(1) & 0x80 == 0 { break } }
        return tag
    }

    private static func hexadecimal(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
