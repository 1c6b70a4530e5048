/// A `ByteChunk` that comes in pieces, put together once in the memory the chunk will keep.
///
/// The memory grows with what was appended, up to `capacity` and never beyond: a long announced length costs nothing
/// until its bytes arrive, and a chunk that was filled to its capacity holds exactly that many bytes.
/// Builders are values: a copy goes its own way.
public struct ByteChunkBuilder: Sendable {
    private static let firstAllocation = 16 << 10

    private var storage: ByteChunk.Storage?
    private var allocated = 0

    /// How many bytes the chunk will have at most.
    public let capacity: Int

    /// How many bytes were appended.
    public private(set) var count = 0

    /// An empty builder of a chunk of up to `capacity` bytes. It holds no memory yet.
    public init(capacity: Int) {
        precondition(capacity >= 0, "a capacity is not negative")
        self.capacity = capacity
    }

    /// True when as many bytes were appended as the chunk may have.
    public var isFull: Bool { count == capacity }

    /// Appends a copy of `bytes`, which must fit into what is left of the capacity.
    public mutating func append(_ bytes: Span<UInt8>) {
        precondition(bytes.count <= capacity - count, "the bytes fit into the capacity")
        guard !bytes.isEmpty else { return }
        let isAlone = isKnownUniquelyReferenced(&storage)
        if !isAlone || count + bytes.count > allocated { makeRoom(for: count + bytes.count) }
        // The memory is read through the property: a reference of its own would be counted for every append.
        guard let base = storage?.base else { return }
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(start: base + count, count: source.count).copyMemory(from: source)
        }
        count += bytes.count
    }

    /// The bytes as a chunk.
    public consuming func finish() -> ByteChunk {
        guard let storage else { return ByteChunk() }
        return ByteChunk(storage: storage, range: 0..<count)
    }

    /// Moves the first `count` bytes to memory with room for `needed` that nobody else can see.
    private mutating func makeRoom(for needed: Int) {
        allocated = max(needed, min(capacity, max(2 * allocated, Self.firstAllocation)))
        let larger = ByteChunk.Storage(count: allocated)
        if let storage { larger.base.copyMemory(from: storage.base, byteCount: count) }
        storage = larger
    }
}
