public import Bytes
internal import CMicroHTTPD
internal import Glibc

/// A response, built once and sent to any number of clients.
///
/// It wraps one `MHD_Response`: queueing it to a connection takes a reference and copies nothing, and its bytes go from
/// the chunks straight to the kernel. The server adds `Date`, `Content-Length` and, where it will close,
/// `Connection: close`. A `HEAD` gets the same fields and no body.
///
/// `@unchecked Sendable`: every stored property is a constant, and the `MHD_Response` behind `handle` is only changed in
/// `init`, before it is shared; afterwards libmicrohttpd changes nothing but its reference count, under its own lock.
public final class HTTPResponse: @unchecked Sendable {
    /// What follows the fields.
    public enum Body: Sendable {
        /// Nothing.
        case none
        /// One piece of memory.
        case chunk(ByteChunk)
        /// Pieces that are sent one after the other, without being put together in memory first.
        case chunks([ByteChunk])
        /// So many bytes of an open file, which the kernel sends without their passing through the process. The worker
        /// waits for those that are not in memory: they should be.
        case file(FileRange)
    }

    /// Bytes of a file that `owner` keeps open.
    public struct FileRange: Sendable {
        let descriptor: Int32
        let range: Range<Int>
        let owner: any AnyObject & Sendable

        /// The bytes in `range` of the file.
        public init(descriptor: Int32, range: Range<Int>, owner: any AnyObject & Sendable) {
            self.descriptor = descriptor
            self.range = range
            self.owner = owner
        }
    }

    /// The status, RFC 9110 §15.
    public let status: Int
    /// The fields that it was made with, and `Accept-Ranges` where ranges are served.
    public let headers: [(String, String)]
    /// How many bytes the body has.
    public let contentLength: Int
    /// True when `ranged(for:)` may answer with a part of it.
    public let acceptsRanges: Bool

    let chunks: [ByteChunk]
    /// What is sent in place of chunks.
    let file: FileRange?
    /// How much of a connection's memory sending it takes at most.
    let memoryNeeded: Int
    /// nil when libmicrohttpd was out of memory, or the process of file descriptors.
    private let handle: OpaquePointer?

    /// A piece of memory costs 16 bytes of every connection that sends it, so a body in more pieces is joined first.
    static let chunkLimit = 64

    /// Makes a response.
    /// - Parameters:
    ///   - status: 200 to 599.
    ///   - headers: fields besides those that the server adds. One that is not well formed (an empty name or value,
    ///     a line break) or that the server adds itself is left out, so that nothing can be smuggled in.
    ///   - body: retained until the last client has it. Up to 64 chunks are sent as they are.
    ///   - acceptsRanges: announces `Accept-Ranges: bytes`.
    public init(status: Int, headers: [(String, String)] = [], body: Body = .none, acceptsRanges: Bool = false) {
        precondition((200...599).contains(status), "a final response has a status from 200 to 599")
        let chunks: [ByteChunk] =
            switch body {
            case .none, .file: []
            case .chunk(let chunk): [chunk]
            case .chunks(let chunks) where chunks.count > Self.chunkLimit: [ByteChunk(joining: chunks)]
            case .chunks(let chunks): chunks
            }
        self.status = status
        self.headers = acceptsRanges ? headers + [("Accept-Ranges", "bytes")] : headers
        self.acceptsRanges = acceptsRanges
        self.chunks = chunks
        if case .file(let file) = body {
            self.file = file
            contentLength = file.range.count
            handle = Self.makeHandle(file)
        } else {
            file = nil
            contentLength = chunks.reduce(0) { $0 + $1.count }
            handle = Self.makeHandle(chunks)
        }
        for (name, value) in self.headers { _ = MHD_add_response_header(handle, name, value) }
        memoryNeeded = Self.memoryNeeded(for: self.headers, chunkCount: chunks.count)
    }

    deinit { MHD_destroy_response(handle) }

    /// Hands the response to `connection`. Only on its worker, while a request of it is being handled.
    func queue(to connection: OpaquePointer) -> Bool {
        MHD_queue_response(connection, UInt32(status), handle) == .YES
    }

    /// Keeps the chunks' memory alive for as long as libmicrohttpd may send from it, which can be longer than the
    /// `HTTPResponse` lives.
    private final class Retained: Sendable {
        let chunks: [ByteChunk]
        init(_ chunks: [ByteChunk]) { self.chunks = chunks }
    }

    private static func makeHandle(_ chunks: [ByteChunk]) -> OpaquePointer? {
        let retained = Unmanaged.passRetained(Retained(chunks))
        let pieces = chunks.map { chunk in
            chunk.withUnsafeBytes { MHD_IoVec(iov_base: $0.baseAddress, iov_len: $0.count) }
        }
        let handle = MHD_create_response_from_iovec(
            pieces, UInt32(pieces.count), { $0.map { Unmanaged<Retained>.fromOpaque($0).release() } },
            retained.toOpaque())
        if handle == nil { retained.release() }
        return handle
    }

    private static func makeHandle(_ file: FileRange) -> OpaquePointer? {
        // libmicrohttpd closes the descriptor that it is given.
        let descriptor = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        let handle = MHD_create_response_from_fd_at_offset64(
            UInt64(file.range.count), descriptor, UInt64(file.range.lowerBound))
        if handle == nil { close(descriptor) }
        return handle
    }

    private static func memoryNeeded(for headers: [(String, String)], chunkCount: Int) -> Int {
        // Status line, Date, Connection, Content-Length and the blank line stay below 256 bytes.
        let fields = headers.reduce(256) { $0 + $1.0.utf8.count + $1.1.utf8.count + 4 }
        return fields + 16 * (chunkCount + 1)
    }
}
