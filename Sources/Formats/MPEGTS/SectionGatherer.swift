import Bytes

/// Puts sections together from the payloads of transport packets. ISO/IEC 13818-1 §2.4.4.
struct SectionGatherer: Sendable {
    /// The longest section: a `section_length` of 4093 and what stands before it.
    private static let longest = 4096
    private static let stuffing: UInt8 = 0xFF

    /// The section that has begun and is not whole.
    private var begun: [UInt8] = []
    /// False until a packet says where a section begins.
    private var isInside = false

    /// Takes the payload of a packet that follows the one before and appends to `sections` those that are whole now.
    /// Answers how many had to be given up.
    mutating func take(_ payload: UnsafeRawBufferPointer, starts: Bool, into sections: inout [ByteChunk]) -> Int {
        guard starts else {
            return isInside ? append(payload[...], into: &sections) : 0
        }
        // The pointer field counts the bytes that still belong to what was begun before.
        guard let pointer = payload.first, 1 + Int(pointer) <= payload.count else { return 1 + lose() }
        let boundary = 1 + Int(pointer)
        var dropped = 0
        if isInside, !begun.isEmpty {
            dropped += append(payload[1..<boundary], into: &sections)
            if !begun.isEmpty { dropped += 1 }
        }
        begun.removeAll(keepingCapacity: true)
        isInside = true
        return dropped + append(payload[boundary...], into: &sections)
    }

    /// Bytes were lost: what has begun will not be whole. Answers how many sections were given up.
    mutating func lose() -> Int {
        defer {
            begun.removeAll(keepingCapacity: true)
            isInside = false
        }
        return begun.isEmpty ? 0 : 1
    }

    private mutating func append(_ bytes: Slice<UnsafeRawBufferPointer>, into sections: inout [ByteChunk]) -> Int {
        var rest = bytes
        while let first = rest.first {
            // Behind the last section of a packet there is stuffing.
            if begun.isEmpty, first == Self.stuffing {
                isInside = false
                return 0
            }
            let missing = Self.length(of: begun.isEmpty ? Array(rest.prefix(3)) : begun).map { $0 - begun.count }
            let taken = rest.prefix(missing ?? 3 - begun.count)
            begun.append(contentsOf: taken)
            rest = rest.dropFirst(taken.count)
            guard let length = Self.length(of: begun) else { continue }
            guard length <= Self.longest else { return lose() }
            guard begun.count == length else { continue }
            sections.append(ByteChunk(begun))
            begun.removeAll(keepingCapacity: true)
        }
        return 0
    }

    /// How long the section will be, once its first three bytes are there.
    private static func length(of start: [UInt8]) -> Int? {
        guard start.count >= 3 else { return nil }
        return 3 + (Int(start[1] & 0x0F) << 8 | Int(start[2]))
    }
}
