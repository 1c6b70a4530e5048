import Bitstreams
import Bytes
import Media
import TestTools
import Testing

@Suite struct ADTSStreamReaderTests {
    @Test func aChecksumIsNotPartOfTheSample() throws {
        let sound = ReadSound(
            ADTSStreamReader(), Self.frame([1, 2, 3], checksums: []) + Self.frame([4, 5], checksums: nil))
        #expect(sound.samples.map(\.data.array) == [[1, 2, 3], [4, 5]] && sound.faults == 0)
        #expect(sound.tracks.map(\.decoderConfiguration.array) == [[0x11, 0x90]])
        #expect(sound.tracks.map(\.codecString) == ["mp4a.40.2"])
    }

    @Test func rawDataBlocksAreCutWhereTheirPositionsAre() throws {
        // Three blocks, each with its checksum behind it.
        let blocks: [UInt8] = [1, 2, 3, 0xCC, 0xCC, 4, 5, 0xCC, 0xCC, 6, 0xCC, 0xCC]
        let sound = ReadSound(ADTSStreamReader(), Self.frame(blocks, checksums: [5, 9]) + Self.frame([7]))
        #expect(sound.samples.map(\.data.array) == [[1, 2, 3], [4, 5], [6], [7]] && sound.faults == 0)
        #expect(sound.times == [0, 1920, 3840, 5760])
    }

    @Test(arguments: [[9, 5], [2, 9], [5, 20], [5, 65_535]] as [[UInt16]])
    func positionsThatCannotBeAreAFault(positions: [UInt16]) {
        let blocks: [UInt8] = [1, 2, 3, 0xCC, 0xCC, 4, 5, 0xCC, 0xCC, 6, 0xCC, 0xCC]
        let sound = ReadSound(ADTSStreamReader(), Self.frame(blocks, checksums: positions) + Self.frame([7]))
        #expect(sound.samples.map(\.data.array) == [[7]] && sound.faults == 1)
    }

    @Test func rawDataBlocksWithoutPositionsAreAFaultThatLasts() {
        let sound = ReadSound(
            ADTSStreamReader(), Self.frame([1]) + Self.frame([2, 3, 4], blocks: 4) + Self.frame([5]))
        #expect(sound.samples.map(\.data.array) == [[1], [5]] && sound.faults == 1)
        #expect(sound.times == [0, 5 * 1920])
    }

    @Test func anotherConfigurationIsAnotherTrackAndTheSameIsNot() throws {
        // 48 kHz stereo, the same with private_bit, 44.1 kHz, mono; Main.
        let frames = [
            Self.frame([1]), Self.frame([2], privateBit: true), Self.frame([3], frequency: 4),
            Self.frame([4], frequency: 4),
            Self.frame([5], channels: 1), Self.frame([6], profile: 0),
        ]
        let sound = ReadSound(ADTSStreamReader(), frames.flatMap(\.self))
        #expect(sound.samples.count == 6 && sound.faults == 0)
        #expect(sound.starts == [0, 2, 4, 5])
        #expect(
            sound.tracks.map(\.decoderConfiguration.array) == [
                [0x11, 0x90], [0x12, 0x10], [0x11, 0x88], [0x09, 0x90],
            ])
        #expect(sound.tracks.map(\.codecString) == ["mp4a.40.2", "mp4a.40.2", "mp4a.40.2", "mp4a.40.1"])
        // Frames of 44.1 kHz last 2089.8 ticks.
        #expect(sound.times == [0, 1920, 3840, 5930, 8020, 9940])
    }

    @Test func channelsThatAreListedInAFrameAreKnownFromThenOn() throws {
        // Two pairs, in the first frame and again in the third; then three.
        let frames =
            Self.frame(Self.listing(), channels: 0) + Self.frame([0, 0], channels: 0)
            + Self.frame(Self.listing(), channels: 0) + Self.frame(Self.listing(pairs: 3), channels: 0)
        let sound = ReadSound(ADTSStreamReader(), frames)
        #expect(sound.samples.count == 4 && sound.faults == 0 && sound.starts == [0, 3])
        #expect(try sound.audio().channelCount == 4)
        #expect(try sound.audio(1).channelCount == 6)
    }

    @Test func channelsThatNobodyListsAreAFault() {
        // How long such a frame lasts is not known: what follows is without a time until the next packet.
        let packets = [Self.frame([0, 0], channels: 0) + Self.frame([1]), Self.frame([2])].enumerated().map {
            (payload: ByteChunk($1), times: PacketTimes(presentation: Int64($0), decode: 0) as PacketTimes?)
        }
        let sound = ReadSound(ADTSStreamReader(), packets)
        #expect(sound.samples.map(\.data.array) == [[2]] && sound.times == [1] && sound.faults == 2)
    }

    @Test(arguments: [(1, 0xFE), (1, 0xF3), (2, 0xBF), (3, 0x80)] as [(Int, UInt8)])
    func whatIsNoHeaderIsSearchedBehind(byte: Int, value: UInt8) {
        // layer, syncword, sampling_frequency_index and aac_frame_length are wrong in the second of three.
        var frames = Self.frame([1, 2]) + Self.frame([3, 4]) + Self.frame([5, 6]) + Self.frame([7, 8])
        frames[9 + byte] = value
        if byte == 3 { frames[9 + 4] = 0 }
        let sound = ReadSound(ADTSStreamReader(), frames)
        #expect(sound.samples.map(\.data.array) == [[5, 6], [7, 8]] && sound.faults == 1)
    }

    @Test func halvesOfDifferentFramesAreNotJoinedAcrossALoss() {
        let frames = (0..<4).map { Self.frame(Array(repeating: $0, count: 20)) }
        var (reader, events) = (ADTSStreamReader(), [ElementaryStreamEvent]())
        let times = PacketTimes(presentation: 0, decode: 0)
        reader.read(ByteChunk(frames[0] + frames[1].prefix(15)), times: times, into: &events)
        reader.skip()
        reader.read(ByteChunk(frames[2].dropFirst(15) + frames[3]), times: times, into: &events)
        let samples = events.compactMap { if case .sample(let sample) = $0 { sample.data.array } else { nil } }
        #expect(samples == [0, 3].map { Array(repeating: $0, count: 20) } && reader.faults == 1)
    }

    @Test func aTimeGoesOnBeyondTheEndOfTheClock() {
        let last = Int64(1) << 33 - 1
        let sound = ReadSound(
            ADTSStreamReader(),
            [(ByteChunk(Self.frame([1]) + Self.frame([2])), PacketTimes(presentation: last, decode: last))])
        #expect(sound.times == [last, last + 1920])
    }

    @Test(.enabled(if: Tool.areThere), .timeLimit(.minutes(5)))
    func ffmpegListsChannelsInItsFrames() throws {
        let source = try EncodedSound("adts", layout: "quad", "-c:a aac")
        let sound = ReadSound(ADTSStreamReader(), source.bytes)
        #expect(sound.faults == 0 && sound.tracks.count == 1)
        #expect(try sound.audio().channelCount == 4)
        #expect(try sound.samples.map { $0.data.count + 7 } == source.packets().map(\.size))
        // But for the comment it is the one in MP4.
        #expect(sound.tracks.first?.decoderConfiguration.array == Fixtures.Audio.quad[..<8] + [0])
    }

    /// A program config element with so many pairs in front, and then a zero.
    private static func listing(pairs: UInt64 = 2) -> [UInt8] {
        var writer = SyntaxWriter()
        // ID_PCE, element_instance_tag, object_type, sampling_frequency_index
        writer.u(3, 5)
        writer.u(4, 0)
        writer.u(2, 1)
        writer.u(4, 3)
        writer.u(4, pairs)
        // No others, no mixdown.
        writer.u(4 + 4 + 2 + 3 + 4 + 3, 0)
        for index in 0..<pairs { writer.u(5, 16 | index) }
        return writer.bytes + [2, 0x41, 0x42, 0]
    }

    /// An ADTS frame of 48 kHz stereo AAC-LC; `checksums` are raw_data_block_positions, and nil stands for no checksum.
    static func frame(
        _ payload: [UInt8], checksums: [UInt16]? = nil, blocks: Int? = nil, profile: UInt64 = 1,
        frequency: UInt64 = 3, channels: UInt64 = 2, privateBit: Bool = false
    ) -> [UInt8] {
        var writer = SyntaxWriter()
        let extra = checksums.map { 2 * $0.count + 2 } ?? 0
        writer.u(12, 0xFFF)
        writer.u(3, 0)
        writer.flag(checksums == nil)
        writer.u(2, profile)
        writer.u(4, frequency)
        writer.flag(privateBit)
        writer.u(3, channels)
        writer.u(4, 0)
        writer.u(13, UInt64(7 + extra + payload.count))
        writer.u(11, 0x7FF)
        writer.u(2, UInt64((blocks ?? (checksums?.count ?? 0) + 1) - 1))
        for position in checksums ?? [] { writer.u(16, UInt64(position)) }
        if checksums != nil { writer.u(16, 0xBEEF) }
        return writer.bytes + payload
    }
}
