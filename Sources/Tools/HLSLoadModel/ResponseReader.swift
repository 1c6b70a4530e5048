/// Finds the ends of one answer to an HTTP/1.1 request in the bytes of its connection (RFC 9112).
///
/// It owns no socket. Bodies that nobody reads are not kept, and `discardable` says how much of one may be thrown away
/// without having been looked at.
public struct ResponseReader: Sendable {
    /// Where the body of a whole answer lies.
    public enum Body: Equatable, Sendable {
        /// In this range of what was handed over last.
        case inInput(Range<Int>)
        /// In `collected`.
        case collected
    }

    private enum State: Sendable {
        case head
        case length(Int)
        case chunks
        case untilClose
        case end
    }

    /// Longer heads are refused.
    public static let longestHead = 32 << 10
    /// Longer bodies are not kept: that of the longest playlist that is read.
    public static let longestBody = 16 << 20

    private let keepsBody: Bool
    private var state = State.head
    private var chunks = ChunkedBody()
    private var startOfHead: [UInt8] = []
    /// The head, once it is there.
    public private(set) var head: ResponseHead?
    /// The body, as far as it is kept and came in pieces.
    public private(set) var collected: [UInt8] = []

    /// A reader for the next answer.
    public init(keepsBody: Bool) { self.keepsBody = keepsBody }

    /// How many bytes of body come next that may be thrown away: `skip` then says how many were.
    public var discardable: Int {
        guard !keepsBody else { return 0 }
        return switch state {
        case .length(let remaining): remaining
        case .chunks: chunks.remaining
        case .untilClose: .max
        case .head, .end: 0
        }
    }

    /// True when the end of the connection is the end of the answer.
    public var endsWithConnection: Bool { if case .untilClose = state { true } else { false } }

    /// Takes the next bytes. Returns where the body is once the answer is whole.
    public mutating func receive(_ bytes: Span<UInt8>) throws(MalformedResponse) -> Body? {
        guard case .head = state else { return try receiveBody(bytes, offset: nil) }
        guard startOfHead.isEmpty, let end = Self.endOfHead(bytes) else { return try receiveHead(bytes) }
        let head = try ResponseHead(bytes.extracting(0..<end))
        let rest = bytes.extracting(end..<bytes.count)
        if head.isInterim { return try receiveHead(rest) }
        begin(head)
        return try receiveBody(rest, offset: end)
    }

    /// Takes note that `count` bytes of body were thrown away. Returns where the body is once the answer is whole.
    public mutating func skip(_ count: Int) -> Body? {
        switch state {
        case .length(let remaining):
            state = count < remaining ? .length(remaining - count) : .end
            return count < remaining ? nil : .collected
        case .chunks: chunks.skip(count)
        case .head, .untilClose, .end: break
        }
        return nil
    }

    /// A head that comes in pieces, or behind an interim one.
    private mutating func receiveHead(_ bytes: Span<UInt8>) throws(MalformedResponse) -> Body? {
        bytes.withUnsafeBytes { startOfHead.append(contentsOf: $0) }
        while let end = Self.endOfHead(startOfHead.span) {
            let whole = startOfHead
            startOfHead = []
            let head = try ResponseHead(whole.span.extracting(0..<end))
            if head.isInterim {
                startOfHead = Array(whole[end...])
            } else {
                begin(head)
                return try receiveBody(whole.span.extracting(end..<whole.count), offset: nil)
            }
        }
        guard startOfHead.count <= Self.longestHead else { throw .head }
        return nil
    }

    private mutating func begin(_ head: ResponseHead) {
        self.head = head
        switch head.framing {
        case .length(let count): state = .length(count)
        case .chunked: state = .chunks
        case .untilClose: state = .untilClose
        }
    }

    /// Takes bytes of the body, which stand at `offset` in what was handed over.
    private mutating func receiveBody(_ bytes: Span<UInt8>, offset: Int?) throws(MalformedResponse) -> Body? {
        switch state {
        case .length(let remaining):
            guard bytes.count <= remaining else { throw .excess }
            state = bytes.count == remaining ? .end : .length(remaining - bytes.count)
            if bytes.count == remaining, let offset { return .inInput(offset..<(offset + remaining)) }
            try keep(bytes)
            return bytes.count == remaining ? .collected : nil
        case .chunks: return try receiveChunks(bytes)
        case .untilClose:
            try keep(bytes)
            return nil
        case .head, .end: throw .excess
        }
    }

    private mutating func receiveChunks(_ bytes: Span<UInt8>) throws(MalformedResponse) -> Body? {
        var index = 0
        while index < bytes.count {
            let count = min(chunks.remaining, bytes.count - index)
            if count > 0 {
                try keep(bytes.extracting(index..<(index + count)))
                chunks.skip(count)
                index += count
            } else {
                try chunks.read(bytes[index])
                index += 1
            }
            if chunks.isAtEnd {
                guard index == bytes.count else { throw .excess }
                state = .end
                return .collected
            }
        }
        return nil
    }

    private mutating func keep(_ bytes: Span<UInt8>) throws(MalformedResponse) {
        guard keepsBody else { return }
        guard collected.count + bytes.count <= Self.longestBody else { throw .excess }
        bytes.withUnsafeBytes { collected.append(contentsOf: $0) }
    }

    /// Where the first head in `bytes` ends, behind its empty line.
    private static func endOfHead(_ bytes: Span<UInt8>) -> Int? {
        var index = 3
        while index < bytes.count {
            // Most bytes are none of an empty line's, and then the next three positions are none of its ends either.
            switch bytes[index] {
            case 0x0A:
                if bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A, bytes[index - 3] == 0x0D { return index + 1 }
                index += 1
            case 0x0D: index += 1
            default: index += 4
            }
        }
        return nil
    }
}
