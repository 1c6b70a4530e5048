import Bytes
import HLS
import Media
import Packaging
import Time

/// What a disk may hold where the journals of a presentation were, up to the playlists that come of it.
///
/// An input's first byte says what the rest is: 0 for a journal's bytes as they are; else records, each a byte for the
/// length and so many bytes, which get the length and the check sum that they need to be believed.
@c(LLVMFuzzerTestOneInput) public func fuzzPresentationRecord(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let bytes = input[0] == 0 ? Array(input[1...]) : journal(of: input[1...])
    let (records, length) = PresentationRecord.read(bytes.span)
    let written = records.flatMap(\.bytes)
    precondition(length <= bytes.count && written.count <= length, "what is read was there")
    precondition(PresentationRecord.read(written.span).records == records, "what is written is what is read")
    goOn(records)
    return 0
}

/// Lets a presentation go on with `records`, as a server does that starts.
private func goOn(_ records: [PresentationRecord]) {
    let now = Instant(nanoseconds: 1_000_000_000_000)
    let wallTime = WallTime(microseconds: 1_800_000_010_000_000)
    // Shared memory may hold anything, too.
    let announced = records.count.isMultiple(of: 2) ? nil : counts(of: records)
    var replay = PresentationReplay(Array(records.prefix(3)))
    for record in records.dropFirst(3) { replay?.take(record) }
    guard var (presentation, marks) = replay?.goOn(at: wallTime, now, announced: announced) else { return }
    presentation.passSilence(until: now + .seconds(5))
    let snapshot = presentation.snapshot
    for rendition in snapshot.renditions {
        _ = snapshot.playlist(of: rendition).rendered(skip: nil)
        _ = rendition.entries(since: &marks[rendition.name, default: RenditionMark()])
    }
}

private func counts(of records: [PresentationRecord]) -> AnnouncedCounts? {
    for case .standing(_, let standing) in records {
        return AnnouncedCounts(
            nextSegment: standing.nextSegment, nextParts: [standing.nextPart, standing.keyFrames],
            discontinuities: standing.discontinuities, edge: .milliseconds(standing.nextPart))
    }
    return nil
}

private func journal(of input: ArraySlice<UInt8>) -> [UInt8] {
    var journal = ByteWriter(capacity: input.count * 2)
    var rest = input
    while let length = rest.popFirst() {
        let fields = Array(rest.prefix(Int(length)))
        rest = rest.dropFirst(Int(length))
        journal.write(UInt32(fields.count))
        // FNV-1a
        journal.write(fields.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 })
        journal.write(fields)
    }
    return journal.bytes
}
