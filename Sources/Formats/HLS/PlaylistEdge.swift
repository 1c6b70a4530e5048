/// How far a live playlist has got, and what that means for a request that wants to wait (§6.2.5.2).
public struct PlaylistEdge: Sendable, Hashable {
    /// The number of the last complete segment; one less than the first number while there is none.
    public let lastSegment: Int64
    /// How many parts of the segment after it are there.
    public let openParts: Int64
    /// How many parts make up the Advance Part Limit, nothing where no parts are offered.
    public let advancePartLimit: Int64?
    /// How many parts the last complete segment has.
    public let lastSegmentParts: Int64
    /// True when nothing will be added any more.
    public let isEnded: Bool

    /// An edge at that place.
    public init(lastSegment: Int64, lastSegmentParts: Int64, openParts: Int64, partTarget: Double?, isEnded: Bool) {
        self.lastSegment = lastSegment
        self.lastSegmentParts = lastSegmentParts
        self.openParts = openParts
        // "Three times the Part Target Duration if that is less than one second, else three parts" read as a count:
        // the parts that fit into three seconds, at least three.
        advancePartLimit = partTarget.map { $0 < 1 ? Int64((3 / $0).rounded(.up)) : 3 }
        self.isEnded = isEnded
    }

    /// What to do with a request.
    public enum Decision: Sendable, Equatable {
        /// Answer at once.
        case answer
        /// Hold the request until the playlist has grown.
        case wait
        /// Refuse with 400: the request lies too far ahead.
        case tooFarAhead
    }

    /// Whether the playlist reaches `awaited`, could soon, or could not.
    public func decide(_ awaited: AwaitedPosition) -> Decision {
        if isEnded || awaited.mediaSequence <= lastSegment {
            return isEnded || !isBeyondLastSegment(awaited) ? .answer : decideOpen(part: 0)
        }
        if awaited.mediaSequence > lastSegment + 2 { return .tooFarAhead }
        guard let part = awaited.part, let advancePartLimit else { return .wait }
        if awaited.mediaSequence == lastSegment + 1 { return decideOpen(part: part) }
        // A part of the segment after the open one: at least one part ahead of everything. The part is whatever a client
        // has sent, so nothing is added to it.
        return part >= advancePartLimit - 1 ? .tooFarAhead : .wait
    }

    /// A part number past the end of the last complete segment stands for the first part after it.
    private func isBeyondLastSegment(_ awaited: AwaitedPosition) -> Bool {
        guard let part = awaited.part, advancePartLimit != nil, awaited.mediaSequence == lastSegment else {
            return false
        }
        return part >= lastSegmentParts
    }

    private func decideOpen(part: Int64) -> Decision {
        if part < openParts { return .answer }
        return isTooFar(part: part) ? .tooFarAhead : .wait
    }

    private func isTooFar(part: Int64) -> Bool {
        guard let advancePartLimit else { return false }
        return part - openParts >= advancePartLimit
    }
}
