import Schema
import Testing

@Suite struct JSONPrinterTests {
    @Test(
        arguments: [
            (nil, "null"), (true, "true"), (-7, "-7"), (1.5, "1.5"), ("a \"b\"\n\u{1}é", #""a \"b\"\n\u0001é""#),
            ([], "[]"), ([:], "{}"), ([1, ["x": nil]], #"[1,{"x":null}]"#),
            (["a": 1, "b c": [true]], #"{"a":1,"b c":[true]}"#),
        ] as [(JSONValue, String)])
    func valuesAreWrittenAsJSON(value: JSONValue, text: String) throws {
        #expect(JSONPrinter.text(of: value) == text)
        #expect(try JSONValue(json5: text) == value)
    }

    @Test func whatJSONHasNoNumberForIsNull() {
        #expect(
            JSONPrinter.text(of: JSONValue(.array([.init(.number(.infinity)), .init(.number(.nan))]))) == "[null,null]")
    }
}
