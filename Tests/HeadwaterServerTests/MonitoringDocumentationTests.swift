import FoundationEssentials
import Testing

/// Operators find every metric and every event of the sources in the README, and no others.
@Suite struct MonitoringDocumentationTests {
    @Test func theReadmeHasTheTableOfAllMetrics() throws {
        let listed = try Self.listed("metrics")
        let registered = try Self.code().matches(of: /"(headwater_[a-z_]+)"/).map { String($0.1) }
        #expect(listed.symmetricDifference(registered) == [])
    }

    @Test func theReadmeHasTheTableOfAllEvents() throws {
        let listed = try Self.listed("events")
        let call = /(?:debug|info|notice|warning|error|tell)\(\s*"([a-z]+\.[a-z_]+)"/
        let logged = try Self.code().matches(of: call).map { String($0.1) }
        #expect(listed.symmetricDifference(logged) == [])
    }

    /// The sources without their comments.
    private static func code() throws -> String {
        let root = DocumentationTests.root.appending(path: "Sources")
        let files = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }
        try #require(!files.isEmpty)
        return try files.map { file in
            try String(contentsOf: root.appending(path: file), encoding: .utf8).split(separator: "\n")
                .filter { !$0.drop(while: \.isWhitespace).hasPrefix("//") }.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// The names in the first column of the table between the comments `name`.
    private static func listed(_ name: String) throws -> Set<String> {
        let parts = try DocumentationTests.file("README.md").split(separator: "<!-- \(name) -->")
        let table = try #require(parts.last?.split(separator: "<!-- /\(name) -->").first)
        let names = table.split(separator: "\n").flatMap { row in
            (row.split(separator: "|").first ?? "").matches(of: /`([a-z_.]+)`/).map { String($0.1) }
        }
        #expect(Set(names).count == names.count, "each stands there once")
        return Set(names)
    }
}
