import Bitstreams
import Bytes
import Media
import TestTools
import Testing

/// What real encoders make, ready for an `av01` sample entry.
@Suite(.enabled(if: Tool.areThere, "ffmpeg and ffprobe are not there to make the streams"))
struct AV1StreamReaderTests {
    struct Coding: CustomTestStringConvertible {
        var pixels: String
        var options: String
        var codecString: String
        var colour: ColourDescription?

        var testDescription: String { "\(pixels) \(options)" }
    }

    static let codings: [Coding] = [
        Coding(pixels: "yuv420p", options: "-c:v libaom-av1 -cpu-used 8 -g 6", codecString: "av01.0.00M.08"),
        // Frames that are not shown, and some that are shown later.
        Coding(
            pixels: "yuv420p", options: "-c:v libaom-av1 -cpu-used 6 -g 7 -lag-in-frames 12 -auto-alt-ref 1",
            codecString: "av01.0.00M.08"),
        Coding(
            pixels: "yuv420p",
            options:
                "-c:v libaom-av1 -cpu-used 8 -g 6 -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv",
            codecString: "av01.0.00M.08",
            colour: ColourDescription(primaries: 1, transfer: 1, matrix: 1, isFullRange: false)),
        Coding(
            pixels: "yuv420p", options: "-c:v libaom-av1 -cpu-used 8 -g 6 -color_range pc",
            codecString: "av01.0.00M.08.0.110.02.02.02.1",
            colour: ColourDescription(primaries: 2, transfer: 2, matrix: 2, isFullRange: true)),
        Coding(
            pixels: "yuv420p10le",
            options:
                "-c:v libsvtav1 -preset 12 -g 6 -colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084",
            codecString: "av01.0.00M.10.0.110.09.16.09.0",
            colour: ColourDescription(primaries: 9, transfer: 16, matrix: 9, isFullRange: false)),
        Coding(
            pixels: "gray", options: "-c:v libaom-av1 -cpu-used 8 -g 6", codecString: "av01.0.00M.08.1.110.01.01.01.0"),
        Coding(
            pixels: "yuv444p", options: "-c:v libaom-av1 -cpu-used 8 -g 6",
            codecString: "av01.1.00M.08.0.000.01.01.01.0"),
        Coding(
            pixels: "gbrp", options: "-c:v libaom-av1 -cpu-used 8 -g 6",
            codecString: "av01.1.00M.08.0.000.01.13.00.1",
            colour: ColourDescription(primaries: 1, transfer: 13, matrix: 0, isFullRange: true)),
        Coding(
            pixels: "yuv422p12le", options: "-c:v libaom-av1 -cpu-used 8 -g 6",
            codecString: "av01.2.00M.12.0.100.01.01.01.0"),
        Coding(
            pixels: "yuv420p12le", options: "-c:v libaom-av1 -cpu-used 8 -g 6", codecString: "av01.2.00M.12"),
    ]

    @Test(.timeLimit(.minutes(10)), arguments: codings)
    func temporalUnitsBecomeSamples(coding: Coding) throws {
        let encoded = try EncodedPackets(pictures: coding.pixels, coding.options)
        let record = try encoded.box("av1C")
        var reader = AV1StreamReader()
        try reader.configure(record)
        #expect(reader.track?.codecString == coding.codecString)
        let reading = try PacketReading(&reader, encoded.packets)
        #expect(
            reading.samples.map { EncodedPackets.Reference(data: $0.data, isKey: $0.isSync) } == encoded.references)
        #expect(reading.samples.count { $0.isSync } > 1)
        #expect(Set(reading.tracks).count == 1)

        let track = try #require(reader.track)
        #expect(track.codec == .av1 && track.timescale == .video)
        #expect(track.format == .video(VideoFormat(width: 160, height: 90, colour: coding.colour)))
        #expect(track.codecString == coding.codecString)
        // Whoever knows the record alone knows the same track.
        #expect(try Track(av1CodecConfiguration: track.decoderConfiguration) == track)
        #expect(track.decoderConfiguration == record)
    }

    @Test(.timeLimit(.minutes(10)))
    func aStreamWithoutAConfigurationBeginsAtItsFirstKeyFrame() throws {
        let encoded = try Self.ordinary()
        var reader = AV1StreamReader()
        #expect(try reader.read(encoded.packets[1]) == nil)
        // Marker, version and the rest, but no units.
        try reader.configure(ByteChunk([0x81, 0, 0x0C, 0]))
        #expect(reader.track == nil)
        #expect(try reader.read(encoded.packets[1]) == nil)
        #expect(try reader.read(encoded.packets[0])?.isSync == true)
        #expect(try reader.track?.decoderConfiguration == encoded.box("av1C"))
        #expect(throws: BitstreamError.missing("sequence header")) {
            try Track(av1CodecConfiguration: ByteChunk([0x81, 0, 0x0C, 0]))
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func aKeyFrameWithoutASequenceHeaderGetsTheConfigurations() throws {
        let encoded = try Self.ordinary()
        var reader = AV1StreamReader()
        try reader.configure(try encoded.box("av1C"))
        // A temporal delimiter of two bytes; then the sequence header.
        let packet = encoded.packets[0].array
        #expect(packet.prefix(3) == [0x12, 0x00, 0x0A])
        let bare = ByteChunk(Array(packet[(4 + Int(packet[3]))...]))
        let sample = try #require(try reader.read(bare))
        #expect(sample == (try reader.read(encoded.packets[0])) && sample.data.count > bare.count)
        // There is none to give it: nobody could begin here, or go on.
        var other = AV1StreamReader()
        #expect(try other.read(bare) == nil)
    }

    @Test(.timeLimit(.minutes(10)))
    func aSequenceHeaderThatDiffersIsANewTrackAndOneThatIsRepeatedIsNot() throws {
        let (first, second) = (
            try Self.ordinary(), try EncodedPackets(pictures: "yuv420p", size: "320x180", Self.options)
        )
        var reader = AV1StreamReader()
        let record = try first.box("av1C")
        try reader.configure(record)
        let reading = try PacketReading(&reader, first.packets + second.packets + second.packets)
        let tracks = [try Track(av1CodecConfiguration: record), try Track(av1CodecConfiguration: second.box("av1C"))]
        #expect(
            reading.tracks == [first.packets.map { _ in tracks[0] }, (0..<28).map { _ in tracks[1] }].flatMap(\.self))
        // The stream has gone on to another; the configuration is one of long ago.
        try reader.configure(record)
        #expect(reader.track == tracks[1])
        // Behind a frame it is none for that frame; a picture that is no key frame changes nothing.
        let changed = first.packets[0].array[2..<(4 + Int(first.packets[0].array[3]))]
        let sample = try #require(try reader.read(ByteChunk(Array(changed) + second.packets[1].array)))
        #expect(!sample.isSync && reader.track == tracks[1])
    }

    /// SVT-AV1 makes its configuration before it has chosen its tools.
    @Test(.timeLimit(.minutes(10)))
    func aConfigurationOfAnotherMomentGivesWayToTheStreams() throws {
        let options = "-c:v libsvtav1 -preset 12 -g 6"
        let encoded = try EncodedPackets(pictures: "yuv420p", options)
        var record = try encoded.box("av1C").array
        // The last but one byte of the sequence header has tools.
        record[record.count - 3] ^= 0x01
        var reader = AV1StreamReader()
        try reader.configure(ByteChunk(record))
        let before = reader.track
        let reading = try PacketReading(&reader, encoded.packets)
        #expect(Set(reading.tracks) == [try Track(av1CodecConfiguration: encoded.box("av1C"))])
        #expect(!reading.tracks.contains(before))
        // It is repeated as it was.
        try reader.configure(ByteChunk(record))
        #expect(reader.track == reading.tracks[0])
    }

    @Test(.timeLimit(.minutes(10)))
    func whatDoesNotBelongIntoSamplesIsTakenOut() throws {
        let encoded = try Self.ordinary()
        var reader = AV1StreamReader()
        try reader.configure(try encoded.box("av1C"))
        let plain = encoded.references[1].data.array
        let padding: [UInt8] = [0x7A, 0x03, 0, 0, 0x80]
        let redundant: [UInt8] = [0x3A, 0x01, 0x80]
        #expect(try reader.read(ByteChunk([0x12, 0] + padding + plain + redundant + padding))?.data.array == plain)
        // Metadata stay, also with an extension of their header; and a unit of a type that is reserved.
        let metadata: [UInt8] = [0x2E, 0x08, 0x02, 0x01, 0x80]
        let reserved: [UInt8] = [0x4A, 0x01, 0x80]
        #expect(
            try reader.read(ByteChunk([0x12, 0] + metadata + padding + plain + reserved))?.data.array
                == metadata + plain + reserved)
        // The last unit need not say how long it is.
        #expect(plain[0] == 0x32)
        let (sizeLength, size) = Self.size(plain)
        try #require(1 + sizeLength + size == plain.count)
        let open = [0x30] + plain.dropFirst(1 + sizeLength)
        #expect(try reader.read(ByteChunk([0x12, 0] + open))?.data.array == open)
        // A key frame that is not shown, one that is, and an inter frame that is: show_existing_frame, frame_type, show_frame
        for (first, isSync) in [(0x00, false), (0x10, true), (0x30, false)] as [(UInt8, Bool)] {
            #expect(try reader.read(ByteChunk([0x32, 1, first]))?.isSync == isSync)
        }
        // Nothing is shown of headers alone.
        #expect(try reader.read(ByteChunk([0x12, 0] + metadata)) == nil)
        #expect(throws: BitstreamError.unsupported("a tile list")) { try reader.read(ByteChunk([0x42, 0])) }
        #expect(throws: BitstreamError.invalid("obu_forbidden_bit", offset: 2)) {
            try reader.read(ByteChunk([0x12, 0, 0xB2, 0]))
        }
        #expect(throws: BitstreamError.invalid("obu_size", offset: 1)) {
            try reader.read(ByteChunk([0x12] + [UInt8](repeating: 0xFF, count: 9)))
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func damageEndsInASampleOrAnError() throws {
        let encoded = try Self.ordinary()
        let record = try encoded.box("av1C")
        var reader = AV1StreamReader()
        try reader.configure(record)
        for copy in damagedCopies(of: record.array) { try? reader.configure(ByteChunk(copy)) }
        for copy in damagedCopies(of: Array(encoded.packets[0].array.prefix(60))) {
            _ = try? reader.read(ByteChunk(copy))
        }
    }

    private static let options = "-c:v libaom-av1 -cpu-used 8 -g 6 -lag-in-frames 0"

    private static func ordinary() throws -> EncodedPackets { try EncodedPackets(pictures: "yuv420p", options) }

    /// How many bytes the size of a unit takes, and the size.
    private static func size(_ unit: [UInt8]) -> (length: Int, size: Int) {
        let bytes = unit.dropFirst()
        let length = (bytes.firstIndex { $0 < 0x80 } ?? 1)
        return (length, bytes.prefix(length).reversed().reduce(0) { $0 << 7 | Int($1 & 0x7F) })
    }
}
