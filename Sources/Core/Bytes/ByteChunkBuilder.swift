/// A `ByteChunk` that comes in pieces, put together once in the memory the chunk will keep.
///
/// The memory grows with what was appended, up to `capacity` and never beyond: a long announced length costs nothing
/// until its bytes arrive, and a chunk that was filled to its capacity holds exactly that many bytes.
/// Builders are values: a copy goes its own way.
public struct ByteChunkBuilder: Sendable {
    private static let leastAllocation = 16 << 10

    private var storage: ByteChunk.Storage?
    private var allocated = 0
    /// How much memory is taken when the first bytes come.
    private let firstAllocation: Int

    /// How many bytes the chunk will have at most.
    public let capacity: Int

    /// How many bytes were appended.
    public private(set) var count = 0

    /// An empty builder of a chunk of up to `capacity` bytes. It holds no memory yet. `expected` is how many bytes will
    /// probably come: memory for so many is taken at once.
    public init(capacity: Int, expecting expected: Int = 0) {
        precondition(capacity >= 0, "a capacity is not negative")
        self.capacity = capacity
        firstAllocation = max(expected, Self.leastAllocation)
    }

    /// True when as many bytes were appended as the chunk may have.
    public var isFull: Bool { count == capacity }

    /// Appends a copy of `bytes`, which must fit into what is left of the capacity.
    public mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { source in
            append(count: source.count) { $0.copyMemory(from: source) }
        }
    }

    /// Appends `added` bytes that `fill` writes; they must fit into what is left of the capacity. Bytes that it leaves
    /// alone are undefined.
    @inlinable
    public mutating func append(count added: Int, filling fill: (UnsafeMutableRawBufferPointer) -> Void) {
        if let room = makeRoom(forMore: added) { fill(room) }
    }

    /// Counts `added` bytes more, and answers where they are to be written; nothing when there are none.
    @usableFromInline
    mutating func makeRoom(forMore added: Int) -> UnsafeMutableRawBufferPointer? {
        precondition((0...(capacity - count)).contains(added), "the bytes fit into the capacity")
        guard added > 0 else { return nil }
        let isAlone = isKnownUniquelyReferenced(&storage)
        if !isAlone || count + added > allocated { makeRoom(for: count + added) }
        // The memory is read through the property: a reference of its own would be counted for every append.
        guard let base = storage?.base else { return nil }
        defer { count += added }
        return UnsafeMutableRawBufferPointer(start: base + count, count: added)
    }

    /// The bytes as a chunk.
    public consuming func finish() -> ByteChunk {
        guard let storage else { return ByteChunk() }
        return ByteChunk(storage: storage, range: 0..<count)
    }

    /// Moves the first `count` bytes to memory with room for `needed` that nobody else can see.
    private mutating func makeRoom(for needed: Int) {
        allocated = max(needed, min(capacity, max(2 * allocated, firstAllocation)))
        let larger = ByteChunk.Storage(count: allocated)
        if let storage { larger.base.copyMemory(from: storage.base, byteCount: count) }
        storage = larger
    }
}
