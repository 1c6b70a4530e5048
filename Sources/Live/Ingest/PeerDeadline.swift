internal import RTMP
internal import Time

/// How long a peer may keep the server waiting: it has ten seconds to begin to publish, and ten to end a message that it
/// has begun. Between its messages a publisher may be silent for as long as it likes.
struct PeerDeadline {
    private static let patience = Duration.seconds(10)

    /// Since when something is due; nothing between two messages of a publisher.
    private var waitingSince: Instant?
    private var isPublishing = false
    private var receivedMessages: UInt64 = 0

    /// For a peer that connected at that instant.
    init(connected: Instant) { waitingSince = connected }

    /// Takes note of what the session has received at `now`.
    mutating func note(_ session: borrowing RTMPServerSession, at now: Instant) {
        defer { (isPublishing, receivedMessages) = (session.isPublishing, session.receivedMessages) }
        if !session.isPublishing {
            if isPublishing { waitingSince = now }
        } else if !session.isInsideMessage {
            waitingSince = nil
        } else if waitingSince == nil || session.receivedMessages != receivedMessages {
            waitingSince = now
        }
    }

    /// True when the peer has kept the server waiting for too long.
    func hasPassed(at now: Instant) -> Bool {
        waitingSince.map { now - $0 >= Self.patience } ?? false
    }
}
