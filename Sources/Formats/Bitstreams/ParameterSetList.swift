import Bytes

/// The parameter sets of one kind, at most one of an id, in the order in which their ids came.
struct ParameterSetList: Sendable, Hashable {
    private struct Entry: Sendable, Hashable {
        let id: UInt32
        let unit: ByteChunk
    }

    private var entries: [Entry] = []
    /// How many bytes they have.
    private(set) var size = 0

    /// The sets, each with its NAL unit header.
    var units: [ByteChunk] { entries.map(\.unit) }

    /// True when exactly that set is there.
    func contains(_ unit: Span<UInt8>) -> Bool {
        unit.withUnsafeBytes { bytes in
            entries.contains { entry in
                entry.unit.count == bytes.count && entry.unit.withUnsafeBytes { $0.elementsEqual(bytes) }
            }
        }
    }

    /// Puts a copy of `unit` in the place of the set with its id, or behind the others. A copy, or the set would keep the
    /// whole access unit that it came in.
    mutating func put(_ unit: Span<UInt8>, id: UInt32) {
        let entry = Entry(id: id, unit: ByteChunk(copying: unit))
        size += unit.count
        if let index = entries.firstIndex(where: { $0.id == id }) {
            size -= entries[index].unit.count
            entries[index] = entry
        } else {
            entries.append(entry)
        }
    }
}
