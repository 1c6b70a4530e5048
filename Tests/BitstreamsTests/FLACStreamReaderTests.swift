import Bitstreams
import Bytes
import Media
import TestTools
import Testing

/// What ffmpeg's encoder makes, ready for a `fLaC` sample entry.
@Suite(.enabled(if: Tool.areThere, "ffmpeg and ffprobe are not there to make the streams"))
struct FLACStreamReaderTests {
    struct Coding: CustomTestStringConvertible {
        var rate: Int
        var layout: String
        var channelCount: Int
        var options = ""
        var format = "s16"
        var bitsPerSample: UInt8 = 16
        var blockSize: Int

        var testDescription: String { "\(rate) \(layout) \(options)" }
    }

    static let codings: [Coding] = [
        Coding(rate: 48_000, layout: "stereo", channelCount: 2, blockSize: 4608),
        Coding(rate: 44_100, layout: "mono", channelCount: 1, options: "-frame_size 1152", blockSize: 1152),
        Coding(rate: 32_000, layout: "5.1", channelCount: 6, options: "-frame_size 1024", blockSize: 1024),
        Coding(
            rate: 96_000, layout: "stereo", channelCount: 2, options: "-frame_size 192", format: "s32",
            bitsPerSample: 24, blockSize: 192),
        // Numbers of samples, and rates, that have no code of their own.
        Coding(rate: 12_000, layout: "stereo", channelCount: 2, options: "-frame_size 200", blockSize: 200),
        Coding(rate: 11_025, layout: "quad", channelCount: 4, options: "-frame_size 1000", blockSize: 1000),
        Coding(rate: 64_120, layout: "mono", channelCount: 1, blockSize: 4608),
        Coding(
            rate: 192_000, layout: "7.1", channelCount: 8, format: "s32", bitsPerSample: 24,
            blockSize: 16_384),
    ]

    @Test(.timeLimit(.minutes(10)), arguments: codings)
    func framesBecomeSamples(coding: Coding) throws {
        let encoded = try EncodedPackets(
            sound: "\(Self.encoder) -sample_fmt \(coding.format) \(coding.options)", rate: coding.rate,
            layout: coding.layout)
        let blocks = try Self.blocks(encoded)
        let header = ByteChunk(Array("fLaC".utf8) + blocks)
        let track = try Track(flacStreamInfo: header)
        #expect(
            track.format
                == .audio(
                    AudioFormat(
                        sampleRate: UInt32(coding.rate), channelCount: coding.channelCount,
                        samplesPerFrame: coding.blockSize)))
        #expect(track.codec == .flac && track.codecString == "fLaC")
        #expect(try FLACStreamInfo(header: header).bitsPerSample == coding.bitsPerSample)
        // As it stands in a file, but for what only its end tells.
        let own = track.decoderConfiguration.array
        #expect(own.prefix(8) == [0, 0, 0, 0, 0x80, 0, 0, 34] && own[8..<21] == blocks[4..<17])
        #expect(own[21] == blocks[17] & 0xF0 && own[22...] == [UInt8](repeating: 0, count: 20)[...])
        #expect(try FLACStreamInfo(specificBox: track.decoderConfiguration).record == track.decoderConfiguration)

        var reader = FLACStreamReader()
        try reader.configure(header)
        #expect(reader.track == track)
        let reading = try PacketReading(&reader, encoded.packets)
        #expect(reading.samples.map(\.data) == encoded.packets && reading.samples.allSatisfy(\.isSync))
        #expect(Set(reading.tracks) == [track])
    }

    @Test(.timeLimit(.minutes(10)))
    func theFirstFrameTellsWhatStreamInformationDoesNot() throws {
        let encoded = try EncodedPackets(sound: Self.encoder + " -sample_fmt s16 -frame_size 1152")
        var blocks = try Self.blocks(encoded)
        // The smallest block
        blocks[4] = 0
        blocks[5] = 16
        var reader = FLACStreamReader()
        #expect(try reader.read(encoded.packets[0]) == nil)
        try reader.configure(ByteChunk(Array("fLaC".utf8) + blocks))
        #expect(reader.track == nil)
        _ = try reader.read(encoded.packets[0])
        #expect(try reader.track?.audio.samplesPerFrame == 1152)
        let before = reader.track
        // The signature may be left out, and so may the header of the block.
        try reader.configure(ByteChunk(blocks))
        #expect(reader.track == nil)
        try reader.configure(ByteChunk(Array(blocks[4..<38])))
        _ = try reader.read(encoded.packets[0])
        #expect(reader.track == before)
        // It is repeated: nothing new.
        try reader.configure(ByteChunk(Array(blocks[4..<38])))
        #expect(reader.track == before)
    }

    @Test(.timeLimit(.minutes(10)))
    func framesOfOtherFormsAreRefused() throws {
        let encoded = try EncodedPackets(sound: Self.encoder + " -sample_fmt s16 -frame_size 1152")
        var reader = FLACStreamReader()
        try reader.configure(ByteChunk(try Self.blocks(encoded)))
        // Each is a frame of a stream by itself.
        for (options, rate, layout) in [
            ("-frame_size 1152 -sample_fmt s16", 44_100, "stereo"),
            ("-frame_size 1152 -sample_fmt s16", 48_000, "mono"),
            ("-frame_size 1152 -sample_fmt s32", 48_000, "stereo"),
        ] {
            let other = try EncodedPackets(sound: "\(Self.encoder) \(options)", rate: rate, layout: layout)
            #expect(throws: BitstreamError.unsupported("a frame that STREAMINFO does not describe")) {
                try reader.read(other.packets[0])
            }
        }
        let larger = try EncodedPackets(sound: Self.encoder + " -sample_fmt s16 -frame_size 2304")
        #expect(throws: BitstreamError.unsupported("FLAC blocks of varying sizes")) {
            try reader.read(larger.packets[0])
        }
        // The last frame of fixed size may be smaller; one that may be of any size may not.
        let smaller = try EncodedPackets(sound: Self.encoder + " -sample_fmt s16 -frame_size 576")
        #expect(try reader.read(smaller.packets[0]) != nil)
        #expect(throws: BitstreamError.unsupported("FLAC blocks of varying sizes")) {
            try reader.read(Self.variable(smaller.packets[0]))
        }
        #expect(try reader.read(Self.variable(encoded.packets[0])) != nil)
    }

    @Test(.timeLimit(.minutes(10)))
    func damageEndsInASampleOrAnError() throws {
        let encoded = try EncodedPackets(sound: Self.encoder + " -sample_fmt s16 -frame_size 200")
        let header = ByteChunk(Array("fLaC".utf8) + (try Self.blocks(encoded)))
        var reader = FLACStreamReader()
        try reader.configure(header)
        var faults = 0
        for copy in damagedCopies(of: Array(encoded.packets[3].array.prefix(7))) {
            do { _ = try reader.read(ByteChunk(copy)) } catch { faults += 1 }
        }
        // Each is found by the checksum of the header of six bytes and one.
        #expect(faults == 7 + 7 * 8)
        for copy in damagedCopies(of: header.array) { try? reader.configure(ByteChunk(copy)) }
        #expect(throws: BitstreamError.missing("STREAMINFO")) {
            try Track(flacStreamInfo: ByteChunk(Array("fLaC".utf8) + [0x84, 0, 0, 34] + header.array.suffix(34)))
        }
    }

    private static let encoder = "-c:a flac -strict -2"

    /// STREAMINFO behind its header, as the MP4 file has it behind a version and flags.
    private static func blocks(_ encoded: EncodedPackets) throws -> [UInt8] {
        Array(try encoded.box("dfLa").array.dropFirst(4))
    }

    /// `frame`, whose number takes one byte, as if blocks were of varying sizes.
    private static func variable(_ frame: ByteChunk) -> ByteChunk {
        var bytes = frame.array
        bytes[1] |= 1
        // Without sizes or rates behind the number: 576 and 1152 have codes.
        var crc: UInt8 = 0
        for byte in bytes[..<5] {
            crc ^= byte
            for _ in 0..<8 { crc = crc & 0x80 == 0 ? crc << 1 : crc << 1 ^ 0x07 }
        }
        bytes[5] = crc
        return ByteChunk(bytes)
    }
}

extension Track {
    fileprivate var audio: AudioFormat {
        get throws {
            guard case .audio(let format) = format else { throw BitstreamError.missing("sound") }
            return format
        }
    }
}
