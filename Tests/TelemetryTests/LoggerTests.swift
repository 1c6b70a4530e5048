import FoundationEssentials
import Glibc
import Locks
import Telemetry
import Testing
import Time

/// Keeps what is logged.
final class RecordingSink: LogSink {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }

    func write(_ line: [UInt8]) { recorded.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
}

/// What a log line may hold.
enum LoggedValue: Decodable, Equatable {
    case text(String), number(Double), flag(Bool)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }
}

@Suite struct LoggerTests {
    let sink = RecordingSink()
    let clock = ManualClock(wallTime: WallTime(microseconds: 1_795_201_200_123_000))
    var logger: Logger { Logger(level: .info, sink: sink, clock: clock) }

    func decoded(_ line: String) throws -> [String: LoggedValue] {
        try JSONDecoder().decode([String: LoggedValue].self, from: Data(line.utf8))
    }

    @Test func anEventIsOneLineWithItsFieldsInOrder() {
        logger.info(
            "ingest.accepted",
            ["channel.id": .public("news"), "bytes": .public(12), "rate": .public(0.5), "first": .public(true)])
        #expect(
            sink.lines == [
                #"{"time":"2026-11-20T19:00:00.123Z","level":"info","event":"ingest.accepted","#
                    + #""channel.id":"news","bytes":12,"rate":0.5,"first":true}"# + "\n"
            ])
    }

    @Test(arguments: [
        "plain", "quote\" back\\slash", "line\nfeed\r\ttab", "\u{0}\u{1}\u{1B}[31m\u{7F}\u{9B}", "\u{2028}\u{2029}",
        "日本語 🎬 e\u{301}", "</script>",
    ])
    func anyTextSurvivesAsJSONOnOneLine(text: String) throws {
        logger.info("test", ["text": .public(text)])
        let line = try #require(sink.lines.first)
        #expect(line.utf8.filter { $0 == 0x0A }.count == 1 && line.hasSuffix("}\n"))
        #expect(!line.unicodeScalars.dropLast().contains { $0.properties.generalCategory == .control })
        #expect(try decoded(line)["text"] == .text(text))
    }

    @Test func numbersThatJSONLacksAndHugeValuesStayValid() throws {
        logger.info(
            "test",
            [
                "nan": .public(Double.nan), "infinite": .public(-Double.infinity), "small": .public(1e-300),
                "large": .public(UInt64.max), "long": .public(String(repeating: "é", count: 1_000_000)),
            ])
        let line = try #require(sink.lines.first)
        let fields = try decoded(line)
        #expect(fields["nan"] == .text("nan"))
        #expect(fields["infinite"] == .text("-inf"))
        #expect(fields["small"] == .number(1e-300))
        #expect(fields["large"] == .number(Double(Int64.max)))
        #expect(line.utf8.count < 5000)
    }

    @Test func secretsAndPersonalValuesAreNotShown() throws {
        logger.info("test", ["key": .secret(Secret("hunter2")), "peer.address": .personal("198.51.100.7")])
        let line = try #require(sink.lines.first)
        #expect(!line.contains("hunter2") && !line.contains("198.51"))
        let fields = try decoded(line)
        #expect(fields["key"] == .text("***"))
        guard case .text(let hash) = fields["peer.address"] else {
            Issue.record("the hash is a text")
            return
        }
        #expect(hash.utf8.count == 12)
    }

    @Test func aPersonalValueHasOneHashPerDayAndLogger() throws {
        func hash(_ logger: Logger, _ address: String) throws -> LoggedValue? {
            logger.info("test", ["peer": .personal(address)])
            return try decoded(try #require(sink.lines.last))["peer"]
        }
        let logger = logger
        let first = try hash(logger, "a")
        #expect(try hash(logger, "a") == first)
        #expect(try hash(logger.with(["x": .public(1)]), "a") == first)
        #expect(try hash(logger, "b") != first)
        #expect(try hash(self.logger, "a") != first)
        clock.advance(by: .seconds(5 * 3600))
        #expect(try hash(logger, "a") != first)
    }

    @Test func belowTheLevelNotEvenTheFieldsAreMade() {
        var made = 0
        func field() -> LogValue {
            made += 1
            return .public(made)
        }
        let logger = logger
        logger.debug("test", ["n": field()])
        #expect(made == 0 && sink.lines.isEmpty)
        logger.level = .debug
        logger.debug("test", ["n": field()])
        #expect(made == 1 && sink.lines.count == 1)
        logger.with([:]).level = .error
        logger.warning("test")
        logger.error("test")
        #expect(sink.lines.count == 2)
    }

    @Test func contextComesFirstAndReservedAndRepeatedNamesOccurOnce() throws {
        let logger = logger.with(["channel.id": .public("a"), "x": .public(1)])
        logger.notice("test", ["level": .public("fake"), "x": .public(2), "x": .public(3)])
        #expect(
            sink.lines == [
                #"{"time":"2026-11-20T19:00:00.123Z","level":"notice","event":"test","channel.id":"a","x":3}"# + "\n"
            ])
    }

    @Test func levelsHaveNamesAndAnOrder() {
        #expect(LogLevel.allCases.map(\.description) == ["debug", "info", "notice", "warning", "error"])
        #expect(LogLevel(name: "warning") == .warning)
        #expect(LogLevel(name: "loud") == nil)
        #expect(LogLevel.debug < .info && .warning < LogLevel.error)
    }
}

@Suite struct StandardErrorSinkTests {
    @Test func linesArriveWholeFromSeveralThreads() async throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let logger = Logger(sink: StandardErrorSink(descriptor: ends[1]))
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for _ in 0..<50 { logger.info("test", ["writer": .public(writer)]) }
                }
            }
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(ends[0], &bytes, bytes.count)
        let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 200)
        #expect(lines.allSatisfy { $0.hasPrefix(#"{"time":"#) && $0.hasSuffix("}") })
    }

    @Test(.timeLimit(.minutes(30)))
    func aReaderThatStopsCostsLinesNotTime() throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let sink = StandardErrorSink(descriptor: ends[1])
        let line = [UInt8](repeating: 0x61, count: 4096)
        for _ in 0..<1000 { sink.write(line) }
        #expect(sink.droppedLineCount > 900)
        var bytes = [UInt8](repeating: 0, count: 65_536)
        #expect(read(ends[0], &bytes, bytes.count) > 0)
        let before = sink.droppedLineCount
        sink.write(line)
        #expect(sink.droppedLineCount == before)
    }
}

@Suite struct LogRateLimiterTests {
    @Test func theFirstPassesAndThenOnePerInterval() {
        var limiter = LogRateLimiter()
        func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
        #expect(limiter.admit(at: at(0)) == .log(folded: 0))
        #expect(limiter.admit(at: at(1)) == .fold)
        #expect(limiter.admit(at: at(999)) == .fold)
        #expect(limiter.admit(at: at(1000)) == .log(folded: 2))
        #expect(limiter.admit(at: at(1500)) == .fold)
        #expect(limiter.drain() == 1)
        #expect(limiter.drain() == 0)
        #expect(limiter.admit(at: at(10_000)) == .log(folded: 0))
    }
}
