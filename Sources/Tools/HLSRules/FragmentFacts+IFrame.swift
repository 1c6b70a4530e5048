import Bytes

/// The range of an I-frame (RFC 8216bis §3.1.2, §4.4.3.6).
extension FragmentFacts {
    mutating func readIFrame(_ bytes: Span<UInt8>, _ header: InitializationFacts) throws(BoxError) {
        let boxes = try BoxReader.boxes(bytes, in: 0..<bytes.count, mayBeCut: true)
            .filter { !["styp", "prft", "emsg", "sidx"].contains($0.type) }
        guard boxes.count == 2, boxes[0].type == "moof", boxes[1].type == "mdat" else {
            let types = boxes.map { "\($0.type)" }.joined(separator: " ")
            throw BoxError(offset: 0, detail: "not moof and mdat, but \(types.isEmpty ? "nothing" : types)")
        }
        let (movie, data) = (boxes[0], boxes[1])
        let tracks = try BoxReader.boxes(bytes, in: movie.payload).filter { $0.type == "traf" }
        guard tracks.count == 1 else { throw BoxError(offset: 0, detail: "\(tracks.count) traf in the moof") }
        let inside = try BoxReader.boxes(bytes, in: tracks[0].payload)
        let runs = inside.filter { $0.type == "trun" }
        guard runs.count == 1, let head = inside.first(where: { $0.type == "tfhd" }),
            let time = inside.first(where: { $0.type == "tfdt" })
        else { throw BoxError(offset: 0, detail: "the traf lacks tfhd or tfdt, or has \(runs.count) trun") }
        var chunk = Chunk()
        var reader = BoxReader(bytes, time.payload)
        let version = try reader.versionAndFlags().version
        chunk.decodeTime = Int64(truncatingIfNeeded: try reader.number(version == 1 ? 8 : 4) & (1 << 62 - 1))
        let defaults = try readTrackHeader(bytes, head, header)
        try readRun(bytes, runs[0], movie, data, data.payload.lowerBound, defaults, &chunk)
        guard let first = chunk.samples.first else { throw BoxError(offset: 0, detail: "no sample") }
        guard first.isSync else { throw BoxError(offset: 0, detail: "the first sample is no sync sample") }
        chunk.samples = [first]
        _ = try readSamples(bytes, [first], from: data.payload.lowerBound, data, header)
        chunks = [chunk]
    }
}
