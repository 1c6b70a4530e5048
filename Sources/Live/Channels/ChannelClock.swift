internal import Runtime

/// The thread that lets time pass for channels while nothing comes in.
public final class ChannelClock: Sendable {
    /// How often it looks: a missing part is published at most so much late.
    private static let pace = Duration.milliseconds(50)

    private let isStopping = Monitor(false)
    private let thread: NamedThread

    /// Starts the thread for `channels`.
    public init(_ channels: [Channel]) {
        thread = NamedThread("channel-clock") { [isStopping] in
            while !isStopping.wait(for: Self.pace, until: { $0 }) {
                for channel in channels { channel.tick() }
            }
        }
    }

    /// Ends the thread, and waits for that.
    public func stop() {
        isStopping.signal { $0 = true }
        thread.join()
    }
}
