/// What all parts of a reader of a transport stream add to.
struct TransportStreamOutput: Sendable {
    var events: [TransportStreamEvent] = []
    var health = TransportStreamHealth()
    /// How many bytes of unfinished PES packets there are over all streams.
    var gatheredBytes = 0
}
