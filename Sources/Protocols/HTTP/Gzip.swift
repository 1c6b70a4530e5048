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
        guard var acceptEncoding else { return false }
        return acceptEncoding.withUTF8 { field in
            var wildcard = false
            var elements = field[...]
            while !elements.isEmpty {
                var parameters = cut(&elements, at: UInt8(ascii: ","))
                let coding = trimmed(cut(&parameters, at: UInt8(ascii: ";")))
                let (isGzip, isWildcard) = (equals(coding, "gzip") || equals(coding, "x-gzip"), equals(coding, "*"))
                guard isGzip || isWildcard else { continue }
                var isWanted = true
                while !parameters.isEmpty {
                    isWanted = weight(in: trimmed(cut(&parameters, at: UInt8(ascii: ";")))) && isWanted
                }
                if isGzip { return isWanted }
                wildcard = isWanted
            }
            return wildcard
        }
    }

    /// A piece of a field's value. Every request of a playlist is asked, so nothing is allocated.
    private typealias Text = Slice<UnsafeBufferPointer<UInt8>>

    /// What stands before `separator`, which goes with it.
    private static func cut(_ text: inout Text, at separator: UInt8) -> Text {
        let head = text.prefix { $0 != separator }
        text = text[head.endIndex...].dropFirst()
        return head
    }

    private static func trimmed(_ text: Text) -> Text {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let start = text.drop(while: isBlank)
        return start.prefix(start.reversed().drop(while: isBlank).count)
    }

    /// Whether `text` is `name`, which is in lower case, in any case.
    private static func equals(_ text: Text, _ name: StaticString) -> Bool {
        name.withUTF8Buffer { name in
            text.elementsEqual(name) { sent, wanted in
                sent == wanted || ((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(sent) && sent | 0x20 == wanted)
            }
        }
    }

    /// False when `parameter` is a weight of zero, or one that is not a weight of RFC 9110 §12.4.2.
    private static func weight(in parameter: Text) -> Bool {
        guard parameter.contains(UInt8(ascii: "=")) else { return true }
        var value = parameter
        guard equals(trimmed(cut(&value, at: UInt8(ascii: "="))), "q") else { return true }
        value = trimmed(value)
        guard (1...5).contains(value.count), let whole = value.popFirst(),
            whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1")
        else { return false }
        guard (value.popFirst() ?? UInt8(ascii: ".")) == UInt8(ascii: "."),
            value.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return false }
        let hasFraction = value.contains { $0 != UInt8(ascii: "0") }
        return whole == UInt8(ascii: "1") ? !hasFraction : hasFraction
    }
}
