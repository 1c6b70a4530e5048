internal import Bytes
internal import Glibc
internal import Locks

/// Objects as files below a folder of the local disk.
///
/// What was appended outlives the process at once, and the machine as soon as the kernel has written it, some seconds
/// later: nothing waits for the disk itself.
public final class LocalObjectStore: ObjectStore {
    private let folder: String

    /// A store below `folder`, which is made when it is needed.
    public init(folder: String) { self.folder = folder }

    /// Begins an object, and makes the folders that it lies in.
    public func create(_ key: ObjectKey) throws(StoreError) -> any ObjectWriter {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        do throws(StoreError) { return LocalObjectWriter(try descriptor(of: key, flags), length: 0) } catch {
            guard case .missing = error else { throw error }
        }
        try makeFolders(above: key)
        return LocalObjectWriter(try descriptor(of: key, flags), length: 0)
    }

    /// Goes on with an object behind its first `length` bytes.
    public func resume(_ key: ObjectKey, at length: Int) throws(StoreError) -> any ObjectWriter {
        let file = try descriptor(of: key, O_WRONLY | O_CLOEXEC)
        let writer = LocalObjectWriter(file, length: length)
        var status = stat()
        guard fstat(file, &status) == 0 else { throw StoreError(errno: errno, key) }
        guard Int(status.st_size) >= length else { throw .failed(EINVAL) }
        guard ftruncate(file, off_t(length)) == 0 else { throw StoreError(errno: errno, key) }
        return writer
    }

    /// Opens an object to be read.
    public func open(_ key: ObjectKey) throws(StoreError) -> StoredObject {
        let file = try descriptor(of: key, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard fstat(file, &status) == 0 else {
            defer { close(file) }
            throw StoreError(errno: errno, key)
        }
        return StoredObject(descriptor: file, length: Int(status.st_size))
    }

    /// The names directly below `key`, in order.
    public func names(below key: ObjectKey) throws(StoreError) -> [String] {
        guard let stream = opendir(path(of: key)) else {
            let error = StoreError(errno: errno, key)
            if case .missing = error { return [] }
            throw error
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if ObjectKey(name) != nil { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes an object, or a folder with all that is in it.
    public func remove(_ key: ObjectKey) throws(StoreError) {
        if unlink(path(of: key)) == 0 { return }
        switch errno {
        case ENOENT, ENOTDIR: return
        case EISDIR, EPERM: break
        default: throw StoreError(errno: errno, key)
        }
        for name in try names(below: key) {
            if let inner = key.appending(name) { try remove(inner) }
        }
        guard rmdir(path(of: key)) == 0 || errno == ENOENT else { throw StoreError(errno: errno, key) }
    }

    private func path(of key: ObjectKey) -> String { "\(folder)/\(key.path)" }

    private func descriptor(of key: ObjectKey, _ flags: Int32) throws(StoreError) -> Int32 {
        let file = Glibc.open(path(of: key), flags, 0o644)
        guard file >= 0 else { throw StoreError(errno: errno, key) }
        return file
    }

    private func makeFolders(above key: ObjectKey) throws(StoreError) {
        let path = Array(path(of: key).utf8)
        for end in path.indices where end > 0 && path[end] == UInt8(ascii: "/") {
            let folder = String(decoding: path[..<end], as: UTF8.self)
            guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw StoreError(errno: errno, key) }
        }
    }
}

private final class LocalObjectWriter: ObjectWriter {
    private let descriptor: Int32
    private let end: Mutex<Int>

    init(_ descriptor: Int32, length: Int) {
        self.descriptor = descriptor
        end = Mutex(length)
    }

    var length: Int { end.withLock { $0 } }

    deinit { close(descriptor) }

    func append(_ chunks: [ByteChunk]) throws(StoreError) {
        try end.withLock { length throws(StoreError) in
            var end = length
            for chunk in chunks {
                let code = chunk.withUnsafeBytes { Self.write($0, to: descriptor, at: &end) }
                guard code == 0 else {
                    // A disk that is full has taken a piece, as often as not.
                    _ = ftruncate(descriptor, off_t(length))
                    throw code == ENOSPC || code == EDQUOT ? .full : .failed(code)
                }
            }
            length = end
        }
    }

    /// Writes `bytes` at `offset` and moves that on. Returns an error's number, 0 for none.
    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: inout Int) -> Int32 {
        var rest = bytes
        while !rest.isEmpty {
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            offset += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return 0
    }
}
