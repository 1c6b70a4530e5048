import Bytes
import HTTPTestClient
import Locks
import Media
import ObjectStore
import Packaging
import Publishing
import Runtime
import SampleFeed
import Telemetry
import TestFolder
import Testing
import Time

/// A store in the hand of a writer's thread: let go of when that ends.
private final class Hold: ObjectStore {
    private let store: FaultyStore
    private let holds: Monitor<Int>

    init(_ store: FaultyStore, _ holds: Monitor<Int>) {
        self.store = store
        self.holds = holds
        holds.signal { $0 += 1 }
    }

    deinit { holds.signal { $0 -= 1 } }

    func create(_ key: ObjectKey) throws(StoreError) -> any ObjectWriter { try store.create(key) }

    func resume(_ key: ObjectKey, at length: Int) throws(StoreError) -> any ObjectWriter {
        try store.resume(key, at: length)
    }

    func open(_ key: ObjectKey) throws(StoreError) -> StoredObject { try store.open(key) }

    func names(below key: ObjectKey) throws(StoreError) -> [String] { try store.names(below: key) }

    func remove(_ key: ObjectKey) throws(StoreError) { try store.remove(key) }
}

/// A folder, a writer that keeps what the channel `news` publishes in it, and what it logs.
final class WindowBench: Sendable {
    private final class Sink: LogSink {
        let lines = Mutex<[String]>([])

        func write(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
    }

    private let folder = TemporaryFolder()
    private let sink = Sink()
    private let writer = Mutex<WindowWriter?>(nil)
    private let holds = Monitor(0)
    /// Where the folder is.
    let disk: LocalObjectStore
    /// What the writer writes to.
    let store: FaultyStore
    let clock = ManualClock(wallTime: WallTime(microseconds: 1_800_000_000_000_000))

    /// What knows how far things were announced; nothing after the machine went down.
    private let announcements: Announcements?

    init(fault: FaultyStore.Fault? = nil, isMachineUp: Bool = false, dvrWindow: MediaTime? = nil) {
        self.dvrWindow = dvrWindow
        announcements = isMachineUp ? Announcements(folder: folder.path) : nil
        disk = LocalObjectStore(folder: folder.path)
        store = FaultyStore(disk, fault: fault)
    }

    deinit { announcements?.forget() }

    /// Starts the writer, as a server does.
    func start(goingOnWith restored: [RestoredPresentation] = [], removing outdated: [ObjectKey] = []) {
        let logger = Logger(level: .info, sink: sink, clock: clock)
        let started = WindowWriter(
            Hold(store, holds), restored: restored, announcements: announcements, clock: clock, logger: logger,
            registry: MetricsRegistry())
        started.remove(outdated)
        writer.withLock { $0 = started }
    }

    /// Has the snapshot kept.
    func keep(_ snapshot: PresentationSnapshot) { writer.withLock { $0 }?.keep(snapshot, of: "news") }

    /// Has the snapshot kept, and waits until it is, however long that takes: a test publishes hours in a second.
    func keepWhole(_ snapshot: PresentationSnapshot) {
        keep(snapshot)
        let isWritten = eventually {
            snapshot.renditions.allSatisfy { rendition in
                guard let last = rendition.segments.last(where: { !$0.isGap }) else { return true }
                let name = MediaResource.segment(last.sequenceNumber).fileName
                let object = ObjectKey("live/news/\(snapshot.id)/\(rendition.name)/\(name)").flatMap {
                    try? disk.open($0)
                }
                return object?.length == last.byteCount
            }
        }
        #expect(isWritten)
    }

    /// Stops the writer: what can be written is. A machine may be so busy that a server would not wait for it.
    func stop() {
        stopSoon()
        #expect(holds.wait(for: .seconds(60)) { $0 == 0 })
    }

    /// Stops the writer as a server does, which does not wait for a disk that hangs.
    func stopSoon() { writer.withLock { $0.take() }?.stop() }

    /// How much the DVR playlist of the next process lists.
    let dvrWindow: MediaTime?

    /// What another process finds, and what it removes.
    func found(
        _ profile: LatencyProfile.Name, seconds: Int64, from store: (any ObjectStore)? = nil
    ) throws -> (newest: RestoredPresentation?, outdated: [ObjectKey]) {
        var settings = LatencyProfile(profile)
        settings.dvrWindow = dvrWindow
        return try RestoredPresentation.find(
            ofChannel: "news", profile: settings, in: store ?? disk, announcements: announcements,
            wallTime: WallTime(microseconds: 1_800_000_000_000_000 + seconds * 1_000_000),
            now: Instant(nanoseconds: seconds * 1_000_000_000))
    }

    /// What another process goes on with.
    func restored(
        _ profile: LatencyProfile.Name, seconds: Int64, from store: (any ObjectStore)? = nil
    ) throws -> RestoredPresentation? {
        try found(profile, seconds: seconds, from: store).newest
    }

    /// How often that event was logged.
    func count(of event: String) -> Int {
        sink.lines.withLock { $0.count { $0.contains("\"event\":\"\(event)\"") } }
    }

    // MARK: The folder

    /// The key of a file of the presentation `test`.
    func key(_ path: String) throws -> ObjectKey { try #require(ObjectKey("live/news/test/\(path)")) }

    func names(_ folder: String) throws -> [String] { try disk.names(below: key(folder)) }

    func bytes(_ path: String) throws -> [UInt8] {
        let object = try disk.open(key(path))
        return try object.read(0..<object.length).array
    }

    func overwrite(_ path: String, with bytes: [UInt8]) throws {
        try disk.remove(key(path))
        try disk.create(key(path)).append([ByteChunk(bytes)])
    }

    /// The media of a part as viewers get them: out of memory, or else out of the store.
    func media(of number: Int64, in window: RenditionWindow) -> [UInt8]? {
        if let data = window.part(number)?.data { return data.array }
        guard let place = window.place(ofPart: number),
            let object = try? disk.open(key("\(window.name)/\(MediaResource.segment(place.segment).fileName)")),
            place.range.upperBound <= object.length
        else { return nil }
        return try? object.read(place.range).array
    }

    /// All files of the renditions and what is in them.
    func files() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for rendition in ["video", "audio"] {
            for name in try names(rendition) { files["\(rendition)/\(name)"] = try bytes("\(rendition)/\(name)") }
        }
        return files
    }
}

/// Expects all that `before` had in `after`, with the same numbers, dates and bytes.
func expect(
    _ after: PresentationSnapshot, in bench: WindowBench, toGoOnWith before: PresentationSnapshot,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(after.id == before.id && after.wallStart == before.wallStart, sourceLocation: sourceLocation)
    #expect(after.renditions.map(\.name) == before.renditions.map(\.name), sourceLocation: sourceLocation)
    for (after, before) in zip(after.renditions, before.renditions) {
        #expect(after.mediaSequence >= before.mediaSequence, sourceLocation: sourceLocation)
        #expect(after.discontinuitySequence >= before.discontinuitySequence, sourceLocation: sourceLocation)
        let first = after.segments.first?.sequenceNumber ?? .max
        // Without parts, what is growing was not announced.
        let announced = before.segments.filter { before.profile.offersParts || $0.isComplete }
        for segment in announced where segment.sequenceNumber >= first {
            guard let kept = after.segments.first(where: { $0.sequenceNumber == segment.sequenceNumber }) else {
                Issue.record(
                    "\(before.name) has lost segment \(segment.sequenceNumber)", sourceLocation: sourceLocation)
                continue
            }
            #expect(
                kept.start == segment.start && kept.programDateTime == segment.programDateTime
                    && kept.isDiscontinuous == segment.isDiscontinuous
                    && kept.initializationVersion == segment.initializationVersion, sourceLocation: sourceLocation)
            for part in segment.parts {
                let found = after.part(part.number)
                #expect(
                    found?.duration == part.duration && found?.isGap == part.isGap
                        && found?.isIndependent == part.isIndependent && found?.keyFrame == part.keyFrame,
                    sourceLocation: sourceLocation)
                #expect(
                    bench.media(of: part.number, in: after) == bench.media(of: part.number, in: before),
                    sourceLocation: sourceLocation)
            }
        }
        for segment in before.listed {
            #expect(
                segment.sequenceNumber >= first || segment.sequenceNumber < after.mediaSequence,
                "\(before.name) listed \(segment.sequenceNumber)", sourceLocation: sourceLocation)
        }
    }
}
