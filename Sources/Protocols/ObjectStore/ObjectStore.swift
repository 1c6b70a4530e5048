public import Bytes

/// Where the bytes of segments stay: written once, in pieces where they come in pieces, and read by many.
///
/// All calls block for as long as the disk does: they belong on threads of their own, never on a publisher's or on one
/// that answers viewers.
public protocol ObjectStore: Sendable {
    /// Begins an object; one of that key must not be there.
    func create(_ key: ObjectKey) throws(StoreError) -> any ObjectWriter
    /// Goes on with an object behind its first `length` bytes; what follows them is given up.
    func resume(_ key: ObjectKey, at length: Int) throws(StoreError) -> any ObjectWriter
    /// Opens an object to be read.
    func open(_ key: ObjectKey) throws(StoreError) -> StoredObject
    /// The last components of all keys that lie directly below `key`, in order; none when there are none.
    func names(below key: ObjectKey) throws(StoreError) -> [String]
    /// Removes an object, or all that lie below `key`. Nothing happens where there is nothing.
    func remove(_ key: ObjectKey) throws(StoreError)
}

/// An object that is being written.
public protocol ObjectWriter: AnyObject, Sendable {
    /// How many bytes it has.
    var length: Int { get }
    /// Appends all of `chunks`, or, when that fails, nothing.
    func append(_ chunks: [ByteChunk]) throws(StoreError)
}

/// Why a store could not do what it was asked to.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no such object.
    case missing(ObjectKey)
    /// There is an object of that key.
    case exists(ObjectKey)
    /// There is no room left (ENOSPC, EDQUOT).
    case full
    /// The operating system's error of that number.
    case failed(Int32)

    /// What went wrong, in words.
    public var description: String {
        switch self {
        case .missing(let key): "\(key) is not there"
        case .exists(let key): "\(key) is there already"
        case .full: "no space is left"
        case .failed(let code): Self.text(of: code)
        }
    }
}
