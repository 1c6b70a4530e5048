/// How far a playlist must reach before a request for it is answered: `_HLS_msn` and `_HLS_part` (§6.2.5.2).
public struct AwaitedPosition: Sendable, Hashable {
    /// `_HLS_msn`.
    public let mediaSequence: Int64
    /// `_HLS_part`.
    public let part: Int64?

    /// That segment, or that part of it.
    public init(mediaSequence: Int64, part: Int64?) {
        self.mediaSequence = mediaSequence
        self.part = part
    }
}

/// What a playlist delta update may leave out: `_HLS_skip` (§6.2.5.1).
public enum SkipDirective: String, Sendable, Hashable {
    /// Older segments.
    case segments = "YES"
    /// Older segments, and date ranges that the client has seen for long.
    case segmentsAndDateRanges = "v2"
}

/// What a client asks of a media playlist with its delivery directives (§6.2.5).
public struct DeliveryDirectives: Sendable, Hashable {
    /// What the answer waits for, if anything.
    public let awaited: AwaitedPosition?
    /// What the answer may leave out, if anything.
    public let skip: SkipDirective?

    /// No directives: the whole playlist, as it is.
    public static let none = DeliveryDirectives(awaited: nil, skip: nil)

    /// A request for a playlist that reaches `awaited`.
    public init(awaited: AwaitedPosition?, skip: SkipDirective? = nil) {
        self.awaited = awaited
        self.skip = skip
    }

    /// Why a query is refused.
    public enum Fault: Error, Equatable, Sendable {
        /// A value is not a decimal integer.
        case malformedInteger
        /// `_HLS_part` came without `_HLS_msn` (a MUST of §6.2.5.2).
        case partWithoutMediaSequence
        /// A directive stands in the query more than once.
        case repeated
    }

    /// Reads the values of `_HLS_msn`, `_HLS_part` and `_HLS_skip`. A value of the last that is not known asks for
    /// something that does not exist yet, and so for nothing.
    public static func parse(
        mediaSequence: String?, part: String?, skip: String?
    ) throws(Fault) -> DeliveryDirectives {
        let skip = skip.flatMap(SkipDirective.init)
        guard let mediaSequence else {
            if part != nil { throw .partWithoutMediaSequence }
            return DeliveryDirectives(awaited: nil, skip: skip)
        }
        let number = try integer(mediaSequence)
        let awaited = AwaitedPosition(mediaSequence: number, part: try part.map(integer))
        return DeliveryDirectives(awaited: awaited, skip: skip)
    }

    private static func integer(_ text: String) throws(Fault) -> Int64 {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(text) else {
            throw .malformedInteger
        }
        return value
    }
}
