import Testing

@testable import HLSRules

/// A source's clock is not the wall clock: dates may drift beside media time, by 500 ppm.
@Suite struct DateDriftTests {
    /// What is broken when the dates of both renditions run ahead by so many milliseconds.
    private static func violations(_ ahead: [Int]) -> Set<Rule> {
        var history = MediaHistory()
        for (segment, milliseconds) in ahead.enumerated() {
            for folder in [MediaHistory.video, MediaHistory.audio] {
                let text = String(decoding: history.bodies[folder + "index.m3u8"] ?? [], as: UTF8.self)
                history.bodies[folder + "index.m3u8"] = Array(
                    text.replacing("00:00:0\(segment * 2).000Z", with: "00:00:0\(segment * 2).00\(milliseconds)Z").utf8)
            }
        }
        return history.violations()
    }

    @Test(
        arguments: zip(
            [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 3, 4], [0, 2, 3, 5], [5, 3, 2, 0], [0, 0, 0, 4]],
            [false, false, false, true, true, true]))
    func datesMayDriftAsMuchAsQuartzDoes(ahead: [Int], isBroken: Bool) {
        #expect(Self.violations(ahead) == (isBroken ? [.dateMapping] : []))
    }

    @Test func aStepAfterALongTimeIsFound() {
        for (slew, drift) in [(0.0005, 0.0005), (0.0005, -0.0005), (0.0005, 0)] {
            var mapping = DateMapping(offset: 7, at: 100, slew: slew)
            for second in stride(from: 102.0, through: 5000, by: 2) {
                let offset = 7 + drift * (second - 100)
                #expect(mapping.error(of: offset, at: second) < 1e-9)
                mapping.add(offset, at: second)
            }
            let offset = 7 + drift * 4902
            for step in [0.01, -0.01] { #expect(mapping.error(of: offset + step, at: 5002) > 0.007) }
            // One that comes late has its time for drifting, too.
            #expect(mapping.error(of: 7 + drift * 4800, at: 4900) < 1e-9)
        }
    }
}
