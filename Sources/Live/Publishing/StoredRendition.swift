internal import Bytes
internal import ObjectStore
internal import Packaging

/// What of a rendition is in the store: its segments, each as long as its announced parts, and journals that tell what
/// they are. A value of the writer's thread.
struct StoredRendition: Sendable {
    private let folder: ObjectKey
    private var mark = RenditionMark()
    /// What is still to be written, in order: media before the record that tells of them.
    private var unwritten: ArraySlice<JournalEntry> = []
    private var segment: (number: Int64, writer: any ObjectWriter)?
    private var journal: (any ObjectWriter)?
    /// The first segments of the journals that there are.
    private var journals: [Int64] = []
    /// The first segment that may be there.
    private var oldest: Int64 = 0

    /// A rendition that nothing is kept of.
    init(folder: ObjectKey) { self.folder = folder }

    /// A rendition that another process kept, up to `mark`, in journals whose last one has `length` whole bytes.
    init(
        folder: ObjectKey, mark: RenditionMark, journals: [Int64], length: Int, oldest: Int64, in store: any ObjectStore
    ) throws(StoreError) {
        self.folder = folder
        self.mark = mark
        self.journals = journals
        self.oldest = oldest
        if let last = journals.last {
            journal = try store.resume(folder / Self.journalName(last), at: length)
        }
    }

    /// The name of the journal that begins with that segment.
    static func journalName(_ first: Int64) -> String { "journal-\(first)" }

    /// The first segment of the journal of that name; nothing when it is none.
    static func firstSegment(ofJournal name: String) -> Int64? {
        name.hasPrefix("journal-") ? Int64(name.dropFirst("journal-".count)) : nil
    }

    /// The number of the first segment that is not wholly in the store.
    var end: Int64 { unwritten.isEmpty ? mark.segment : 0 }

    // MARK: Writing

    /// Writes what `rendition` has and the store has not. What fails is tried again the next time.
    mutating func store(_ rendition: RenditionWindow, in store: any ObjectStore) throws(StoreError) {
        // First of all: a disk that is full gets room.
        try forget(before: rendition.oldestSegmentNumber, in: store)
        repeat {
            while let entry = unwritten.first {
                if let media = entry.media { try write(media, in: store) }
                try write(entry.record, in: store)
                unwritten = unwritten.dropFirst()
            }
            unwritten = rendition.entries(since: &mark)[...]
        } while !unwritten.isEmpty
    }

    private mutating func write(_ media: JournalEntry.Media, in store: any ObjectStore) throws(StoreError) {
        if segment?.number != media.segment {
            let name = MediaResource.segment(media.segment).fileName
            segment = (media.segment, try store.createAnew(folder / name))
        }
        // It is there when the record behind it could not be written.
        guard let writer = segment?.writer, writer.length <= media.offset else { return }
        try writer.append([media.data])
    }

    private mutating func write(_ record: PresentationRecord, in store: any ObjectStore) throws(StoreError) {
        if case .standing(_, let standing) = record {
            journal = try store.createAnew(folder / Self.journalName(standing.nextSegment))
            // It is known already when its first record could not be written, or a process died before it was.
            if journals.last != standing.nextSegment { journals.append(standing.nextSegment) }
        }
        try journal?.append([ByteChunk(record.bytes)])
    }

    // MARK: Forgetting

    /// Removes what lies before segment `first`.
    private mutating func forget(before first: Int64, in store: any ObjectStore) throws(StoreError) {
        while oldest < first {
            try store.remove(folder / MediaResource.segment(oldest).fileName)
            oldest += 1
        }
        while journals.count > 1, journals[1] <= first {
            try store.remove(folder / Self.journalName(journals[0]))
            journals.removeFirst()
        }
    }
}

extension ObjectStore {
    /// Begins an object; what is left of one that another process was writing is given up.
    func createAnew(_ key: ObjectKey) throws(StoreError) -> any ObjectWriter {
        do throws(StoreError) { return try create(key) } catch {
            guard error == .exists(key) else { throw error }
        }
        try remove(key)
        return try create(key)
    }
}

extension ObjectKey {
    /// The key of a name that is known to be one.
    static func / (folder: ObjectKey, name: String) -> ObjectKey {
        guard let key = folder.appending(name) else { preconditionFailure("\(name) is a component of a key") }
        return key
    }
}
