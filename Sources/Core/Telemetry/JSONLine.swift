/// A JSON object (RFC 8259) on one line, being put together. Anything that could end the line, move a terminal's cursor
/// or break the JSON is escaped.
struct JSONLine {
    private var text: [UInt8] = []
    private static let longestValue = 2048

    init() { text.reserveCapacity(256) }

    mutating func add(_ name: String, _ value: String) {
        begin(name)
        append(value)
    }

    mutating func add(_ name: String, _ value: Int64) {
        begin(name)
        text.append(contentsOf: value.description.utf8)
    }

    mutating func add(_ name: String, _ value: Bool) {
        begin(name)
        text.append(contentsOf: value.description.utf8)
    }

    /// JSON has no infinities and no NaN: those are written as strings.
    mutating func add(_ name: String, _ value: Double) {
        guard value.isFinite else { return add(name, value.description) }
        begin(name)
        text.append(contentsOf: value.description.utf8)
    }

    /// The finished line with its line feed.
    consuming func finished() -> [UInt8] {
        text.append(contentsOf: "}\n".utf8)
        return text
    }

    private mutating func begin(_ name: String) {
        text.append(UInt8(ascii: text.isEmpty ? "{" : ","))
        append(name)
        text.append(UInt8(ascii: ":"))
    }

    private mutating func append(_ value: String) {
        text.append(UInt8(ascii: "\""))
        var budget = Self.longestValue
        for scalar in value.unicodeScalars {
            guard budget > 0 else {
                text.append(contentsOf: "…".utf8)
                break
            }
            budget -= 1
            switch scalar.value {
            case 0x22, 0x5C:
                text.append(UInt8(ascii: "\\"))
                text.append(UInt8(truncatingIfNeeded: scalar.value))
            case 0x0A: text.append(contentsOf: "\\n".utf8)
            case 0x0D: text.append(contentsOf: "\\r".utf8)
            case 0x09: text.append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
                text.append(contentsOf: "\\u".utf8)
                for shift in [12, 8, 4, 0] as [UInt32] { text.append(Self.digit(scalar.value >> shift & 15)) }
            default: text.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    private static func digit(_ value: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: value) + UInt8(ascii: value < 10 ? "0" : "W")
    }
}
