public import Bytes
public import Media
public import Time

/// An EXT-X-DATERANGE tag (§4.4.5.1). Several tags may describe one range, each adding to what the others say.
public struct DateRange: Sendable, Hashable {
    /// What a splice says about the range (§4.4.5.1.1): each carries a whole `splice_info_section` of SCTE 35.
    public enum Splice: Sendable, Hashable {
        /// SCTE35-OUT: the network is left.
        case out(ByteChunk)
        /// SCTE35-IN: the network is back.
        case `in`(ByteChunk)
        /// SCTE35-CMD: anything else.
        case command(ByteChunk)

        /// The section.
        public var section: ByteChunk {
            switch self {
            case .out(let section), .in(let section), .command(let section): section
            }
        }
    }

    /// ID, the same for all tags of a range.
    public var id: String
    /// START-DATE, which the first tag of a range has.
    public var start: WallTime?
    /// PLANNED-DURATION.
    public var plannedDuration: MediaTime?
    /// DURATION.
    public var duration: MediaTime?
    /// The SCTE35 attribute.
    public var splice: Splice?

    /// A tag with those attributes.
    public init(
        id: String, start: WallTime?, plannedDuration: MediaTime? = nil, duration: MediaTime? = nil,
        splice: Splice? = nil
    ) {
        self.id = id
        self.start = start
        self.plannedDuration = plannedDuration
        self.duration = duration
        self.splice = splice
    }

    func render(into text: inout PlaylistText) {
        text.append("#EXT-X-DATERANGE:ID=\"\(id)\"")
        if let start { text.append(",START-DATE=\"\(start.rfc3339)\"") }
        if let duration {
            text.append(",DURATION=")
            text.append(seconds: duration)
        }
        if let plannedDuration {
            text.append(",PLANNED-DURATION=")
            text.append(seconds: plannedDuration)
        }
        switch splice {
        case .out(let section): text.append(",SCTE35-OUT=", hexadecimal: section)
        case .in(let section): text.append(",SCTE35-IN=", hexadecimal: section)
        case .command(let section): text.append(",SCTE35-CMD=", hexadecimal: section)
        case nil: break
        }
        text.endLine()
    }
}
