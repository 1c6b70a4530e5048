/// Where one is in a body of chunks (RFC 9112 §7.1).
struct ChunkedBody {
    private enum State {
        case size(Int, digits: Int)
        case sizeEnd(Int)
        case data(Int)
        case dataEnd
        /// A line of the trailer section, of which so many bytes were seen.
        case trailer(Int)
        case end
    }

    private var state = State.size(0, digits: 0)

    /// How many bytes of data come next.
    var remaining: Int { if case .data(let count) = state { count } else { 0 } }

    var isAtEnd: Bool { if case .end = state { true } else { false } }

    /// Moves over `count` bytes of data.
    mutating func skip(_ count: Int) {
        guard case .data(let remaining) = state else { return }
        state = count < remaining ? .data(remaining - count) : .dataEnd
    }

    /// Moves over one byte of what is between the data.
    mutating func read(_ byte: UInt8) throws(MalformedResponse) {
        switch state {
        case .size(let size, let digits):
            if let digit = Self.digit(byte) {
                guard digits < 12 else { throw .chunk }
                state = .size(size * 16 + digit, digits: digits + 1)
            } else {
                guard digits > 0, byte == 0x0D || byte == 0x0A || byte == 0x3B || byte == 0x20 else { throw .chunk }
                state = .sizeEnd(size)
                try read(byte)
            }
        case .sizeEnd(let size): if byte == 0x0A { state = size > 0 ? .data(size) : .trailer(0) }
        case .dataEnd:
            guard byte == 0x0D || byte == 0x0A else { throw .chunk }
            if byte == 0x0A { state = .size(0, digits: 0) }
        case .trailer(let count):
            if byte == 0x0A { state = count == 0 ? .end : .trailer(0) }
            if byte != 0x0A, byte != 0x0D { state = .trailer(count + 1) }
        case .data, .end: throw .excess
        }
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46: Int(byte) - 0x41 + 10
        case 0x61...0x66: Int(byte) - 0x61 + 10
        default: nil
        }
    }
}
