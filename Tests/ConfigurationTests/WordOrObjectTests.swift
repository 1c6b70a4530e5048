import Configuration
import Schema
import Testing

/// What is a word or an object: a colour with a name, or of one's own.
private enum Paint: FieldValue {
    case named(String)
    case mixed(Mixture)

    static let words = ["red", "blue"]
    static var fieldType: FieldType { .wordOrObject(words, Mixture.schema.fields.map(\.description)) }

    static func decode(_ json: JSONValue, at path: FieldPath, into faults: inout FaultList) -> Paint? {
        if case .string(let word) = json.content { return .named(word) }
        return Mixture.decode(json, at: path, into: &faults).map(Paint.mixed)
    }

    var shown: JSONValue {
        switch self {
        case .named(let word): JSONValue(.string(word))
        case .mixed(let mixture): mixture.shown
        }
    }
}

private struct Mixture: SchemaObject {
    var water = 1

    static let schema = ObjectSchema<Mixture>(
        doc: "A colour", fields: [Field("water", \.water, .range(0...9), doc: "Spoons of water")])
}

private struct Wall: SchemaObject {
    var paint = Paint.named("red")

    static let schema = ObjectSchema<Wall>(doc: "A wall", fields: [Field("paint", \.paint, doc: "Its colour")])
}

@Suite struct WordOrObjectTests {
    @Test func theTableHasTheWordsAndTheFieldsOfTheObject() {
        let rows = ConfigurationLoader<Wall>().documentationTable().split(separator: "\n").dropFirst(2)
        #expect(
            rows.map(String.init) == [
                "| `paint` |  |  | `red`, `blue` or object | `red` |  | Its colour |",
                "| `paint.water` |  |  | integer | `1` | 0 to 9 | Spoons of water |",
            ])
    }

    @Test func theExampleHasTheWord() {
        let lines = ConfigurationLoader<Wall>().exampleFile().split(separator: "\n").map(String.init)
        #expect(lines[2...3] == ["  // Its colour (one of red, blue, or an object)", "  //paint: \"red\","])
    }

    /// No flag and no variable sets what may be an object.
    @Test func itIsWrittenInTheFileAlone() throws {
        #expect(!ConfigurationLoader<Wall>().flagHelp().contains("paint"))
        let loader = ConfigurationLoader<Wall>(
            readFile: { _ throws(ConfigurationFile.ReadError) in Array("{ paint: { water: 3 } }".utf8) })
        let configuration = try loader.load(arguments: [], environment: [:])
        #expect(configuration.printed().contains("water: 3, // headwater.json5:1:19"))
        #expect(throws: ConfigurationError.self) { try loader.load(arguments: ["--paint", "red"], environment: [:]) }
    }
}
