import MPEGTS
import Testing

/// What types and descriptors make of a stream.
struct StreamKindTests {
    struct Case: CustomTestStringConvertible {
        let type: UInt8
        var descriptors: [UInt8] = []
        let kind: StreamKind

        var testDescription: String { "\(kind) by \(type), \(descriptors)" }
    }

    private static func registration(_ code: String) -> [UInt8] { [0x05, 4] + Array(code.utf8) }

    /// A metadata descriptor whose application and format have identifiers.
    private static func metadata(_ code: String) -> [UInt8] {
        [0x26, 13, 0xFF, 0xFF] + Array("ID3 ".utf8) + [0xFF] + Array(code.utf8) + [0, 0x0F]
    }

    static let cases: [Case] = [
        Case(type: 0x1B, kind: .h264),
        Case(type: 0x24, kind: .hevc),
        Case(type: 0x0F, kind: .aacADTS),
        Case(type: 0x11, kind: .aacLATM),
        Case(type: 0x03, kind: .mp2),
        Case(type: 0x04, kind: .mp2),
        Case(type: 0x81, kind: .ac3),
        Case(type: 0x81, descriptors: registration("AC-3"), kind: .ac3),
        Case(type: 0x87, kind: .eac3),
        Case(type: 0x86, kind: .splices),
        Case(type: 0x86, descriptors: registration("CUEI"), kind: .splices),
        Case(type: 0x06, kind: .privateData),
        Case(type: 0x06, descriptors: [0x6A, 1, 0], kind: .ac3),
        Case(type: 0x06, descriptors: [0x7A, 1, 0], kind: .eac3),
        Case(type: 0x06, descriptors: registration("AC-3"), kind: .ac3),
        Case(type: 0x06, descriptors: registration("EAC3"), kind: .eac3),
        Case(type: 0x06, descriptors: registration("HEVC"), kind: .hevc),
        Case(type: 0x06, descriptors: registration("KLVA"), kind: .klv),
        Case(type: 0x06, descriptors: registration("ID3 "), kind: .id3),
        Case(type: 0x06, descriptors: registration("Opus") + [0x7F, 2, 0x80, 6], kind: .opus(channelConfigCode: 6)),
        Case(type: 0x06, descriptors: [0x7F, 2, 0x80, 1] + registration("Opus"), kind: .opus(channelConfigCode: 1)),
        Case(type: 0x06, descriptors: registration("Opus"), kind: .opus(channelConfigCode: 2)),
        Case(type: 0x06, descriptors: [0x7F, 2, 0x80, 6], kind: .privateData),
        Case(type: 0x06, descriptors: registration("ABCD"), kind: .privateData),
        Case(type: 0x15, kind: .privateData),
        Case(type: 0x15, descriptors: metadata("ID3 "), kind: .id3),
        Case(type: 0x15, descriptors: metadata("KLVA"), kind: .klv),
        Case(type: 0x15, descriptors: registration("KLVA"), kind: .klv),
        Case(type: 0x02, kind: .other(0x02)),
        // Descriptors that end before their end, or are too short for what they should say.
        Case(type: 0x06, descriptors: [0x6A], kind: .privateData),
        Case(type: 0x06, descriptors: [0x05, 9] + Array("KLVA".utf8), kind: .privateData),
        Case(type: 0x06, descriptors: [0x05, 3] + Array("KLV".utf8), kind: .privateData),
        Case(type: 0x15, descriptors: [0x26, 7, 0xFF, 0xFF] + Array("ID3 ".utf8) + [0xFF], kind: .privateData),
        Case(type: 0x15, descriptors: [0x26, 3, 0xFF, 0xFF, 0], kind: .privateData),
    ]

    private static func stream(_ type: UInt8, _ descriptors: [UInt8]) -> TransportProgram.Stream? {
        var writer = StreamWriter()
        writer.writeSection(on: 0, StreamWriter.association([(1, StreamWriter.map)]))
        writer.writeSection(on: StreamWriter.map, StreamWriter.map(streams: [(type, 0x100, descriptors)]))
        return Reading(writer.bytes).programs.first?.streams.first
    }

    @Test(arguments: cases) func typesAndDescriptorsTellTheKind(of stream: Case) {
        let read = Self.stream(stream.type, stream.descriptors)
        #expect(read?.kind == stream.kind && read?.type == stream.type && read?.pid == 0x100)
    }

    @Test func languagesAreThreeLetters() {
        let german: [UInt8] = [0x0A, 4] + Array("deu".utf8) + [3]
        let english: [UInt8] = [0x0A, 4] + Array("eng".utf8) + [0]
        #expect(Self.stream(0x0F, german + english)?.language == "deu")
        #expect(Self.stream(0x0F, german)?.audioType == 3)
        #expect(Self.stream(0x0F, [0x0A, 4, 0x64, 0, 0x75, 0])?.language == nil)
        #expect(Self.stream(0x0F, [0x0A, 4, 0x64, 0xE4, 0x75, 0])?.language == nil)
        #expect(Self.stream(0x0F, [0x0A, 3, 0x64, 0x65, 0x75])?.language == nil)
    }
}
