internal import Locks
internal import ObjectStore
internal import Packaging
internal import Publishing
internal import Runtime
internal import Telemetry
internal import Time

/// What another process left of the channels.
struct Remains: Sendable {
    /// By channel, what it goes on with.
    private(set) var restored: [String: RestoredPresentation] = [:]
    /// The folders that nobody can read any more.
    private(set) var outdated: [ObjectKey] = []

    private init() {}

    /// Reads what there is of `channels`, and of those that were once configured, on as many threads as there are cores. What
    /// cannot be read is told, and begins anew.
    init(
        of channels: [ChannelSettings], in store: any ObjectStore, _ announcements: Announcements?,
        _ clocks: any Clocks, _ logger: Logger
    ) {
        let configured = Set(channels.map(\.id))
        let kept = ObjectKey("live").flatMap { try? store.names(below: $0) } ?? []
        let names = channels.map(\.id) + kept.filter { !configured.contains($0) }
        let settings = Dictionary(channels.map { ($0.id, $0) }) { first, _ in first }
        let next = Mutex(0)
        let found = Mutex(Remains())
        let threads = (0..<min(UsableCores.count, names.count)).map { _ in
            NamedThread("restore") {
                while true {
                    let index = next.withLock { next in
                        defer { next += 1 }
                        return next
                    }
                    guard index < names.count else { return }
                    let (name, wallTime, now) = (names[index], clocks.wallTime, clocks.now)
                    do throws(StoreError) {
                        if let channel = settings[name] {
                            let (newest, outdated) = try RestoredPresentation.find(
                                ofChannel: name, profile: channel.profile, in: store, announcements: announcements,
                                wallTime: wallTime, now: now)
                            found.withLock {
                                $0.restored[name] = newest
                                $0.outdated += outdated
                            }
                        } else {
                            // A channel that comes back soon, as one that was left out by mistake does, finds its window.
                            let outdated = try RestoredPresentation.outdated(
                                ofChannel: name, in: store, wallTime: wallTime, now: now)
                            found.withLock { $0.outdated += outdated }
                        }
                    } catch {
                        logger.error(
                            "channel.restore_failed",
                            ["channel.id": .public(name), "reason": .public(error.description)])
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        self = found.withLock { $0 }
        // A folder that was copied: of two channels with the same presentation, one begins anew.
        var ids: Set<String> = []
        for channel in channels {
            guard let id = restored[channel.id]?.presentation.id, !ids.insert(id).inserted else { continue }
            restored[channel.id] = nil
            logger.error(
                "channel.restore_failed",
                ["channel.id": .public(channel.id), "reason": .public("another channel has the same presentation")])
        }
    }
}
