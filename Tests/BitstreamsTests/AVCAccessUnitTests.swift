import Bitstreams
import Bytes
import Testing

@Suite struct AVCAccessUnitTests {
    typealias Units = Fixtures.NALUnits

    /// `units` behind lengths of `lengthSize` bytes.
    static func accessUnit(_ units: [[UInt8]], lengthSize: Int = 4) -> ByteChunk {
        ByteChunk(
            units.flatMap { unit in
                (0..<lengthSize).map { UInt8(truncatingIfNeeded: unit.count >> (8 * (lengthSize - 1 - $0))) } + unit
            })
    }

    static func address(_ chunk: ByteChunk) -> UnsafeRawPointer? { chunk.withUnsafeBytes(\.baseAddress) }

    @Test func anAccessUnitWithNothingToStripIsNotCopied() throws {
        let message: [UInt8] = [6, 5, 1, 0, 0x80]
        let source = Self.accessUnit([message, Units.idrSlice, Units.idrSlice])
        let unit = try AVCAccessUnit(source, lengthSize: 4)
        #expect(unit.data == source)
        #expect(Self.address(unit.data) == Self.address(source))
        #expect(unit.isIDR && unit.containsPicture)
        #expect(unit.inBandParameterSets.isEmpty)
    }

    @Test func whatIsLeftInOnePieceIsNotCopied() throws {
        let source = Self.accessUnit([
            Units.delimiter, Units.sequenceParameterSet, Units.pictureParameterSet, Units.idrSlice,
        ])
        let unit = try AVCAccessUnit(source, lengthSize: 4)
        #expect(unit.data == Self.accessUnit([Units.idrSlice]))
        #expect(Self.address(unit.data) == Self.address(source).map { $0 + (source.count - unit.data.count) })
        #expect(unit.inBandParameterSets.map(\.array) == [Units.sequenceParameterSet, Units.pictureParameterSet])
    }

    @Test(arguments: [1, 2, 4])
    func strippingLeavesTheRestInOrderWithFourByteLengths(lengthSize: Int) throws {
        let source = Self.accessUnit(
            [
                Units.delimiter, [6, 1], Units.sequenceParameterSet, Units.slice, [], Units.slice, [0x6D, 1],
                Units.idrSlice, Units.pictureParameterSet,
            ], lengthSize: lengthSize)
        let unit = try AVCAccessUnit(source, lengthSize: lengthSize)
        #expect(unit.data == Self.accessUnit([[6, 1], Units.slice, Units.slice, Units.idrSlice]))
        #expect(
            unit.inBandParameterSets.map(\.array) == [
                Units.sequenceParameterSet, [0x6D, 1], Units.pictureParameterSet,
            ])
    }

    @Test(arguments: [1, 2])
    func shortLengthsBecomeFourBytes(lengthSize: Int) throws {
        let source = Self.accessUnit([Units.slice, Units.slice], lengthSize: lengthSize)
        let unit = try AVCAccessUnit(source, lengthSize: lengthSize)
        #expect(unit.data == Self.accessUnit([Units.slice, Units.slice]))
        #expect(!unit.isIDR && unit.containsPicture)
    }

    @Test func anAccessUnitWithoutASliceIsNoPicture() throws {
        let parametersOnly = try AVCAccessUnit(Self.accessUnit([Units.sequenceParameterSet]), lengthSize: 4)
        #expect(parametersOnly.data.isEmpty && !parametersOnly.containsPicture)
        let messageOnly = try AVCAccessUnit(Self.accessUnit([[6, 1]]), lengthSize: 4)
        #expect(messageOnly.data.count == 6 && !messageOnly.containsPicture)
        let nothing = try AVCAccessUnit(ByteChunk(), lengthSize: 2)
        #expect(nothing.data.isEmpty && !nothing.containsPicture)
    }

    @Test func aUnitOfUnknownTypeStays() throws {
        let source = Self.accessUnit([[0x1F, 1], [0, 1], Units.slice])
        #expect(try AVCAccessUnit(source, lengthSize: 4).data == source)
    }

    @Test func aLengthBeyondTheEndIsRefused() {
        let good = Self.accessUnit([Units.slice]).array
        let overrun = ByteChunk(good + [0, 0, 0, 3, 1, 2])
        let torn = ByteChunk(good + [0, 0, 0])
        let huge = ByteChunk([0xFF, 0xFF, 0xFF, 0xFF, 1])
        for (source, offset) in [(overrun, good.count), (torn, good.count), (huge, 0)] {
            #expect(throws: BitstreamError.unexpectedEnd(offset: offset)) {
                try AVCAccessUnit(source, lengthSize: 4)
            }
        }
    }

    @Test(arguments: [1, 2, 4])
    func aDamagedAccessUnitIsAValueOrATypedError(lengthSize: Int) {
        let source = Self.accessUnit(
            [Units.delimiter, Units.sequenceParameterSet, Units.pictureParameterSet, Units.idrSlice, Units.slice],
            lengthSize: lengthSize)
        var (refusals, values) = (0, 0)
        for damaged in damagedCopies(of: source.array) {
            do throws(BitstreamError) {
                let unit = try AVCAccessUnit(ByteChunk(damaged), lengthSize: lengthSize)
                // What comes out is well formed and has nothing more to strip.
                let again = try AVCAccessUnit(unit.data, lengthSize: 4)
                #expect(again.data == unit.data && again.inBandParameterSets.isEmpty)
                values += 1
            } catch {
                refusals += 1
            }
        }
        #expect(refusals > 50 && values > 50)
    }
}
