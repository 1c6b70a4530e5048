import Bitstreams
import Bytes
import Media
import TestTools
import Testing

/// What libvpx makes, ready for a `vp09` sample entry.
@Suite(.enabled(if: Tool.areThere, "ffmpeg and ffprobe are not there to make the streams"))
struct VP9StreamReaderTests {
    struct Coding: CustomTestStringConvertible {
        var pixels: String
        var options = ""
        var codecString: String
        var colour: ColourDescription?

        var testDescription: String { "\(pixels) \(options)" }
    }

    static let codings: [Coding] = [
        Coding(pixels: "yuv420p", codecString: "vp09.00.10.08"),
        Coding(
            pixels: "yuv420p", options: "-colorspace bt709 -color_range pc",
            codecString: "vp09.00.10.08.01.02.02.01.01",
            colour: ColourDescription(primaries: 2, transfer: 2, matrix: 1, isFullRange: true)),
        Coding(
            pixels: "yuv420p10le", options: "-colorspace bt2020nc", codecString: "vp09.02.10.10.01.02.02.09.00",
            colour: ColourDescription(primaries: 2, transfer: 2, matrix: 9, isFullRange: false)),
        Coding(pixels: "yuv444p", codecString: "vp09.01.10.08.03.02.02.02.00"),
        Coding(pixels: "yuv422p12le", codecString: "vp09.03.10.12.02.02.02.02.00"),
        Coding(
            pixels: "gbrp", codecString: "vp09.01.10.08.03.02.02.00.01",
            colour: ColourDescription(primaries: 2, transfer: 2, matrix: 0, isFullRange: true)),
    ]

    @Test(.timeLimit(.minutes(10)), arguments: codings)
    func framesBecomeSamples(coding: Coding) throws {
        let encoded = try EncodedPackets(pictures: coding.pixels, "\(Self.encoder) \(coding.options)")
        let record = try encoded.box("vpcC")
        // With the version and the flags of its box, without, and not at all
        for record in [record, record[4..<record.count], nil] {
            var reader = VP9StreamReader()
            if let record { try reader.configure(record) }
            #expect(try reader.track == nil && reader.read(encoded.packets[1]) == nil)
            let reading = try PacketReading(&reader, encoded.packets)
            #expect(
                reading.samples.map { EncodedPackets.Reference(data: $0.data, isKey: $0.isSync) }
                    == encoded.references)
            #expect(reading.samples.count { $0.isSync } == 3 && Set(reading.tracks).count == 1)
            let track = try #require(reader.track)
            #expect(track.codec == .vp9 && track.timescale == .video)
            #expect(track.format == .video(VideoFormat(width: 160, height: 90, colour: coding.colour)))
            #expect(track.codecString == coding.codecString)
        }
        let track = try Track(vpCodecConfiguration: record, keyFrame: encoded.packets[0])
        #expect(track.decoderConfiguration == record)
        #expect(throws: BitstreamError.missing("key frame")) {
            try Track(vpCodecConfiguration: record, keyFrame: encoded.packets[1])
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func theRecordAddsWhatFramesDoNotSay() throws {
        let frame = try Self.ordinary().packets[0]
        // Level 4.1; chroma between two rows; HLG, and a full range that the frame denies
        let record: [UInt8] = [0, 41, 0x81, 9, 18, 9, 0, 0]
        let track = try Track(vpCodecConfiguration: ByteChunk(record), keyFrame: frame)
        #expect(track.codecString == "vp09.00.41.08.00.09.18.09.00")
        #expect(track.decoderConfiguration.array == [1, 0, 0, 0, 0, 41, 0x80, 9, 18, 9, 0, 0])
        // What the frame denies is not believed: 4:4:4 in 12 bits at a level that there is not.
        let other = try Track(vpCodecConfiguration: ByteChunk([3, 99, 0xC6, 1, 1, 1, 0, 0]), keyFrame: frame)
        #expect(other.codecString == "vp09.00.10.08")
        #expect(other.decoderConfiguration.array == [1, 0, 0, 0, 0, 10, 0x82, 1, 1, 1, 0, 0])
        for (record, error) in [
            ([4, 10, 0x82, 2, 2, 2, 0, 0], BitstreamError.unsupported("VP9 profile 4")),
            ([0, 10, 0x92, 2, 2, 2, 0, 0], .invalid("bitDepth", offset: 2)),
            ([1, 0, 0, 0, 0, 10, 0x88, 2, 2, 2, 0, 0], .invalid("chromaSubsampling", offset: 6)),
        ] as [([UInt8], BitstreamError)] {
            #expect(throws: error) { try VPCodecConfiguration(record: ByteChunk(record)) }
        }
    }

    static let levels: [(size: String, level: String)] = [
        ("256x144", "10"), ("768x96", "11"), ("480x256", "20"), ("640x384", "21"), ("960x576", "30"),
        ("1280x720", "31"), ("1920x1080", "40"), ("3840x2160", "50"), ("64x5000", "50"),
    ]

    @Test(.timeLimit(.minutes(10)), arguments: levels)
    func theLevelIsThatOfThePictures(size: String, level: String) throws {
        let encoded = try EncodedPackets(pictures: "yuv420p", size: size, frames: 1, Self.encoder)
        #expect(
            try Track(vpCodecConfiguration: nil, keyFrame: encoded.packets[0]).codecString == "vp09.00.\(level).08")
        // ffmpeg, too, goes by their size here, but not by their sides.
        let theirs = try encoded.box("vpcC").array[5]
        #expect("\(theirs)" == level || size == "64x5000")
    }

    @Test(.timeLimit(.minutes(10)))
    func aKeyFrameOfAnotherSizeIsANewTrack() throws {
        let (first, second) = (
            try Self.ordinary(), try EncodedPackets(pictures: "yuv420p", size: "320x180", Self.encoder)
        )
        var reader = VP9StreamReader()
        try reader.configure(try first.box("vpcC"))
        let reading = try PacketReading(&reader, first.packets + second.packets)
        let sizes = reading.tracks.map { $0?.format }
        #expect(sizes.prefix(14).allSatisfy { $0 == .video(VideoFormat(width: 160, height: 90)) })
        #expect(sizes.suffix(14).allSatisfy { $0 == .video(VideoFormat(width: 320, height: 180)) })
        // A record is in force from the next key frame on.
        try reader.configure(ByteChunk([0, 41, 0x82, 2, 2, 2, 0, 0]))
        #expect(try reader.read(second.packets[1]) != nil && reader.track == reading.tracks.last)
        #expect(try reader.read(second.packets[0]) != nil && reader.track?.codecString == "vp09.00.41.08")
    }

    @Test func theShapeOfSamplesIsThatOfTheSizeOnScreen() throws {
        // 720 × 576, to be shown as 1024 × 576
        var writer = SyntaxWriter()
        writer.u(8, 0b10_00_0_0_1_0)
        writer.u(24, 0x49_8342)
        // Unknown colours, studio range
        writer.u(4, 0)
        writer.u(16, 719)
        writer.u(16, 575)
        writer.flag(true)
        writer.u(16, 1023)
        writer.u(16, 575)
        let track = try Track(vpCodecConfiguration: nil, keyFrame: ByteChunk(writer.bytes))
        #expect(
            track.format
                == .video(VideoFormat(width: 720, height: 576, sampleAspectRatio: AspectRatio(64, 45))))
        for copy in damagedCopies(of: writer.bytes) {
            _ = try? Track(vpCodecConfiguration: nil, keyFrame: ByteChunk(copy))
        }
    }

    /// Some encoders put out each frame by itself, also those that are not shown.
    @Test(.timeLimit(.minutes(10)))
    func framesThatAreNotShownJoinTheNextThatIs() throws {
        let encoded = try EncodedPackets(
            pictures: "yuv420p", frames: 40, passes: 2, Self.hidingEncoder)
        let single = try encoded.packets.flatMap { packet in try Self.frames(of: packet) }
        #expect(single.count > encoded.packets.count)
        var reader = VP9StreamReader()
        let reading = try PacketReading(&reader, single)
        #expect(
            reading.samples.map { EncodedPackets.Reference(data: $0.data, isKey: $0.isSync) } == encoded.references)
        // There are at most eight in one.
        let hidden = ByteChunk([0b10_00_0_1_0_0, 0])
        for _ in 0..<8 { #expect(try reader.read(hidden) == nil) }
        #expect(throws: BitstreamError.unsupported("so many frames that are not shown")) { try reader.read(hidden) }
        // What was not shown before a key frame is of no use to it.
        #expect(try reader.read(hidden) == nil)
        #expect(try reader.read(encoded.packets[0])?.data == encoded.packets[0])
    }

    @Test(.timeLimit(.minutes(10)))
    func damageEndsInASampleOrAnError() throws {
        let encoded = try EncodedPackets(
            pictures: "yuv420p", frames: 40, passes: 2, Self.hidingEncoder)
        let packet = try #require(encoded.packets.first { ($0.array.last ?? 0) & 0xE0 == 0xC0 })
        var reader = VP9StreamReader()
        _ = try reader.read(encoded.packets[0])
        let ends = packet.array.suffix(12)
        for copy in damagedCopies(of: Array(ends)) {
            _ = try? reader.read(ByteChunk(packet.array.dropLast(12) + copy))
        }
        for copy in damagedCopies(of: Array(encoded.packets[0].array.prefix(20))) {
            _ = try? reader.read(ByteChunk(copy))
        }
        for copy in damagedCopies(of: try encoded.box("vpcC").array) { try? reader.configure(ByteChunk(copy)) }
        // An index that counts more than there is
        #expect(throws: BitstreamError.unexpectedEnd(offset: 2)) {
            try reader.read(ByteChunk([0x82, 0x00, 0xC0, 0x03, 0xC0]))
        }
        #expect(throws: BitstreamError.unexpectedEnd(offset: 0)) { try reader.read(ByteChunk()) }
    }

    private static let encoder = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 6"

    /// With frames that are not shown.
    private static let hidingEncoder =
        "-c:v libvpx-vp9 -deadline good -cpu-used 4 -auto-alt-ref 1 -lag-in-frames 16 -g 20 -b:v 100k"

    private static func ordinary() throws -> EncodedPackets { try EncodedPackets(pictures: "yuv420p", encoder) }

    /// The frames in a superframe, by its index alone.
    private static func frames(of packet: ByteChunk) throws -> [ByteChunk] {
        let bytes = packet.array
        guard let last = bytes.last, last & 0xE0 == 0xC0 else { return [packet] }
        let (count, width) = (Int(last & 7) + 1, Int(last >> 3 & 3) + 1)
        let index = bytes.count - 2 - count * width
        try #require(bytes[index] == last)
        var start = 0
        return (0..<count).map { frame in
            let size = bytes[(index + 1 + frame * width)..<(index + 1 + (frame + 1) * width)].reversed()
                .reduce(0) { $0 << 8 | Int($1) }
            defer { start += size }
            return packet[start..<(start + size)]
        }
    }
}
