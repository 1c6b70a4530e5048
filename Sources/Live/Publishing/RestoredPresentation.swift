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

    /// The newest presentation of `channel` in `store` that can go on with `profile`, and the folders of all others, which
    /// nobody can read any more. `announcements` knows how far they were announced. The clocks show `wallTime` and `now`.
    public static func find(
        ofChannel channel: String, profile: LatencyProfile, in store: any ObjectStore, announcements: Announcements?,
        wallTime: WallTime, now: Instant
    ) throws(StoreError) -> (newest: RestoredPresentation?, outdated: [ObjectKey]) {
        guard let folder = StoredPresentation.folder(ofChannel: channel) else { return (nil, []) }
        var (kept, outdated) = try KeptPresentation.newest(in: folder, profile: profile, of: store)
        guard let kept else { return (nil, outdated) }
        let announced = announcements?.counts(of: kept.id, channel: channel)
        if let restored = try kept.read(from: store, wallTime: wallTime, now: now, announced: announced) {
            return (restored, outdated)
        }
        outdated.append(kept.folder)
        return (nil, outdated)
    }

    /// The folders of presentations of `channel`, to which nobody publishes any more, that nobody can read any more.
    public static func outdated(
        ofChannel channel: String, in store: any ObjectStore, wallTime: WallTime, now: Instant
    ) throws(StoreError) -> [ObjectKey] {
        guard let folder = StoredPresentation.folder(ofChannel: channel) else { return [] }
        let (kept, outdated) = try KeptPresentation.newest(in: folder, profile: nil, of: store)
        // How far it was announced does not matter as long as nobody goes on with it.
        let nothing = AnnouncedCounts(nextSegment: 0, nextParts: [], discontinuities: 0, edge: .zero)
        guard let kept, try kept.replayed(from: store, wallTime: wallTime, now: now, announced: nothing) == nil else {
            return outdated
        }
        return outdated + [kept.folder]
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
    /// What the journals of a rendition tell of the files in its folder.
    struct Files {
        /// The first segments of the journals.
        var journals: [Int64] = []
        /// How many bytes of the last one are whole.
        var length = 0
        /// The first segment that may be there.
        var oldest: Int64?
    }

    let folder: ObjectKey
    let id: String
    let head: Journal
    let wallStart: WallTime

    /// The newest presentation below `folder` that has not ended and, where that is given, has that profile; and the
    /// folders of all other presentations. What else is there is somebody's, and is let be.
    static func newest(
        in folder: ObjectKey, profile: LatencyProfile?, of store: any ObjectStore
    ) throws(StoreError) -> (KeptPresentation?, others: [ObjectKey]) {
        var newest: KeptPresentation?
        var others: [ObjectKey] = []
        for id in try store.names(below: folder) {
            let head: Journal
            do throws(StoreError) {
                head = try Journal(folder / id / StoredPresentation.headName, in: store)
            } catch {
                // A removal that was not finished. What cannot be read now may be the next time.
                if case .missing = error, try isPresentation(folder / id, in: store) { others.append(folder / id) }
                continue
            }
            guard case .presentation(id, let kept, let start)? = head.records.first else {
                if try isPresentation(folder / id, in: store) { others.append(folder / id) }
                continue
            }
            guard kept == profile ?? kept, !head.records.contains(.ended), newest.map({ $0.wallStart < start }) ?? true
            else {
                others.append(folder / id)
                continue
            }
            if let newest { others.append(newest.folder) }
            newest = KeptPresentation(folder: folder / id, id: id, head: head, wallStart: start)
        }
        return (newest, others)
    }

    /// True for a folder in which nothing is but what a presentation has.
    private static func isPresentation(_ folder: ObjectKey, in store: any ObjectStore) throws(StoreError) -> Bool {
        let names = try store.names(below: folder)
        return !names.isEmpty && names.allSatisfy { $0 == StoredPresentation.headName || isRendition($0) }
    }

    private static func isRendition(_ name: String) -> Bool {
        [Presentation.video(0), Presentation.audio(0)].contains { kind in
            name.hasPrefix(kind) && name.dropFirst(kind.count).allSatisfy { $0.isNumber }
        }
    }

    /// The presentation without its media.
    func replayed(
        from store: any ObjectStore, wallTime: WallTime, now: Instant, announced: AnnouncedCounts?
    ) throws(StoreError) -> (presentation: Presentation, marks: [String: RenditionMark], files: [String: Files])? {
        guard var replay = PresentationReplay(head.records) else { return nil }
        var files: [String: Files] = [:]
        for rendition in try renditions(in: store) {
            let names = try store.names(below: folder / rendition)
            var found = Files(oldest: Self.oldestSegment(among: names))
            for first in names.compactMap(StoredRendition.firstSegment).sorted() {
                let journal = try Journal(folder / rendition / StoredRendition.journalName(first), in: store)
                // A machine that lost its power leaves files in which nothing is. Nobody could read on behind it.
                guard journal.length > 0 else { continue }
                found.journals.append(first)
                found.length = journal.length
                for record in journal.records { replay.take(record) }
            }
            files[rendition] = found
        }
        guard let (presentation, marks) = replay.goOn(at: wallTime, now, announced: announced) else { return nil }
        return (presentation, marks, files)
    }

    /// The presentation with the media of its window.
    func read(
        from store: any ObjectStore, wallTime: WallTime, now: Instant, announced: AnnouncedCounts?
    ) throws(StoreError) -> RestoredPresentation? {
        guard
            let (replayed, marks, files) = try replayed(
                from: store, wallTime: wallTime, now: now, announced: announced)
        else { return nil }
        var presentation = replayed
        var renditions: [String: StoredRendition] = [:]
        for (rendition, mark) in marks {
            guard let found = files[rendition] else { continue }
            renditions[rendition] = try StoredRendition(
                folder: folder / rendition, mark: mark, journals: found.journals, length: found.length,
                oldest: found.oldest ?? mark.segment, in: store)
        }
        try readMedia(of: &presentation, from: store)
        let stored = try StoredPresentation(
            folder: folder, headLength: headLength, frameRates: presentation.frameRates,
            hasIndependentSegments: presentation.hasIndependentSegments, renditions: renditions, in: store)
        return RestoredPresentation(presentation: presentation, stored: stored)
    }

    /// How much of the head is gone on with: it must not tell of a stop for longer than that is true.
    private var headLength: Int {
        head.length - (head.records.last == .stopped ? PresentationRecord.stopped.bytes.count : 0)
    }

    /// The renditions, in the order in which a presentation numbers them.
    private func renditions(in store: any ObjectStore) throws(StoreError) -> [String] {
        let names = try store.names(below: folder)
        let count = 0..<names.count
        return (count.map(Presentation.video) + count.map(Presentation.audio)).filter(names.contains)
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
