/// Immutable bytes, shared by reference and sliced without copying.
///
/// A chunk is what crosses threads on the media plane: the payload of a sample, a published part. Its memory has
/// one fixed address for as long as any slice of it lives, so it can be handed to the kernel or to a C library.
public struct ByteChunk: Sendable {
    /// Memory that is written while it has one owner and only read once it is shared: that is why it may
    /// be `Sendable` without a lock.
    final class Storage: @unchecked Sendable {
        let base: UnsafeMutableRawPointer

        init(count: Int) { base = .allocate(byteCount: max(count, 1), alignment: 16) }

        deinit { base.deallocate() }
    }

    private let storage: Storage
    private let range: Range<Int>

    /// A chunk without bytes.
    public init() { self.init([]) }

    /// A copy of `bytes`.
    public init(_ bytes: [UInt8]) { self.init(copying: bytes.span) }

    /// A copy of `bytes`.
    public init(copying bytes: Span<UInt8>) {
        self.init(count: bytes.count) { target in
            bytes.withUnsafeBytes { target.copyMemory(from: $0) }
        }
    }

    /// A chunk of exactly `count` bytes that `fill` writes. Bytes that it leaves alone are undefined.
    public init(count: Int, filling fill: (UnsafeMutableRawBufferPointer) -> Void) {
        storage = Storage(count: count)
        range = 0..<count
        fill(UnsafeMutableRawBufferPointer(start: storage.base, count: count))
    }

    /// The bytes of `chunks` one after the other, in memory of their own.
    public init(joining chunks: [ByteChunk]) {
        self.init(count: chunks.reduce(0) { $0 + $1.count }) { target in
            var offset = 0
            for chunk in chunks {
                let rest = UnsafeMutableRawBufferPointer(rebasing: target[offset...])
                chunk.withUnsafeBytes { rest.copyMemory(from: $0) }
                offset += chunk.count
            }
        }
    }

    init(storage: Storage, range: Range<Int>) {
        self.storage = storage
        self.range = range
    }

    /// How many bytes there are.
    public var count: Int { range.count }

    /// True when there are none.
    public var isEmpty: Bool { range.isEmpty }

    /// The bytes, borrowed.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let bytes = UnsafeRawBufferPointer(start: storage.base + range.lowerBound, count: range.count)
            return _overrideLifetime(Span<UInt8>(_unsafeBytes: bytes), borrowing: self)
        }
    }

    /// Calls `body` with the bytes' fixed address. The pointer stays valid while this chunk, or a slice, is retained.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: storage.base + range.lowerBound, count: range.count))
    }

    /// The part of the chunk in `bounds`, counted from its start and sharing its memory.
    public subscript(bounds: Range<Int>) -> ByteChunk {
        precondition(bounds.lowerBound >= 0 && bounds.upperBound <= count, "a slice lies within its chunk")
        return ByteChunk(
            storage: storage,
            range: (range.lowerBound + bounds.lowerBound)..<(range.lowerBound + bounds.upperBound))
    }

    /// A copy of the bytes as an array.
    public var array: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}

extension ByteChunk: Hashable {
    /// Two chunks are equal when their bytes are.
    public static func == (left: ByteChunk, right: ByteChunk) -> Bool {
        left.withUnsafeBytes { a in right.withUnsafeBytes { b in a.elementsEqual(b) } }
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
