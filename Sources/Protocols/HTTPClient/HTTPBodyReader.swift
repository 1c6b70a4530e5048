/// Where one is in the body of an answer: takes what is between its bytes out (RFC 9112 §6 and §7.1).
struct HTTPBodyReader: Sendable {
    enum State: Sendable, Equatable {
        /// So many bytes follow.
        case bytes(Int64)
        /// All that follows.
        case untilClose
        /// The size of a chunk, of which so many digits were read.
        case chunkSize(Int64, digits: Int)
        /// The rest of that line.
        case chunkLine(Int64)
        /// The bytes of a chunk.
        case chunk(Int64)
        /// The end of its line.
        case chunkEnd
        /// The fields behind the last chunk: how much of a line, and of all of them, was read.
        case trailer(Int, total: Int)
        case end
    }

    private(set) var state: State

    init(_ state: State) { self.state = state }

    var isAtEnd: Bool { state == .end }

    /// True when the end of the connection is the end of the body.
    var endsWithConnection: Bool { state == .untilClose }

    /// How many bytes are left, where the answer tells.
    var remaining: Int64? { if case .bytes(let count) = state { count } else { nil } }

    /// Copies the bytes of the body in `source` to the start of `target`. Answers how many were taken and how many were of
    /// the body.
    mutating func take(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(HTTPFault) -> (taken: Int, body: Int) {
        var (taken, body) = (0, 0)
        while taken < source.count, body < target.count, !isAtEnd {
            let room = min(source.count - taken, target.count - body)
            let count: Int
            switch state {
            case .untilClose: count = room
            case .bytes(let left), .chunk(let left): count = Int(min(Int64(room), left))
            default:
                try step(source[taken])
                taken += 1
                continue
            }
            UnsafeMutableRawBufferPointer(rebasing: target[body..<(body + count)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[taken..<(taken + count)]))
            (taken, body) = (taken + count, body + count)
            advance(Int64(count))
        }
        return (taken, body)
    }

    private mutating func advance(_ count: Int64) {
        switch state {
        case .bytes(let left): state = left > count ? .bytes(left - count) : .end
        case .chunk(let left): state = left > count ? .chunk(left - count) : .chunkEnd
        default: break
        }
    }

    private mutating func step(_ byte: UInt8) throws(HTTPFault) {
        switch state {
        case .chunkSize(let size, let digits):
            if let digit = Self.digit(byte) {
                guard digits < 12 else { throw .malformed }
                state = .chunkSize(size * 16 + digit, digits: digits + 1)
            } else {
                guard digits > 0, [0x0D, 0x0A, 0x3B, 0x20].contains(byte) else { throw .malformed }
                state = .chunkLine(size)
                try step(byte)
            }
        case .chunkLine(let size): if byte == 0x0A { state = size > 0 ? .chunk(size) : .trailer(0, total: 0) }
        case .chunkEnd:
            guard byte == 0x0D || byte == 0x0A else { throw .malformed }
            if byte == 0x0A { state = .chunkSize(0, digits: 0) }
        case .trailer(let count, let total):
            guard total < HTTPAnswerHead.limit else { throw .endlessHeaders }
            if byte == 0x0A {
                state = count == 0 ? .end : .trailer(0, total: total + 1)
            } else {
                state = .trailer(byte == 0x0D ? count : count + 1, total: total + 1)
            }
        case .bytes, .untilClose, .chunk, .end: break
        }
    }

    private static func digit(_ byte: UInt8) -> Int64? {
        switch byte {
        case 0x30...0x39: Int64(byte) - 0x30
        case 0x41...0x46: Int64(byte) - 0x41 + 10
        case 0x61...0x66: Int64(byte) - 0x61 + 10
        default: nil
        }
    }
}
