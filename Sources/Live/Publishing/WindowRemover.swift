internal import ObjectStore
internal import Runtime

/// Removes from a store what nobody can read any more, on a thread of its own: a presentation has thousands of files, and
/// no start and no writer waits for that. What is left at the end, the next start finds.
final class WindowRemover: Sendable {
    private struct State {
        var folders: [ObjectKey] = []
        var isStopping = false
        var hasStopped = false
    }

    /// How long a server that stops waits for the disk.
    private static let farewell = Duration.seconds(1)

    private let state = Monitor(State())
    private let thread: NamedThread

    /// Starts the thread that removes from `store`; `report` is told of each folder that is gone, and of what could not be
    /// removed.
    init(_ store: any ObjectStore, report: @escaping @Sendable (ObjectKey, StoreError?) -> Void) {
        thread = NamedThread("window-remover") { [state] in
            while true {
                state.wait(for: .seconds(3600)) { !$0.folders.isEmpty || $0.isStopping }
                let folder = state.withLock { $0.isStopping || $0.folders.isEmpty ? nil : $0.folders.removeFirst() }
                if let folder {
                    // Without its head, no start takes what is left for a presentation.
                    try? store.remove(folder / StoredPresentation.headName)
                    if Self.remove(folder, from: store, state, report) { report(folder, nil) }
                } else if state.withLock({ $0.isStopping }) {
                    return state.signal { $0.hasStopped = true }
                }
            }
        }
    }

    /// Has all that lies below `folders`, those of presentations, removed.
    func remove(_ folders: [ObjectKey]) {
        if !folders.isEmpty { state.signal { $0.folders += folders } }
    }

    /// Ends the thread after the file that it is at.
    func stop() {
        state.signal { $0.isStopping = true }
        if state.wait(for: Self.farewell, until: \.hasStopped) { thread.join() } else { thread.detach() }
    }

    /// Removes file by file: a server that stops need not wait for a folder. Returns whether all is gone.
    private static func remove(
        _ key: ObjectKey, from store: any ObjectStore, _ state: Monitor<State>,
        _ report: (ObjectKey, StoreError?) -> Void
    ) -> Bool {
        do throws(StoreError) {
            for name in try store.names(below: key) {
                guard !state.withLock({ $0.isStopping }), remove(key / name, from: store, state, report) else {
                    return false
                }
            }
            try store.remove(key)
            return true
        } catch {
            report(key, error)
            return false
        }
    }
}
