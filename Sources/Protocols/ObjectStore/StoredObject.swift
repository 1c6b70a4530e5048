internal import Glibc
public import Bytes

extension StoreError {
    /// What `errno` says about `key`.
    init(errno code: Int32, _ key: ObjectKey) {
        self =
            switch code {
            case ENOENT, ENOTDIR: .missing(key)
            case EEXIST: .exists(key)
            case ENOSPC, EDQUOT: .full
            default: .failed(code)
            }
    }

    static func text(of code: Int32) -> String { String(cString: strerror(code)) }
}

/// An object that can be read. Its file stays open, and readable even when the object is removed, as long as this is.
public final class StoredObject: Sendable {
    /// The file, for the kernel to send from.
    public let descriptor: Int32
    /// How many bytes there are.
    public let length: Int

    init(descriptor: Int32, length: Int) {
        self.descriptor = descriptor
        self.length = length
    }

    deinit { close(descriptor) }

    /// Sees to it that the bytes of `range` are in memory, in the kernel's.
    public func load(_ range: Range<Int>) throws(StoreError) {
        let piece = 1 << 18
        for start in stride(from: range.lowerBound, to: range.upperBound, by: piece) {
            _ = try read(start..<min(start + piece, range.upperBound))
        }
    }

    /// The bytes of `range`, which must lie within the object.
    public func read(_ range: Range<Int>) throws(StoreError) -> ByteChunk {
        precondition(range.lowerBound >= 0 && range.upperBound <= length, "the range lies within the object")
        var failure: StoreError?
        let chunk = ByteChunk(count: range.count) { target in
            var done = 0
            while done < range.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
                let count = pread(descriptor, rest.baseAddress, rest.count, off_t(range.lowerBound + done))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    failure = .failed(count < 0 ? errno : EIO)
                    return
                }
                done += count
            }
        }
        if let failure { throw failure }
        return chunk
    }
}
