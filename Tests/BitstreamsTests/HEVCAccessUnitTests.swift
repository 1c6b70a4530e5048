import Bitstreams
import Bytes
import Media
import TestTools
import Testing

@Suite struct HEVCAccessUnitTests {
    private static func unit(_ type: UInt8, _ rest: UInt8...) -> [UInt8] { [type << 1, 1] + rest }

    @Test(arguments: [1, 2, 4])
    func whatIsNoPictureIsTakenOut(lengthSize: Int) throws {
        let sets = [Self.unit(32, 9), Self.unit(33, 9), Self.unit(34, 9)]
        let kept = [Self.unit(39, 5), Self.unit(19, 0x80), Self.unit(19, 0x00), Self.unit(40, 5)]
        let source = AVCAccessUnitTests.accessUnit(
            [Self.unit(35, 0x50), sets[0], sets[1], kept[0], kept[1], [], kept[2], Self.unit(38, 1), sets[2], kept[3]],
            lengthSize: lengthSize)
        let unit = try HEVCAccessUnit(source, lengthSize: lengthSize)
        #expect(unit.data == AVCAccessUnitTests.accessUnit(kept))
        #expect(unit.inBandParameterSets.map(\.array) == sets)
        #expect(unit.containsPicture && unit.access == .sync)
    }

    @Test func whatIsLeftInOnePieceIsNotCopied() throws {
        let source = AVCAccessUnitTests.accessUnit([Self.unit(35, 0x50), Self.unit(1, 0x80), Self.unit(40, 5)])
        let unit = try HEVCAccessUnit(source, lengthSize: 4)
        #expect(AVCAccessUnitTests.address(unit.data) == AVCAccessUnitTests.address(source).map { $0 + 7 })
        #expect(unit.data.count == source.count - 7)
    }

    @Test func parameterSetsAloneAreNoPicture() throws {
        let unit = try HEVCAccessUnit(AVCAccessUnitTests.accessUnit([Self.unit(33, 9)]), lengthSize: 4)
        #expect(!unit.containsPicture && unit.data.isEmpty && unit.access == .dependent)
    }

    /// Another layer is no picture of its own.
    @Test func onlyTheBaseLayerTellsWhereDecodingCanBegin() throws {
        let layered: [UInt8] = [1 << 1, 1 << 3 | 1, 0x80]
        let unit = try HEVCAccessUnit(
            AVCAccessUnitTests.accessUnit([Self.unit(20, 0x80), layered]), lengthSize: 4)
        #expect(unit.access == .sync)
    }

    @Test func everyPrefixEndsInAUnitOrAnError() {
        let source = AVCAccessUnitTests.accessUnit([Self.unit(39, 5), Self.unit(19, 0x80), Self.unit(40, 5)]).array
        let whole = (0...source.count).filter { count in
            (try? HEVCAccessUnit(ByteChunk(Array(source[..<count])), lengthSize: 4)) != nil
        }
        #expect(whole == [0, 7, 14, 21])
    }

    /// Pictures as in a byte stream, also where groups are open.
    @Test(
        .enabled(if: Tool.areThere, "ffmpeg is not there to encode"), .timeLimit(.minutes(30)),
        arguments: Encoding.all.filter { $0.codec == .hevc })
    func picturesAreThoseOfAByteStream(encoding: Encoding) throws {
        let video = try EncodedVideo(.hevc, encoding.options, parameters: encoding.parameters)
        let read = Reading(.hevc, video.packets).samples
        let units = try video.references.map { try HEVCAccessUnit($0.data, lengthSize: 4) }
        #expect(units.map(\.data) == read.map(\.data))
        #expect(units.map(\.access) == read.map(\.access))
        #expect(units.count { $0.access == .sync || $0.access == .openSync } > 1)
    }
}
