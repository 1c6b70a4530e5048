internal import Bytes
internal import ISOBMFF
internal import Media

/// Timed metadata that wait for the chunk of their time.
struct PendingMetadata {
    /// How many tags, and how many bytes of them, may wait.
    private static let limit = (tags: 64, bytes: 256 << 10)

    private var tags: [(time: MediaTime, tag: ByteChunk)] = []
    private var nextID: UInt32 = 1

    /// Keeps `tag` until the chunk of `time`. Where too much waits, what is for the latest time is dropped: what lies far
    /// ahead must not keep out what is for now. False when a tag was, this one or another.
    mutating func append(_ tag: ByteChunk, at time: MediaTime) -> Bool {
        guard tag.count <= Self.limit.bytes else { return false }
        tags.append((time, tag))
        var bytes = tags.reduce(0) { $0 + $1.tag.count }
        var fits = true
        while tags.count > Self.limit.tags || bytes > Self.limit.bytes,
            let latest = tags.indices.max(by: { tags[$0].time <= tags[$1].time })
        {
            bytes -= tags.remove(at: latest).tag.count
            fits = false
        }
        return fits
    }

    /// The messages for a chunk: what falls before its end. What came too late for its own chunk goes with this one, whose
    /// beginning is its time then. A chunk without samples leaves them to the next.
    mutating func take(into chunk: Chunk, of timescale: Timescale) -> [EventMessage] {
        guard !tags.isEmpty, !chunk.samples.isEmpty else { return [] }
        var messages: [EventMessage] = []
        tags.removeAll { item in
            let time = item.time.ticks(in: timescale)
            guard time < chunk.end else { return false }
            messages.append(
                EventMessage(
                    scheme: EventMessage.id3, timescale: timescale,
                    presentationTime: UInt64(clamping: max(time, chunk.start)), id: nextID, message: item.tag))
            nextID &+= 1
            return true
        }
        return messages
    }

    /// Lets go of what waits.
    mutating func clear() { tags = [] }
}
