import Bytes
import HLSRules
import Testing

/// Each rule of date ranges is broken once, and only that break is found.
@Suite struct DateRangeFaultTests {
    /// Changes what the playlist of one of two renditions says when so many parts have been published.
    static func fault(
        _ description: String, _ rule: Rule,
        _ change: @escaping @Sendable (_ ranges: [String], _ parts: Int, _ isSecond: Bool) -> [String]
    ) -> Fault {
        Fault(description, rule) { Set(violations(change)) }
    }

    /// Writes something else, at `parts` parts and after.
    static func fault(
        _ description: String, _ rule: Rule, from parts: Int = 0, _ old: String, _ new: String
    ) -> Fault {
        fault(description, rule) { ranges, now, _ in
            now < parts ? ranges : ranges.map { $0.replacing(old, with: new) }
        }
    }

    /// A range that has passed, a lasting one, and a break that is announced first and closed later.
    static func ranges(parts: Int) -> [String] {
        let day = "2026-11-21T00:00:"
        var ranges = ["ID=\"show\",CLASS=\"show\",START-DATE=\"\(day)00.000Z\",END-ON-NEXT=YES"]
        if parts < 46 { ranges.append("ID=\"old\",START-DATE=\"\(day)01.000Z\",DURATION=0.5") }
        if parts >= 42 {
            ranges.append("ID=\"ad\",START-DATE=\"\(day)20.000Z\",PLANNED-DURATION=4,SCTE35-OUT=0xFC30")
        }
        if parts >= 50 {
            let end = "DURATION=4.500,END-DATE=\"\(day)24.500Z\",SCTE35-IN=0xFC31"
            ranges.append("ID=\"ad\",START-DATE=\"\(day)20.000Z\",\(end)")
        }
        return ranges
    }

    static let faults = [
        fault("a range has no start", .dateRange, "START-DATE=\"2026-11-21T00:00:00.000Z\",", ""),
        fault("a start is no date", .dateRange, "\"2026-11-21T00:00:00.000Z\"", "\"yesterday\""),
        fault("a range that ends with the next has no class", .dateRange, "CLASS=\"show\",", ""),
        fault("a range that ends with the next has a duration", .dateRange, "NEXT=YES", "NEXT=YES,DURATION=99"),
        fault("a value changes", .dateRangeConstant, from: 45, "PLANNED-DURATION=4,", "PLANNED-DURATION=5,"),
        fault("a later tag has another value", .dateRangeConstant, "20.000Z\",DURATION", "20.100Z\",DURATION"),
        fault("an ID is used again", .dateRangeConstant) { ranges, parts, _ in
            parts < 48 ? ranges : ranges + ["ID=\"old\",START-DATE=\"2026-11-21T00:00:23.000Z\""]
        },
        fault("the end is not that of the duration", .dateRangeEnd, "DURATION=4.500", "DURATION=4.600"),
        fault("the end lies before the start", .dateRangeEnd) { ranges, _, _ in
            ranges.map {
                $0.replacing("DURATION=4.500,", with: "").replacing("24.500Z", with: "19.500Z")
            }
        },
        fault("a range is removed early", .dateRangeRemoval) { ranges, parts, _ in
            parts < 47 || parts >= 50 ? ranges : ranges.filter { !$0.contains("ad") }
        },
        fault("a range that has not passed is removed", .dateRangeRemoval) { ranges, parts, _ in
            parts < 47 ? ranges : ranges.filter { !$0.contains("ad") }
        },
        fault("a splice has half a byte", .dateRangeSplice, "0xFC30", "0xFC3"),
        fault("a splice has no prefix", .dateRangeSplice, "0xFC30", "FC30"),
        fault("a splice is in lower case", .dateRangeSplice, "0xFC30", "0xfc30"),
        fault("a splice is quoted", .dateRangeSplice, "0xFC30", "\"0xFC30\""),
        fault("a playlist lacks a range", .dateRangeShared) { ranges, _, isSecond in
            isSecond ? ranges.filter { !$0.contains("ad") } : ranges
        },
        fault("the first playlist lacks a range", .dateRangeShared) { ranges, _, isSecond in
            isSecond ? ranges : ranges.filter { !$0.contains("ad") }
        },
    ]

    static func violations(_ change: (_ ranges: [String], _ parts: Int, _ isSecond: Bool) -> [String]) -> [Rule] {
        var history = PresentationHistory()
        var rules: [Rule] = []
        for step in 0..<28 {
            let (parts, isSecond) = (40 + step / 2, step % 2 == 1)
            let lines = change(ranges(parts: parts), parts, isSecond).map { "#EXT-X-DATERANGE:\($0)\n" }.joined()
            let text = PlaylistHistory.playlist(parts: parts, firstSegment: parts / 4 - 9) + lines
            let time = Double(parts) * 0.5 + (isSecond ? 0.02 : 0)
            let found = history.observe(
                Observation(
                    .playlist(.plain), url: PlaylistHistory.url.replacing("audio", with: isSecond ? "video" : "audio"),
                    sentAt: time - 0.01, arrivedAt: time, status: 200,
                    headers: PlaylistHistory.headers.map { (name: $0.0, value: $0.1) },
                    body: ByteChunk([UInt8](text.utf8))))
            for violation in found where !rules.contains(violation.rule) { rules.append(violation.rule) }
        }
        return rules
    }

    @Test func correctDateRangesBreakNoRule() {
        #expect(Self.violations { ranges, _, _ in ranges } == [])
    }

    @Test func aPlaylistMayBeOnePositionBehind() {
        #expect(Self.violations { _, parts, isSecond in Self.ranges(parts: isSecond ? parts - 1 : parts) } == [])
    }

    @Test func aPlaylistMayHaveNoneAtAll() {
        #expect(Self.violations { ranges, _, isSecond in isSecond ? [] : ranges } == [])
    }
}
