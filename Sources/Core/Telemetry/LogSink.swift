internal import Glibc
internal import Locks

/// Where finished log lines go.
public protocol LogSink: Sendable {
    /// Takes one line, which ends with a line feed. Called from any thread, often from several at once.
    func write(_ line: [UInt8])
}

/// Standard error: every line in one `write(2)`, and no lock, so that one writer never waits for another.
///
/// Nobody waits long for a reader that stopped reading: a line that cannot be written within a tenth of a second is
/// dropped and counted, and until the reader goes on further lines are dropped at once.
public final class StandardErrorSink: LogSink {
    private let descriptor: CInt
    private let isStalled = Atomic(false)
    private let dropped = Atomic(0)
    private static let patience: CInt = 100

    /// A sink that writes to standard error.
    public convenience init() { self.init(descriptor: STDERR_FILENO) }

    /// A sink that writes to an open file descriptor, which stays the caller's to close.
    public init(descriptor: CInt) { self.descriptor = descriptor }

    /// How many lines were lost because nobody read them.
    public var droppedLineCount: Int { dropped.load(ordering: .relaxed) }

    /// Writes `line`, or drops it when the reader has stopped reading.
    public func write(_ line: [UInt8]) {
        var rest = line[...]
        while !rest.isEmpty {
            guard isWritable() else {
                dropped.wrappingAdd(1, ordering: .relaxed)
                return
            }
            let (count, code) = rest.withUnsafeBytes { bytes in
                (Glibc.write(descriptor, bytes.baseAddress, bytes.count), errno)
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if code != EINTR && code != EAGAIN {
                dropped.wrappingAdd(1, ordering: .relaxed)
                return
            }
        }
    }

    private func isWritable() -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var result: CInt
        repeat {
            result = poll(&request, 1, isStalled.load(ordering: .relaxed) ? 0 : Self.patience)
        } while result < 0 && errno == EINTR
        isStalled.store(result == 0, ordering: .relaxed)
        return result > 0
    }
}
