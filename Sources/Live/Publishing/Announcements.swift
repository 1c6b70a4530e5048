internal import Glibc
internal import Locks
internal import Media
internal import Packaging

/// How far each channel has announced what it publishes, in shared memory: a process that is killed leaves it to the next one,
/// and no disk that is full, broken or hangs has a part in it. A machine that goes down takes it along.
public final class Announcements: Sendable {
    private let prefix: String
    private let pages = Mutex<[String: Page]>([:])

    /// What servers whose data are in `folder` announce; nothing when there is no such folder. The memory is made of files in
    /// the service manager's directory (systemd.exec(5), RUNTIME_DIRECTORY), or else where POSIX shared memory is.
    public init?(folder: String) {
        var status = stat()
        guard stat(folder, &status) == 0 else { return nil }
        let directory = getenv("RUNTIME_DIRECTORY").map { String(cString: $0) } ?? "/dev/shm"
        prefix = "\(directory)/headwater-\(status.st_dev)-\(status.st_ino)-"
    }

    /// How far the presentation of that id has announced its media; nothing when nobody knows.
    func counts(of presentation: String, channel: String) -> AnnouncedCounts? {
        page(of: channel)?.counts(of: presentation)
    }

    /// Takes note of what is about to be announced.
    func note(_ snapshot: PresentationSnapshot, of channel: String) {
        page(of: channel)?.note(snapshot.announced, of: snapshot.id)
    }

    /// Leaves nothing behind: all that was announced is in the store.
    public func forget() {
        let channels = pages.withLock { pages in
            defer { pages = [:] }
            return Array(pages.keys)
        }
        for channel in channels { unlink(prefix + channel) }
    }

    private func page(of channel: String) -> Page? {
        pages.withLock { [prefix] pages in
            if let known = pages[channel] { return known }
            let page = Page(prefix + channel)
            pages[channel] = page
            return page
        }
    }
}

/// The shared memory of a channel, as 64-bit words: which presentation it is about (a hash of its id, 0 for none), the number
/// of the next segment, how many discontinuities there were, where the media end in microseconds, how many renditions there
/// are, and the number of the next part of each.
private final class Page: Sendable {
    /// `@unchecked Sendable`: the memory stays where it is, and is only touched under the lock.
    private struct Words: @unchecked Sendable {
        let start: UnsafeMutablePointer<Int64>
    }

    private static let renditionLimit = 16
    private static let size = (5 + renditionLimit) * MemoryLayout<Int64>.stride

    private let words: Mutex<Words>

    /// Nothing when there can be no such file.
    init?(_ path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // Zeroes are added where it is new.
        guard ftruncate(descriptor, off_t(Self.size)) == 0,
            let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else { return nil }
        words = Mutex(Words(start: memory.assumingMemoryBound(to: Int64.self)))
    }

    deinit { words.withLock { _ = munmap($0.start, Self.size) } }

    func counts(of presentation: String) -> AnnouncedCounts? {
        words.withLock { words in
            let words = UnsafeBufferPointer(start: words.start, count: Self.size / MemoryLayout<Int64>.stride)
            // Another server may have left anything here.
            guard words[0] == Self.hash(presentation), words[1...4].allSatisfy({ (0..<1 << 48).contains($0) }),
                words[4] <= Self.renditionLimit
            else { return nil }
            let parts = words[5..<5 + Int(words[4])]
            guard parts.allSatisfy({ (0..<1 << 48).contains($0) }) else { return nil }
            return AnnouncedCounts(
                nextSegment: words[1], nextParts: Array(parts), discontinuities: words[2],
                edge: MediaTime(words[3], Timescale(1_000_000)))
        }
    }

    func note(_ counts: AnnouncedCounts, of presentation: String) {
        let parts = counts.nextParts.prefix(Self.renditionLimit)
        let edge = counts.edge.ticks(in: Timescale(1_000_000))
        words.withLock { words in
            let hash = Self.hash(presentation)
            // A process may die between any two of these: counts of one presentation only grow, and those of two never mix.
            if words.start[0] != hash { words.start[0] = 0 }
            words.start[1] = counts.nextSegment
            words.start[2] = counts.discontinuities
            words.start[3] = edge
            words.start[4] = Int64(parts.count)
            for (index, number) in parts.enumerated() { words.start[5 + index] = number }
            words.start[0] = hash
        }
    }

    /// FNV-1a; never 0.
    private static func hash(_ text: String) -> Int64 {
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Int64(bitPattern: hash | 1)
    }
}
