import Configuration
import FoundationEssentials
import HeadwaterServer
import Testing

/// What people read is made from the declarations; these tests fail when the two drift apart.
@Suite struct DocumentationTests {
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    static func file(_ name: String) throws -> String {
        try String(contentsOf: root.appending(path: name), encoding: .utf8)
    }

    @Test func theReadmeHasTheTableOfAllKeys() throws {
        let table = ConfigurationLoader<ServerSettings>().documentationTable()
        let readme = try Self.file("README.md")
        #expect(
            readme.contains("<!-- configuration -->\n\(table.trimmedLines)\n<!-- /configuration -->"),
            "put the output of `headwater config table` between the two comments")
    }

    /// As it stands, and with its channel.
    @Test func theExampleFileIsAConfiguration() throws {
        let example = ConfigurationLoader<ServerSettings>().exampleFile()
        var withChannel = example
        for (comment, line) in [("//channels: [", "channels: ["), ("//{ id", "{ id"), ("  //],", "  ],")] {
            withChannel = withChannel.replacing(comment, with: line)
        }
        for (text, channels) in [(example, 0), (withChannel, 1)] {
            let loader = ConfigurationLoader<ServerSettings> { _ in Array(text.utf8) }
            #expect(try loader.load(arguments: [], environment: [:]).settings.channels.count == channels)
        }
    }

    @Test func theExampleFileHasEveryKey() throws {
        let example = ConfigurationLoader<ServerSettings>().exampleFile()
        #expect(
            try Self.file("Deploy/headwater.example.json5").trimmedLines == example.trimmedLines,
            "write the output of `headwater config example` there")
    }
}

extension String {
    fileprivate var trimmedLines: String {
        var text = Substring(self)
        while text.last == "\n" { text = text.dropLast() }
        while text.first == "\n" { text = text.dropFirst() }
        return String(text)
    }
}
