import FoundationEssentials
import Schema
import SeededRandom
import Testing

@Suite struct JSON5ReaderTests {
    static let good: [(String, JSONValue)] = [
        ("null", nil), (" true ", true), ("false", false), ("0", 0), ("-0", 0), ("+5", 5), ("-12", -12),
        ("0x1F", 31), ("-0Xff", -255), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1.25E-2", 0.0125),
        ("9223372036854775807", 9_223_372_036_854_775_807), ("9223372036854775808", 9_223_372_036_854_775_808.0),
        ("-9223372036854775808", -9_223_372_036_854_775_808), ("Infinity", JSONValue(.number(.infinity))),
        ("-Infinity", JSONValue(.number(-.infinity))), ("'it\\'s'", "it's"), ("\"it's\"", "it's"),
        (#""\b\f\n\r\t\v\0\x41\u00e9\/\q\"\\""#, "\u{8}\u{C}\n\r\t\u{B}\0Aé/q\"\\"),
        (#""\ud83c\udfac 🎬""#, "🎬 🎬"), ("'one \\\n  line \\\r\ntoo'", "one   line too"),
        ("'a\u{2028}b'", "a\u{2028}b"), ("[]", []), ("[1, 'two', [3,],]", [1, "two", [3]]), ("{}", [:]),
        (
            "{a: 1, 'b c': 2, \"d\": 3, $_é1: 4, \\u0065: 5, null: 6,}",
            ["a": 1, "b c": 2, "d": 3, "$_é1": 4, "e": 5, "null": 6]
        ),
        ("// before\n{ /* in\n * side */ a /**/ : /***/ 1 } // after", ["a": 1]),
        ("\u{FEFF}\u{A0}\u{2003}\u{B}\u{C}1\u{2029}", 1),
    ]

    @Test(arguments: good)
    func validTextsAreRead(text: String, value: JSONValue) throws {
        let read = try JSONValue(json5: text)
        #expect(read == value)
        #expect(try JSONValue(json5: Array(text.utf8)) == value)
    }

    static let bad: [(String, JSON5Error.Reason, Int, Int)] = [
        ("", .unexpectedEnd, 1, 1), ("  \n ", .unexpectedEnd, 2, 2), ("// only", .unexpectedEnd, 1, 8),
        ("{\n  a: 1 // one\n  b: 2\n}", .missingComma, 2, 7), ("{a: {} 'b': 2}", .missingComma, 1, 7),
        ("[\"a\"\n\"b\"]", .missingComma, 1, 5), ("[{}{}]", .missingComma, 1, 4), ("[[1 -2]]", .missingComma, 1, 4),
        ("[1 2", .missingComma, 1, 3), ("[1 .5]", .missingComma, 1, 3), ("[1 [2]]", .missingComma, 1, 3),
        ("{a: 1 \\u0062: 2}", .missingComma, 1, 6), ("{a: [1, 2 }", .unexpectedCharacter("}"), 1, 11),
        ("[1; 2]", .unexpectedCharacter(";"), 1, 3), ("[1", .unexpectedEnd, 1, 3),
        ("{a 1}", .unexpectedCharacter("1"), 1, 4),
        ("{a: 1", .unexpectedEnd, 1, 6), ("{1: 2}", .unexpectedCharacter("1"), 1, 2),
        ("[1,,]", .unexpectedCharacter(","), 1, 4), ("[,]", .unexpectedCharacter(","), 1, 2),
        ("[1\r\n2]", .missingComma, 1, 3), ("[1] x", .textAfterValue, 1, 5),
        ("yes", .unknownWord, 1, 1), ("{a: tru}", .unknownWord, 1, 5), ("NaNa", .unknownWord, 1, 1),
        ("'a\nb'", .unterminatedString, 1, 1), ("[\"abc", .unterminatedString, 1, 2),
        ("1 /* on", .unterminatedComment, 1, 3), ("1 / 2", .unexpectedCharacter(" "), 1, 4),
        (#""\u12""#, .invalidEscape, 1, 2), (#""\ud83c""#, .invalidEscape, 1, 2), (#""\udfac""#, .invalidEscape, 1, 2),
        (#""\ud83cA""#, .invalidEscape, 1, 2), (#""\1""#, .invalidEscape, 1, 2), (#""\01""#, .invalidEscape, 1, 2),
        (#""\xg0""#, .invalidEscape, 1, 2), (#"{\u0031: 1}"#, .invalidEscape, 1, 2), ("01", .invalidNumber, 1, 1),
        ("-", .invalidNumber, 1, 1), (".", .invalidNumber, 1, 1), ("1.2.3", .invalidNumber, 1, 1),
        ("1e", .invalidNumber, 1, 1), ("0x", .invalidNumber, 1, 1), ("0xg", .invalidNumber, 1, 1),
        ("3px", .invalidNumber, 1, 1), ("+-1", .invalidNumber, 1, 1), ("-no", .invalidNumber, 1, 1),
        ("1e400", .numberTooLarge, 1, 1), ("0x8000000000000000", .numberTooLarge, 1, 1),
    ]

    @Test(arguments: bad)
    func aFaultyTextIsAnErrorWithItsPlace(text: String, reason: JSON5Error.Reason, line: Int, column: Int) {
        let expected = JSON5Error(text, reason, line, column)
        #expect(throws: expected) { try JSONValue(json5: text) }
    }

    @Test func nestingAndLengthAreLimited() throws {
        func nest(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(json5: nest(32))
        let reason = #expect(throws: JSON5Error.self) { try JSONValue(json5: nest(33)) }?.reason
        #expect(reason == .tooDeep)
        let bomb = String(repeating: "{a:[", count: 200_000)
        #expect(#expect(throws: JSON5Error.self) { try JSONValue(json5: bomb) }?.reason == .tooDeep)
        #expect(throws: Never.self) { try JSONValue(json5: nest(200), limits: JSON5Limits(depth: 200)) }
        let limits = JSON5Limits(byteCount: 4)
        #expect(try JSONValue(json5: "1234", limits: limits) == 1234)
        #expect(#expect(throws: JSON5Error.self) { try JSONValue(json5: "12345", limits: limits) }?.reason == .tooLong)
        let invalid: [UInt8] = [0x22, 0xFF, 0x22]
        #expect(#expect(throws: JSON5Error.self) { try JSONValue(json5: invalid) }?.reason == .notUTF8)
    }

    @Test func valuesKeepTheirPlacesAndMembersTheirOrder() throws {
        let value = try JSONValue(json5: "{\n  b: [1,\n 2], a: 3, b: 4 }", name: "x.json5")
        #expect(value.origin == .text(name: "x.json5", TextPosition(line: 1, column: 1)))
        #expect(value["b"]?.origin?.description == "x.json5:2:6")
        #expect(value[FieldPath.root["b"][1]]?.origin?.description == "x.json5:3:2")
        guard case .object(let members) = value.content else {
            Issue.record("an object")
            return
        }
        #expect(members.map(\.name) == ["b", "a", "b"])
        #expect(members[1].origin?.description == "x.json5:3:6")
    }

    static let document = """
        // Comment
        { id: 'news', "name": "N\\u00e9ws \\ud83c\\udfac", port: 0x1F90, rate: -1.5e-3, on: true, off: null,
          list: [1, 2., .5, [], {}, +Infinity,], /* c */ }
        """

    @Test func everyPrefixAndBitFlipEndsInAValueOrAnError() throws {
        let valid = Array(Self.document.utf8)
        _ = try JSONValue(json5: valid)
        var values = 0
        for count in 0..<valid.count where (try? JSONValue(json5: Array(valid[..<count]))) != nil { values += 1 }
        #expect(values == 0)
        for index in valid.indices {
            for bit in 0..<8 {
                var bytes = valid
                bytes[index] ^= 1 << bit
                if (try? JSONValue(json5: bytes)) != nil { values += 1 }
            }
        }
        #expect(values > 0 && values < valid.count * 8)
    }

    @Test func whatIsPrintedIsReadBack() throws {
        for (text, value) in Self.good {
            #expect(try JSONValue(json5: JSON5Printer.scalar(value)) == value, "\(text)")
        }
    }

    /// Random JSON is read as Foundation reads it.
    @Test func plainJSONMeansTheSameToAnotherReader() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let text = generator.json(depth: 4)
            let theirs = try JSONDecoder().decode(Reference.self, from: Data(text.utf8)).value
            #expect(try JSONValue(json5: text).sorted == theirs.sorted, "seed \(seed): \(text)")
        }
    }
}

extension JSON5Error {
    fileprivate init(_ text: String, _ reason: Reason, _ line: Int, _ column: Int) {
        self.init(reason: reason, position: TextPosition(line: line, column: column))
    }
}

extension JSONValue {
    /// Numbers as doubles and members by name: another reader keeps neither the form nor the order.
    fileprivate var sorted: JSONValue {
        switch content {
        case .integer(let number): JSONValue(.number(Double(number)))
        case .array(let elements): JSONValue(.array(elements.map(\.sorted)))
        case .object(let members):
            JSONValue(.object(members.map { Member($0.name, $0.value.sorted) }.sorted { $0.name < $1.name }))
        default: self
        }
    }
}

private struct Reference: Decodable {
    let value: JSONValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = nil
        } else if let flag = try? container.decode(Bool.self) {
            value = JSONValue(.bool(flag))
        } else if let number = try? container.decode(Double.self) {
            value = JSONValue(.number(number))
        } else if let text = try? container.decode(String.self) {
            value = JSONValue(.string(text))
        } else if let elements = try? container.decode([Reference].self) {
            value = JSONValue(.array(elements.map(\.value)))
        } else {
            let members = try container.decode([String: Reference].self)
            value = JSONValue(.object(members.map { JSONValue.Member($0.key, $0.value.value) }))
        }
    }
}

extension SeededGenerator {
    fileprivate mutating func json(depth: Int) -> String {
        let space = ["", " ", "\n\t"].randomElement(using: &self) ?? ""
        switch Int.random(in: depth > 0 ? 0..<7 : 0..<5, using: &self) {
        case 0: return space + (["null", "true", "false"].randomElement(using: &self) ?? "")
        case 1: return "\(space)\(Int.random(in: -1_000_000...1_000_000, using: &self))"
        case 2: return "\(Double.random(in: -1e6...1e6, using: &self))\(space)"
        case 3: return "\(Int.random(in: 0...99, using: &self)).5e\(Int.random(in: -9...9, using: &self))"
        case 4: return string()
        case 5:
            let elements = (0..<Int.random(in: 0..<4, using: &self)).map { _ in json(depth: depth - 1) }
            return "[\(space)\(elements.joined(separator: ","))]"
        default:
            let members = (0..<Int.random(in: 0..<4, using: &self)).map { index in
                "\"\(index)\(space.utf8.count)\":\(json(depth: depth - 1))"
            }
            return "{\(members.joined(separator: ","))\(space)}"
        }
    }

    private mutating func string() -> String {
        let pieces = ["a", "é", "🎬", "\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83c\\udfac", "\\/", "{", "//", "'"]
        return "\"" + (0..<8).map { _ in pieces.randomElement(using: &self) ?? "" }.joined() + "\""
    }
}
