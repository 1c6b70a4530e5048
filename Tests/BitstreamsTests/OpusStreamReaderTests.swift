import Bitstreams
import Bytes
import Media
import Testing

@Suite struct OpusStreamReaderTests {
    @Test func allFieldsOfAHeaderAreReadOver() throws {
        // Stereo, 20 ms, one frame.
        let packet: [UInt8] = [0xFC] + Array(repeating: 3, count: 300)
        let headers: [[UInt8]] = [
            [0x7F, 0xE0, 255, 46], [0x7F, 0xF0, 255, 46, 0x01, 0x38], [0x7F, 0xE8, 255, 46, 0x00, 0x10],
            [0x7F, 0xFC, 255, 46, 0x01, 0x38, 0x00, 0x10, 3, 1, 2, 3],
        ]
        let reader = try OpusStreamReader(channelConfigurationCode: 2)
        let sound = ReadSound(reader, headers.flatMap { $0 + packet })
        #expect(sound.samples.map(\.data.array) == Array(repeating: packet, count: 4) && sound.faults == 0)
        #expect(sound.times == [0, 1800, 3600, 5400])
    }

    @Test(
        arguments: [
            ([0x00], 480), ([0x08], 960), ([0x10], 1920), ([0x18], 2880), ([0x58], 2880), ([0x60], 480), ([0x68], 960),
            ([0x70], 480), ([0x80], 120), ([0x88], 240), ([0x90], 480), ([0x98], 960), ([0xF8], 960), ([0xF9], 1920),
            ([0xFA], 1920), ([0xFB, 6], 5760), ([0xFB, 0x81], 960), ([0x83, 48], 5760),
        ] as [([UInt8], Int)])
    func aPacketLastsAsItsFirstBytesSay(beginning: [UInt8], duration: Int) throws {
        let sound = ReadSound(try OpusStreamReader(channelConfigurationCode: 1), Self.unit(beginning + [0, 0]))
        #expect(sound.faults == 0)
        #expect(try sound.audio() == AudioFormat(sampleRate: 48_000, channelCount: 1, samplesPerFrame: duration))
    }

    @Test(arguments: [[0xFB], [0xFB, 0], [0xFB, 7], [0x1B, 3], [0x83, 49]] as [[UInt8]])
    func aPacketOfNoTimeOrTooMuchIsAFault(packet: [UInt8]) throws {
        let reader = try OpusStreamReader(channelConfigurationCode: 1)
        let sound = ReadSound(reader, Self.unit([0xF8]) + Self.unit(packet) + Self.unit([0xF8]))
        #expect(sound.samples.map(\.data.array) == [[0xF8], [0xF8]] && sound.faults == 1)
        // It is taken for as long as the others.
        #expect(sound.times == [0, 3600])
    }

    @Test func packetsOfOtherLengthsAreOfTheSameTrack() throws {
        let reader = try OpusStreamReader(channelConfigurationCode: 2)
        let sound = ReadSound(reader, [[0xFC], [0xF4], [0xFC]].flatMap(Self.unit))
        #expect(sound.tracks.count == 1 && sound.times == [0, 1800, 2700])
    }

    static let layouts: [(code: UInt8, channels: Int, record: [UInt8])] = [
        (0, 2, [255, 1, 1, 0, 1]), (1, 1, [0]), (2, 2, [0]), (3, 3, [1, 2, 1, 0, 2, 1]), (4, 4, [1, 2, 2, 0, 1, 2, 3]),
        (5, 5, [1, 3, 2, 0, 4, 1, 2, 3]), (6, 6, [1, 4, 2, 0, 4, 1, 2, 3, 5]),
        (7, 7, [1, 4, 3, 0, 4, 1, 2, 3, 5, 6]), (8, 8, [1, 5, 3, 0, 6, 1, 2, 3, 4, 5, 7]),
    ]

    @Test(arguments: layouts.indices)
    func channelsAreThoseOfTheCode(index: Int) throws {
        let layout = Self.layouts[index]
        let track = try Track(opusChannelConfigurationCode: layout.code, samplesPerFrame: 960)
        #expect(
            track.decoderConfiguration.array
                == [0, UInt8(layout.channels), 0, 0, 0, 0, 0xBB, 0x80, 0, 0] + layout.record)
        #expect(track.codecString == "opus")
        let sound = ReadSound(try OpusStreamReader(channelConfigurationCode: layout.code), Self.unit([0xFC]))
        #expect(sound.tracks == [track])
    }

    @Test(arguments: [9, 0x7F, 0x81, 0x82, 0xFF] as [UInt8])
    func anotherCodeIsRefused(code: UInt8) {
        #expect(throws: BitstreamError.unsupported("channel_config_code \(code)")) {
            try OpusStreamReader(channelConfigurationCode: code)
        }
    }

    @Test func anEndlessSizeIsNoHeader() throws {
        let bytes = [0x7F, 0xE0] + Array(repeating: 255 as UInt8, count: 80_000)
        let sound = ReadSound(try OpusStreamReader(channelConfigurationCode: 2), bytes + Self.unit([0xFC]))
        #expect(sound.samples.map(\.data.array) == [[0xFC]] && sound.faults == 1)
    }

    private static func unit(_ packet: [UInt8]) -> [UInt8] { [0x7F, 0xE0, UInt8(packet.count)] + packet }
}
