internal import Bytes
internal import ObjectStore
internal import Packaging
internal import Time

/// What of a presentation is in the store, below `live/CHANNEL/PRESENTATION/`: a folder for each rendition, and `head`, the
/// records that are about no single one. A value of the writer's thread.
struct StoredPresentation: Sendable {
    /// The name of the records that are about no single rendition.
    static let headName = "head"

    let folder: ObjectKey
    private var head: (any ObjectWriter)?
    private var written: Head
    private var renditions: [String: StoredRendition]

    /// What of a snapshot is about no single rendition, as far as it changes.
    private struct Head: Equatable {
        /// Of each video rendition.
        var frameRates: [Double?] = []
        var hasIndependentSegments = true
        /// The number of the last splice that this process has taken.
        var splices = 0
        var isEnded = false
    }

    /// A presentation that nothing is kept of.
    init(folder: ObjectKey) {
        self.folder = folder
        written = Head()
        renditions = [:]
    }

    /// A presentation that another process kept, whose head has `length` whole bytes.
    init(
        folder: ObjectKey, headLength length: Int, frameRates: [Double?], hasIndependentSegments: Bool,
        renditions: [String: StoredRendition], in store: any ObjectStore
    ) throws(StoreError) {
        self.folder = folder
        head = try store.resume(folder / Self.headName, at: length)
        written = Head(frameRates: frameRates, hasIndependentSegments: hasIndependentSegments)
        self.renditions = renditions
    }

    /// Of each rendition, the number of the first segment that is not wholly in the store.
    var ends: [String: Int64] { renditions.mapValues(\.end) }

    /// The folder of a channel's presentations.
    static func folder(ofChannel id: String) -> ObjectKey? { ObjectKey("live/\(id)") }

    /// Tells that nothing was announced but what is here. To be called once, when the process stops.
    func stop() throws(StoreError) { try head?.append([ByteChunk(PresentationRecord.stopped.bytes)]) }

    /// Writes what `snapshot` has and the store has not. What fails is tried again the next time.
    mutating func store(_ snapshot: PresentationSnapshot, in store: any ObjectStore) throws(StoreError) {
        if head == nil {
            let writer = try store.createAnew(folder / Self.headName)
            let first = PresentationRecord.presentation(
                id: snapshot.id, profile: snapshot.profile, wallStart: snapshot.wallStart)
            try writer.append([ByteChunk(first.bytes)])
            head = writer
        }
        for (rung, rate) in snapshot.frameRates.enumerated() {
            while written.frameRates.count <= rung { written.frameRates.append(nil) }
            guard let rate, written.frameRates[rung].map({ abs(rate / $0 - 1) > 0.01 }) ?? true else { continue }
            try head?.append([ByteChunk(PresentationRecord.frameRate(rate, rung: rung).bytes)])
            written.frameRates[rung] = rate
        }
        if !snapshot.hasIndependentSegments, written.hasIndependentSegments {
            try head?.append([ByteChunk(PresentationRecord.dependentSegments.bytes)])
            written.hasIndependentSegments = false
        }
        for (number, splice) in snapshot.splices(after: written.splices) {
            try head?.append([ByteChunk(PresentationRecord.splice(splice).bytes)])
            written.splices = number
        }
        // One that fails does not keep the others from being written, nor from making room.
        var fault: StoreError?
        for rendition in snapshot.renditions {
            var stored = renditions[rendition.name] ?? StoredRendition(folder: folder / rendition.name)
            do throws(StoreError) { try stored.store(rendition, in: store) } catch { fault = error }
            renditions[rendition.name] = stored
        }
        if let fault { throw fault }
        if snapshot.isEnded, !written.isEnded {
            try head?.append([ByteChunk(PresentationRecord.ended.bytes)])
            written.isEnded = true
        }
    }
}
