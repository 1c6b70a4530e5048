internal import Bytes

/// Percent-encoded text as it stands in a request target, RFC 3986 §2.1.
enum PercentEncoding {
    /// The path that a request target names, decoded exactly once.
    ///
    /// An absolute target (RFC 9112 §3.2.2) loses its scheme and authority. `..` segments stay as they are.
    /// - Returns: nil for a target that is neither a path nor `*`, an incomplete escape, a control character or space
    ///   sent raw, an encoded NUL, and bytes that are not UTF-8.
    static func path(ofTarget target: Span<UInt8>) -> String? {
        guard let start = pathStart(of: target) else { return nil }
        if start == target.count { return "/" }
        return decode(target.extracting(start..<target.count), plusIsSpace: false, strict: true)
    }

    /// A name or value of a query, in which `+` stands for a space.
    /// - Returns: nil for an incomplete escape and for bytes that are not UTF-8.
    static func queryComponent(_ text: Span<UInt8>) -> String? {
        decode(text, plusIsSpace: true, strict: false)
    }

    private static func pathStart(of target: Span<UInt8>) -> Int? {
        if target.isEmpty { return nil }
        if target[0] == UInt8(ascii: "/") { return 0 }
        if target.count == 1, target[0] == UInt8(ascii: "*") { return 0 }
        for scheme: StaticString in ["http://", "https://"] where hasPrefix(target, scheme) {
            var index = scheme.utf8CodeUnitCount
            while index < target.count, target[index] != UInt8(ascii: "/") { index += 1 }
            return index > scheme.utf8CodeUnitCount ? index : nil
        }
        return nil
    }

    private static func hasPrefix(_ text: Span<UInt8>, _ prefix: StaticString) -> Bool {
        prefix.withUTF8Buffer { prefix in
            guard text.count >= prefix.count else { return false }
            for index in 0..<prefix.count where text[index] | 0x20 != prefix[index] | 0x20 { return false }
            return true
        }
    }

    private static func decode(_ text: Span<UInt8>, plusIsSpace: Bool, strict: Bool) -> String? {
        if isVerbatim(text, plusIsSpace: plusIsSpace, strict: strict) {
            return text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            var byte = text[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard index + 1 < text.count, let escaped = PercentEscapes.byte(text[index], text[index + 1]) else {
                    return nil
                }
                byte = escaped
                index += 2
                if strict, byte == 0 { return nil }
            } else if strict, byte <= 0x20 || byte == 0x7f {
                return nil
            } else if plusIsSpace, byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            }
            bytes.append(byte)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// True when `text` is ASCII in which nothing stands for something else, as most of it is.
    private static func isVerbatim(_ text: Span<UInt8>, plusIsSpace: Bool, strict: Bool) -> Bool {
        for index in 0..<text.count {
            let byte = text[index]
            if byte >= 0x80 || byte == UInt8(ascii: "%") || (plusIsSpace && byte == UInt8(ascii: "+"))
                || (strict && (byte <= 0x20 || byte == 0x7f))
            {
                return false
            }
        }
        return true
    }
}
