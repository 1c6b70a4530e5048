import Schema
import Testing

private enum Latency: String, FieldChoice {
    case standard, low, ultra
}

private struct Channel: SchemaObject {
    var id = ""
    var name: String?
    var latency = Latency.low
    var targetDuration: Int?
    var window = Duration.seconds(60)

    static let schema = ObjectSchema<Channel>(
        doc: "A channel",
        fields: [
            Field("id", \.id, .identifier, isRequired: true, example: "news", doc: "What URLs call it"),
            Field("name", \.name, .length(1...10), doc: "What people call it"),
            Field("latency", \.latency, doc: "How far players are behind"),
            Field("targetDuration", \.targetDuration, .range(1...30), doc: "Seconds in a segment"),
            Field("window", \.window, .range(.seconds(10) ... .seconds(3600)), doc: "What stays playable"),
        ],
        validate: { channel, path, faults in
            if channel.latency == .ultra, (channel.targetDuration ?? 0) > 4 {
                faults.add(path["targetDuration"], nil, "too long for ultra")
            }
        })
}

private struct Server: SchemaObject {
    var port = 8080
    var ratio = 0.5
    var isOn = false
    var hosts: [String] = ["::"]
    var channels: [Channel] = []

    static let schema = ObjectSchema<Server>(
        doc: "A server",
        fields: [
            Field("port", \.port, .range(0...65_535), doc: "Port"),
            Field("ratio", \.ratio, .atLeast(0), doc: "Ratio"),
            Field("isOn", \.isOn, doc: "On or off"),
            Field("hosts", \.hosts, .count(1...3), doc: "Hosts"),
            Field("channels", \.channels, unique: [["id"]], doc: "Channels"),
        ])
}

private struct Place: SchemaObject {
    var host: String?
    var file: String?
    var depth = 1

    static let schema = ObjectSchema<Place>(
        doc: "A place",
        fields: [
            Field("host", \.host, .length(1...10), doc: "Which machine"),
            Field("file", \.file, doc: "Which file"), Field("depth", \.depth, .range(1...9), doc: "How deep"),
        ], anyOf: [["host", "file"]])
}

@Suite struct ObjectSchemaTests {
    private func decode(_ text: String) throws -> (Server?, [String]) {
        var faults = FaultList()
        let server = Server.decode(try JSONValue(json5: text), at: .root, into: &faults)
        return (server, faults.faults.map(\.description))
    }

    @Test func whatIsNotWrittenHasItsDefault() throws {
        let (server, faults) = try decode(
            "{channels: [{id: 'a', latency: 'ultra', name: null}, {id: 'b', targetDuration: 6}]}")
        #expect(faults.isEmpty)
        let decoded = try #require(server)
        #expect(decoded.port == 8080 && decoded.hosts == ["::"])
        #expect(decoded.channels.map(\.latency) == [.ultra, .low])
        #expect(decoded.channels.map(\.targetDuration) == [nil, 6])
        #expect(decoded.channels[0].window == .seconds(60))
    }

    @Test func everyFaultIsToldWithItsPlaceAndPath() throws {
        let (server, faults) = try decode(
            """
            {
              prot: 1, port: 70000, ratio: -1, isOn: 'yes', hosts: [],
              channels: [
                {},
                {id: 'A B', latency: 'lwo', targetDuration: 0, window: '5s'},
                {id: 'c', window: 60, name: '', "odd key": 1},
                7,
                {id: 'c', latency: 'ultra', targetDuration: 6},
                {id: 'd', id: 'e'},
              ],
            }
            """)
        #expect(server == nil)
        #expect(
            faults == [
                "line 2, column 3: prot: unknown key; did you mean port?",
                "line 2, column 18: port: expected 0 to 65535, got 70000",
                "line 2, column 32: ratio: expected at least 0.0, got -1",
                "line 2, column 42: isOn: expected true or false, got \"yes\"",
                "line 2, column 56: hosts: expected 1 to 3 elements, got an empty list",
                "line 8, column 10: channels[4].id: the same as channels[2].id",
                "line 4, column 5: channels[0].id: missing: What URLs call it",
                "line 5, column 10: channels[1].id: expected 1 to 64 lower-case letters, digits, hyphens and "
                    + "underscores, the first a letter or digit, got \"A B\"",
                "line 5, column 26: channels[1].latency: expected one of standard, low, ultra, got \"lwo\"; "
                    + "did you mean low?",
                "line 5, column 49: channels[1].targetDuration: expected 1 to 30, got 0",
                "line 5, column 60: channels[1].window: expected 10s to 1h, got \"5s\"",
                "line 6, column 37: channels[2][\"odd key\"]: unknown key; "
                    + "known here: id, name, latency, targetDuration, window",
                "line 6, column 33: channels[2].name: expected 1 to 10 characters, got \"\"",
                "line 6, column 23: channels[2].window: expected a duration such as \"500ms\", \"1.5s\", \"2m\", "
                    + "\"12h\" or \"7d\", got 60",
                "line 7, column 5: channels[3]: expected an object, got 7",
                "channels[4].targetDuration: too long for ultra",
                "line 9, column 15: channels[5].id: written twice",
            ])
    }

    @Test func aFloodOfFaultsIsCountedAndCut() throws {
        let text = "{\((0..<50_000).map { "k\($0): 1" }.joined(separator: ","))}"
        var faults = FaultList()
        #expect(Server.decode(try JSONValue(json5: text), at: .root, into: &faults) == nil)
        #expect(faults.count == 50_000)
        #expect(faults.faults.count == FaultList.limit + 1)
        #expect(faults.faults.last?.message == "and 49900 more faults")
    }

    @Test func aRootThatIsNoObjectIsAFault() throws {
        #expect(try decode("[]").1 == ["line 1, column 1: expected an object, got an empty list"])
    }

    @Test(
        arguments: [
            ("{host: 'a'}", []), ("{file: 'b', host: null}", []), ("{host: 'a', file: 'b'}", []),
            ("{}", ["host"]), ("{host: null}", ["host"]), ("{depth: 0}", ["depth", "host"]),
            ("{host: ''}", ["host"]), ("{hots: 'a'}", ["hots", "host"]),
        ])
    func oneOfAGroupIsWritten(text: String, paths: [String]) throws {
        var faults = FaultList()
        let place = Place.decode(try JSONValue(json5: text), at: .root, into: &faults)
        #expect(faults.faults.map { "\($0.path)" } == paths)
        #expect((place == nil) == !paths.isEmpty)
    }

    @Test func whichFieldsWouldDoIsTold() throws {
        var faults = FaultList()
        _ = Place.decode(try JSONValue(json5: "{depth: 2}"), at: .root, into: &faults)
        #expect(
            faults.faults.map(\.description) == [
                "line 1, column 1: host: missing: one of host, file must be written"
            ])
    }

    @Test func whatIsMissingCanBeLeftUnsaid() throws {
        var faults = FaultList(reportsMissing: false)
        #expect(Channel.decode(try JSONValue(json5: "{}"), at: .root, into: &faults) == nil)
        #expect(Place.decode(try JSONValue(json5: "{}"), at: .root, into: &faults) == nil)
        #expect(faults.isEmpty)
    }

    @Test func whatIsShownIsReadBack() throws {
        let (server, _) = try decode("{port: 1, channels: [{id: 'a', window: '90s'}]}")
        let shown = try #require(server).shown
        var faults = FaultList()
        let again = Server.decode(shown, at: .root, into: &faults)
        #expect(faults.isEmpty)
        #expect(again?.shown == shown)
        #expect(
            shown["channels"] == [
                ["id": "a", "name": nil, "latency": "low", "targetDuration": nil, "window": "90s"]
            ])
    }
}

@Suite struct FieldValueTests {
    static let durations: [(String, Int64?)] = [
        ("500ms", 500), ("1.5s", 1500), ("0.0015s", 1), ("2m", 120_000), ("12h", 43_200_000), ("7d", 604_800_000),
        ("0s", 0), ("1.25m", 75_000), ("", nil), ("s", nil), ("5", nil), ("5 s", nil), ("-5s", nil), ("1.s", nil),
        (".5s", nil), ("1.2.3s", nil), ("1e3s", nil), ("999999999999999d", nil), ("9999999999999999s", nil),
        ("٥s", nil), ("5S", nil), ("40000d", nil), ("0.00000000000001d", 0),
    ]

    @Test(arguments: durations)
    func durationsAreNumbersWithAUnit(text: String, milliseconds: Int64?) {
        #expect(Duration(fieldText: text) == milliseconds.map { .milliseconds($0) })
    }

    @Test(
        arguments: zip(
            [0, 1, 1500, 60_000, 90_000, 86_400_000] as [Int64], ["0s", "1ms", "1500ms", "1m", "90s", "1d"]))
    func durationsAreWrittenAsTheyAreRead(milliseconds: Int64, text: String) {
        #expect(Duration.milliseconds(milliseconds).fieldText == text)
        #expect(Duration(fieldText: text) == .milliseconds(milliseconds))
    }

    @Test func numbersAreTakenInAnyFormThatIsExact() {
        var faults = FaultList()
        #expect(Int.decode(5.0, at: .root, into: &faults) == 5)
        #expect(Double.decode(5, at: .root, into: &faults) == 5)
        #expect(faults.isEmpty)
        for value in [5.5, 1e300, JSONValue(.number(.nan)), "5", true, nil] {
            #expect(Int.decode(value, at: .root, into: &faults) == nil)
        }
        #expect(Double.decode(JSONValue(.number(.infinity)), at: .root, into: &faults) == nil)
        #expect(faults.count == 7)
    }

    @Test func textsOfFlagsBecomeValues() {
        #expect(Int.fromText("8080") == 8080)
        #expect(Int.fromText("8080x") == "8080x")
        #expect(Int.fromText("") == "")
        #expect(Bool.fromText("1") == true)
        #expect(Bool.fromText("no") == "no")
        #expect(Double.fromText("0.5") == 0.5)
        #expect(String.fromText("true") == "true")
    }
}

@Suite struct NearestNameTests {
    static let slips: [(String, String?)] = [
        ("prot", "port"), ("Port", "port"), ("adress", "address"), ("stream-key", "streamKey"),
        ("STREAM_KEY", "streamKey"), ("latencyy", "latency"), ("zzz", nil), ("", nil), ("bindaddress", nil),
    ]

    @Test(arguments: slips)
    func slipsFindTheNameThatWasMeant(name: String, meant: String?) {
        #expect(NearestName.find(name, among: ["port", "address", "streamKey", "latency"]) == meant)
    }

    @Test func aNameFromOutsideMayBeOfAnyLength() {
        #expect(NearestName.find(String(repeating: "a", count: 1_000_000), among: ["port"]) == nil)
    }
}
