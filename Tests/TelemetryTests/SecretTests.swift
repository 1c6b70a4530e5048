import Telemetry
import Testing

@Suite struct SecretTests {
    struct Settings {
        var name = "news"
        var streamKey = Secret("hunter2")
        var older: Secret<[UInt8]>? = Secret(Array("hunter2".utf8))
    }

    @Test func noWayOfPrintingShowsTheValue() {
        let settings = Settings()
        var dumped = ""
        dump(settings, to: &dumped)
        let texts = [
            "\(settings)", "\(settings.streamKey)", String(reflecting: settings), dumped,
            String(describing: [settings.streamKey]), "\(String(describing: settings.older))",
            "\(Mirror(reflecting: settings.streamKey).children.map(\.value))",
        ]
        for text in texts {
            #expect(!text.contains("hunter2") && !text.contains("104, 117"))
            #expect(text.contains("***"))
        }
        #expect(settings.streamKey.exposed == "hunter2")
    }

    @Test func secretsAreEqualWhenTheirValuesAre() {
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
        #expect(Secret([1, 2] as [UInt8]) == Secret([1, 2]))
        #expect(Secret([1, 2] as [UInt8]) != Secret([1]))
    }
}
