import Configuration
import HeadwaterServer
import Media
import Packaging
import Testing
import Transcoding

/// What the README says of transcoding is so.
@Suite struct TranscodingDocumentationTests {
    static func section() throws -> [Substring] {
        let lines = try DocumentationTests.file("README.md").split(separator: "\n", omittingEmptySubsequences: false)
        let rest = lines.drop { $0 != "## Transcoding" }.dropFirst()
        return Array(rest.prefix { !$0.hasPrefix("## ") })
    }

    @Test func itsTableHasTheLaddersWithANameAsTheyAre() throws {
        let lines = try Self.section()
        for preset in OutputPreset.allCases {
            let rungs = preset.renditions.map { rendition in
                if case .frame(let size) = rendition.extent { "\(size) \(rendition.bitRate)" } else { "" }
            }
            #expect(lines.contains("| `\(preset.rawValue)` | \(rungs.joined(separator: ", ")) |"))
        }
    }

    @Test(arguments: LatencyProfile.Name.allCases)
    func itsTableHasTheFiguresOfEachLatency(latency: LatencyProfile.Name) throws {
        let lines = try Self.section()
        let row = try #require(lines.first { $0.hasPrefix("| `\(latency.rawValue)` |") })
        let tuning = EncoderTuning(latency)
        func words(_ seconds: Double) -> String {
            seconds < 1
                ? "\(Int(seconds * 1000)) ms" : seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
        }
        let interval = OutputProfile(.hd).keyFrameInterval(for: LatencyProfile(latency))
        #expect(
            row.hasSuffix(
                "| \(words(interval.seconds)) | \(words(tuning.buffer.seconds)) (\(words(tuning.longestBuffer.seconds))) |"
            ))
    }

    @Test func itsExamplesAreChannels() throws {
        let blocks = try Self.section().split(separator: "```").enumerated().filter { $0.offset % 2 == 1 }
        #expect(blocks.count == 3)
        for (_, block) in blocks {
            let settings = try ServerSettingsTests.load("{ channels: [\(block.joined(separator: "\n"))] }")
            #expect(settings.channels.first?.output.profile.encodesPictures == true)
        }
    }
}
