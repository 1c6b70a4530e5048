public import Bytes
internal import CZlib

/// The gzip content coding, RFC 1952 and RFC 9110 §8.4.1.3.
public enum Gzip {
    /// `chunk` as a gzip member, or nil when zlib is out of memory or `chunk` is over 4 GiB.
    ///
    /// The same input gives the same bytes every time: the header carries no name and no time.
    /// - Parameter level: 1 (fast) to 9 (small); values outside are brought inside.
    public static func compress(_ chunk: ByteChunk, level: Int = 6) -> ByteChunk? {
        guard let length = UInt32(exactly: chunk.count) else { return nil }
        var stream = z_stream()
        guard zlib_gzip_init(&stream, Int32(min(max(level, 1), 9))) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(length)))
        guard let room = UInt32(exactly: bound) else { return nil }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bound) { target -> ByteChunk? in
            let result = chunk.withUnsafeBytes { source -> Int32 in
                // zlib's input pointer is not const by default, but it is only read.
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
                stream.avail_in = length
                stream.next_out = target.baseAddress
                stream.avail_out = room
                return deflate(&stream, Z_FINISH)
            }
            guard result == Z_STREAM_END else { return nil }
            let written = UnsafeRawBufferPointer(start: target.baseAddress, count: bound - Int(stream.avail_out))
            return ByteChunk(count: written.count) { $0.copyMemory(from: written) }
        }
    }

    /// Whether a client that sent this `Accept-Encoding` takes gzip, RFC 9110 §12.5.3.
    ///
    /// Without the field a client would take anything by the letter of the RFC; in practice it means "no coding",
    /// and so it does here. A weight that cannot be read refuses its coding.
    public static func isAcceptable(to acceptEncoding: String?) -> Bool {
        guard let acceptEncoding else { return false }
        var wildcard = false
        for element in acceptEncoding.utf8.split(separator: UInt8(ascii: ",")) {
            let parameters = element.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
            guard let coding = parameters.first.map(token) else { continue }
            let isWanted = parameters.dropFirst().allSatisfy { weight(in: token($0)) }
            if coding == "gzip" || coding == "x-gzip" { return isWanted }
            if coding == "*" { wildcard = isWanted }
        }
        return wildcard
    }

    /// False when `parameter` is a weight of zero, or one that is not a weight of RFC 9110 §12.4.2.
    private static func weight(in parameter: String) -> Bool {
        guard let equals = parameter.firstIndex(of: "=") else { return true }
        guard token(parameter[..<equals].utf8) == "q" else { return true }
        let value = Array(token(parameter[parameter.index(after: equals)...].utf8).utf8)
        guard (1...5).contains(value.count), value[0] == UInt8(ascii: "0") || value[0] == UInt8(ascii: "1") else {
            return false
        }
        guard value.count == 1 || value[1] == UInt8(ascii: ".") else { return false }
        let digits = value.dropFirst(2)
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return false }
        let hasFraction = digits.contains { $0 != UInt8(ascii: "0") }
        return value[0] == UInt8(ascii: "1") ? !hasFraction : hasFraction
    }

    private static func token(_ text: some BidirectionalCollection<UInt8>) -> String {
        let blank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let start = text.drop(while: blank)
        let end = start.lastIndex { !blank($0) }.map { start.index(after: $0) } ?? start.startIndex
        return String(decoding: start[..<end], as: UTF8.self).lowercased()
    }
}
