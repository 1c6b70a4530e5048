import Bytes

/// One temporal unit of an AV1 track, made ready for an `av01` sample entry: AV1 Codec ISO Media File Format Binding §2.4.
///
/// There, temporal delimiters, padding and redundant frame headers are not to be, so they are taken out. Memory is copied
/// only where what is left does not lie there in one piece.
struct AV1TemporalUnit {
    /// The units that are left.
    let data: ByteChunk
    /// True when decoding can begin here: the first frame is a key frame that is shown.
    let isSync: Bool
    /// True when there is a frame at all: a temporal unit without one is not a sample.
    let containsPicture: Bool
    /// The configuration that its own sequence header makes, at a key frame, where that is another than the one known.
    let newConfiguration: AV1CodecConfiguration?

    /// The temporal unit in `source`, in the low-overhead format. A key frame without a sequence header, which would be
    /// no place to begin, gets that of `known`.
    init(_ source: ByteChunk, following known: AV1CodecConfiguration?) throws(BitstreamError) {
        let bytes = source.span
        var units = AV1OBUReader(bytes)
        var kept: [Range<Int>] = []
        var header: ByteChunk?
        var (isKey, containsPicture) = (false, false)
        var configuration = known
        while let unit = try units.next() {
            switch unit.type {
            case AV1OBUType.temporalDelimiter, AV1OBUType.padding, AV1OBUType.redundantFrameHeader: continue
            case AV1OBUType.tileList: throw .unsupported("a tile list")
            case AV1OBUType.sequenceHeader where !containsPicture && header == nil:
                let payload = source[unit.payload]
                header = payload
                let found = try AV1CodecConfiguration(sequenceHeader: payload)
                if found.sequenceHeaderOBU != known?.sequenceHeaderOBU { configuration = found }
            case AV1OBUType.frameHeader, AV1OBUType.frame:
                guard !containsPicture else { break }
                containsPicture = true
                isKey = try Self.isShownKeyFrame(
                    bytes.extracting(unit.payload),
                    isReduced: configuration?.sequenceHeader.isReducedStillPicture ?? false)
            default: break
            }
            if let last = kept.indices.last, kept[last].upperBound == unit.range.lowerBound {
                kept[last] = kept[last].lowerBound..<unit.range.upperBound
            } else {
                kept.append(unit.range)
            }
        }
        self.containsPicture = containsPicture
        isSync = isKey && configuration != nil
        newConfiguration = isKey && configuration != known ? configuration : nil
        var pieces = kept.map { source[$0] }
        if isKey, header == nil, let known { pieces.insert(known.sequenceHeaderOBU, at: 0) }
        data = pieces.count == 1 ? pieces[0] : ByteChunk(joining: pieces)
    }

    /// The beginning of `uncompressed_header()`, AV1 §5.9.2.
    private static func isShownKeyFrame(_ header: Span<UInt8>, isReduced: Bool) throws(BitstreamError) -> Bool {
        guard !isReduced else { return true }
        var reader = SyntaxReader(header)
        // show_existing_frame
        if try reader.flag() { return false }
        // frame_type KEY_FRAME and show_frame
        return try reader.u(3) == 0b001
    }
}
