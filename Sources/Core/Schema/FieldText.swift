/// A type whose values are written as one text of a certain form: a duration, an address.
public protocol FieldText: FieldValue {
    /// What the type is called in a table, such as `duration`.
    static var textName: String { get }
    /// What is expected, with an example: `a duration such as "500ms"`.
    static var textForm: String { get }
    /// The value that `text` writes, if it has the form.
    init?(fieldText text: String)
    /// The value in the form in which it is read.
    var fieldText: String { get }
}

extension FieldText {
    /// Text of that form.
    public static var fieldType: FieldType { .text(name: textName, form: textForm) }

    /// A string of that form.
    public static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Self? {
        guard case .string(let text) = json.content, let value = Self(fieldText: text) else {
            addMismatch(json, at: path, to: &faults)
            return nil
        }
        return value
    }

    /// The text.
    public var shown: JSONValue { JSONValue(.string(fieldText)) }
}

extension Duration: FieldText {
    /// `duration`
    public static var textName: String { "duration" }

    /// A number with a unit.
    public static var textForm: String { #"a duration such as "500ms", "1.5s", "2m", "12h" or "7d""# }

    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    /// Nothing here lasts a hundred years, and sums of what does not cannot overflow.
    private static let longestMilliseconds: Int64 = 100 * 366 * 86_400_000

    /// The duration of a number and its unit; parts of a millisecond do not count.
    public init?(fieldText text: String) {
        guard let unit = Self.units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
        let parts = text.dropLast(unit.suffix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            parts.allSatisfy({ (1...15).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let whole = Int64(parts[0])
        else { return nil }
        var milliseconds = whole.multipliedReportingOverflow(by: unit.milliseconds)
        var scale = unit.milliseconds * 10_000
        for digit in parts.dropFirst().joined().utf8 {
            scale /= 10
            // A thousandth of a millisecond is finer than the sum is rounded to.
            milliseconds.partialValue &+= Int64(digit - 0x30) * (scale / 10_000)
        }
        guard !milliseconds.overflow, (0...Self.longestMilliseconds).contains(milliseconds.partialValue) else {
            return nil
        }
        self = .milliseconds(milliseconds.partialValue)
    }

    /// The duration in the largest unit that needs no fraction.
    public var fieldText: String {
        let milliseconds = Int64(clamping: attoseconds / 1_000_000_000_000_000)
        let unit = Self.units.last { milliseconds % $0.milliseconds == 0 } ?? Self.units[0]
        guard milliseconds != 0 else { return "0s" }
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
}
