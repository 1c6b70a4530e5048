internal import Bytes
internal import Media
public import ObjectStore
public import Packaging
public import Time

/// A presentation as another process left it in a store.
public struct RestoredPresentation: Sendable {
    /// The presentation, with the media of its window.
    public let presentation: Presentation
    let stored: StoredPresentation

    /// The newest presentation of `channel` in `store` that can go on with `profile`; all others are removed, as nobody can
    /// read them any more. The clocks show `wallTime` and `now`.
    public init?(
        ofChannel channel: String, profile: LatencyProfile, in store: any ObjectStore, wallTime: WallTime, now: Instant
    ) throws(StoreError) {
        guard let folder = StoredPresentation.folder(ofChannel: channel) else { return nil }
        var newest: (id: String, head: Journal, start: WallTime)?
        var others: [String] = []
        for id in try store.names(below: folder) {
            let head: Journal
            do throws(StoreError) {
                head = try Journal(folder / id / StoredPresentation.headName, in: store)
            } catch {
                // What cannot be read now may be the next time.
                if case .missing = error { others.append(id) }
                continue
            }
            guard case .presentation(id, profile, let start)? = head.records.first,
                !head.records.contains(.ended), newest.map({ $0.start < start }) ?? true
            else {
                others.append(id)
                continue
            }
            if let newest { others.append(newest.id) }
            newest = (id, head, start)
        }
        // One that cannot be removed is no reason to do without the good one.
        defer { for id in others { try? store.remove(folder / id) } }
        guard let newest else { return nil }
        let kept = KeptPresentation(folder: folder / newest.id, head: newest.head)
        guard
            let (presentation, stored) = try kept.read(
                from: store, wallTime: wallTime, now: now)
        else {
            others.append(newest.id)
            return nil
        }
        self.presentation = presentation
        self.stored = stored
    }
}

/// A row of records in a store.
private struct Journal {
    let records: [PresentationRecord]
    /// How many bytes of it are whole.
    let length: Int

    init(_ key: ObjectKey, in store: any ObjectStore) throws(StoreError) {
        let object = try store.open(key)
        let bytes = try object.read(0..<object.length)
        (records, length) = PresentationRecord.read(bytes.span)
    }
}

/// A presentation that is being read.
private struct KeptPresentation {
    let folder: ObjectKey
    let head: Journal

    func read(
        from store: any ObjectStore, wallTime: WallTime, now: Instant
    ) throws(StoreError) -> (Presentation, StoredPresentation)? {
        var records = head.records
        var journals: [String: (firsts: [Int64], length: Int, oldestSegment: Int64?)] = [:]
        for rendition in try renditions(in: store) {
            let names = try store.names(below: folder / rendition)
            let firsts = names.compactMap(StoredRendition.firstSegment).sorted()
            var length = 0
            for first in firsts {
                let journal = try Journal(folder / rendition / StoredRendition.journalName(first), in: store)
                records += journal.records
                length = journal.length
            }
            journals[rendition] = (firsts, length, Self.oldestSegment(among: names))
        }
        guard let replayed = Presentation.replaying(records, wallTime: wallTime, now: now) else {
            return nil
        }
        var presentation = replayed.presentation
        var renditions: [String: StoredRendition] = [:]
        for (rendition, mark) in replayed.marks {
            guard let (firsts, length, oldest) = journals[rendition] else { continue }
            renditions[rendition] = try StoredRendition(
                folder: folder / rendition, mark: mark, journals: firsts, length: length,
                oldest: oldest ?? mark.segment, in: store)
        }
        try readMedia(of: &presentation, from: store)
        let stored = try StoredPresentation(
            folder: folder, headLength: head.length, frameRate: presentation.frameRate,
            hasIndependentSegments: presentation.hasIndependentSegments, renditions: renditions, in: store)
        return (presentation, stored)
    }

    /// The renditions, in the order in which a presentation numbers them.
    private func renditions(in store: any ObjectStore) throws(StoreError) -> [String] {
        let names = try store.names(below: folder)
        let sound = (0..<names.count).map(Presentation.audio)
        return ([Presentation.video] + sound).filter(names.contains)
    }

    private static func oldestSegment(among names: [String]) -> Int64? {
        names.compactMap { name -> Int64? in
            if case .segment(let number)? = MediaResource(fileName: name[...]) { number } else { nil }
        }.min()
    }

    /// Reads the media of the window. What cannot be read is not there for viewers either; the rest is.
    private func readMedia(of presentation: inout Presentation, from store: any ObjectStore) throws(StoreError) {
        for rendition in presentation.snapshot.renditions {
            for segment in rendition.segments where !segment.isGap && rendition.isRecent(segment) {
                let key = folder / rendition.name / MediaResource.segment(segment.sequenceNumber).fileName
                guard let object = try? store.open(key), object.length >= segment.byteCount,
                    let bytes = try? object.read(0..<segment.byteCount)
                else { continue }
                presentation.restore(bytes, segment: segment.sequenceNumber, rendition: rendition.name)
            }
        }
    }
}
