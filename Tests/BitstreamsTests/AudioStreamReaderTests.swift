import Bitstreams
import Bytes
import Media
import TestTools
import Testing

/// What is true of the readers of all kinds of sound, with streams that ffmpeg made.
@Suite(.enabled(if: Tool.areThere, "ffmpeg and ffprobe are not there to encode"))
struct AudioStreamReaderTests {
    /// A kind of sound, and what is known of it.
    struct Coding: CustomTestStringConvertible {
        var options: String
        var rate = 48_000
        var layout = "stereo"
        var codecString: String
        var channels = 2
        var samplesPerFrame: Int
        /// Bytes of a frame in the transport stream that its sample has not; unknown where that varies.
        var overhead: Int? = 0
        /// False where ffmpeg tells the configuration only once.
        var canBeJoined = true
        var reader: @Sendable () throws -> any ElementaryStreamReader

        var testDescription: String { "\(options) at \(rate), \(layout)" }
    }

    static let codings: [Coding] = [
        Coding(
            options: "-c:a aac -b:a 64k", codecString: "mp4a.40.2", samplesPerFrame: 1024, overhead: 7,
            reader: { ADTSStreamReader() }),
        Coding(
            options: "-c:a aac -b:a 64k", rate: 44_100, layout: "5.1", codecString: "mp4a.40.2", channels: 6,
            samplesPerFrame: 1024, overhead: 7, reader: { ADTSStreamReader() }),
        Coding(
            options: "-c:a aac -b:a 64k -mpegts_flags latm", rate: 44_100, codecString: "mp4a.40.2",
            samplesPerFrame: 1024, overhead: nil, canBeJoined: false, reader: { LATMStreamReader() }),
        Coding(
            options: "-c:a ac3 -b:a 192k", codecString: "ac-3", samplesPerFrame: 1536,
            reader: { AC3StreamReader() }),
        Coding(
            options: "-c:a ac3 -b:a 448k", rate: 44_100, layout: "5.1", codecString: "ac-3", channels: 6,
            samplesPerFrame: 1536, reader: { AC3StreamReader() }),
        Coding(
            options: "-c:a eac3 -b:a 96k", rate: 32_000, codecString: "ec-3", samplesPerFrame: 1536,
            reader: { AC3StreamReader() }),
        Coding(
            options: "-c:a eac3 -b:a 256k", layout: "5.1", codecString: "ec-3", channels: 6, samplesPerFrame: 1536,
            reader: { AC3StreamReader() }),
        Coding(
            options: "-c:a mp2 -b:a 192k", rate: 44_100, codecString: "mp4a.40.33", samplesPerFrame: 1152,
            reader: { MPEGAudioStreamReader() }),
        Coding(
            options: "-c:a mp2 -b:a 32k", rate: 22_050, layout: "mono", codecString: "mp4a.40.33", channels: 1,
            samplesPerFrame: 1152, reader: { MPEGAudioStreamReader() }),
        Coding(
            options: "-c:a libopus -b:a 64k", codecString: "opus", samplesPerFrame: 960, overhead: nil,
            reader: { try OpusStreamReader(channelConfigurationCode: 2) }),
        Coding(
            options: "-c:a libopus -b:a 96k -frame_duration 60", layout: "mono", codecString: "opus", channels: 1,
            samplesPerFrame: 2880, overhead: nil, reader: { try OpusStreamReader(channelConfigurationCode: 1) }),
    ]

    @Test(.timeLimit(.minutes(10)), arguments: codings)
    func framesOfATransportStreamAreThoseOfFFmpeg(coding: Coding) throws {
        let source = try Self.encode(coding)
        let sound = ReadSound(try coding.reader(), source.elementaryPackets.map { ($0, $1) })
        #expect(sound.faults == 0 && sound.tracks.count == 1 && sound.starts == [0])
        #expect(sound.tracks.first?.codecString == coding.codecString)
        let rate = UInt32(coding.codecString == "opus" ? 48_000 : coding.rate)
        #expect(
            try sound.audio()
                == AudioFormat(
                    sampleRate: rate, channelCount: coding.channels, samplesPerFrame: coding.samplesPerFrame))
        let packets = try source.packets()
        #expect(sound.samples.count == packets.count && packets.count > 15)
        for (sample, packet) in zip(sound.samples, packets) {
            #expect(sample.isSync && sample.decodeTime == sample.presentationTime)
            // ffmpeg adds up durations that it has rounded.
            #expect(abs(sample.presentationTime.value - (try #require(packet.presentationTime))) <= 2)
            if let overhead = coding.overhead { #expect(sample.data.count == packet.size - overhead) }
            if coding.overhead == 0 { #expect(adler32(sample.data) == packet.checksum) }
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: codings)
    func framesAreTheSameWhereverPacketsEnd(coding: Coding) throws {
        let packets = try Self.encode(coding, seconds: 0.5).elementaryPackets
        let whole = ReadSound(try coding.reader(), packets.map { ($0, $1) })
        let bytes = ByteChunk(joining: packets.map(\.payload))
        for size in [1, 7, 50, 333, 1000, 4096, 20_000] {
            let pieces = stride(from: 0, to: bytes.count, by: size).map { start in
                (payload: bytes[start..<min(start + size, bytes.count)], times: start == 0 ? packets[0].times : nil)
            }
            let sound = ReadSound(try coding.reader(), pieces)
            #expect(sound.tracks == whole.tracks && sound.faults == 0)
            #expect(sound.samples.map(\.data) == whole.samples.map(\.data))
            // Counted from the first on, each is rounded once.
            let rate = Double(try sound.audio().sampleRate)
            let expected = sound.samples.indices.map { index in
                Double(index * coding.samplesPerFrame) * 90_000 / rate + Double(packets[0].times.presentation)
            }
            #expect(zip(sound.times, expected).allSatisfy { abs(Double($0) - $1) <= 0.5 })
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: codings)
    func theTimeOfAPacketIsThatOfTheFirstFrameThatBeginsInIt(coding: Coding) throws {
        let packets = try Self.encode(coding, seconds: 0.5).elementaryPackets
        let whole = ReadSound(try coding.reader(), packets.map { ($0, $1) })
        // Packets that end within the second frame of each old packet, each an hour after the one before.
        let bytes = ByteChunk(joining: packets.map(\.payload))
        let cut = whole.samples[0].data.count + whole.samples[1].data.count / 2 + 20
        let hour: Int64 = 324_000_000
        let sound = ReadSound(
            try coding.reader(),
            [
                (bytes[0..<cut], PacketTimes(presentation: 5, decode: 5)),
                (bytes[cut..<bytes.count], PacketTimes(presentation: hour, decode: hour)),
            ])
        #expect(sound.samples.map(\.data) == whole.samples.map(\.data))
        let frame = Double(coding.samplesPerFrame) * 90_000 / Double(try sound.audio().sampleRate)
        let expected = [5, 5 + Int64(frame.rounded()), hour, hour + Int64(frame.rounded())]
        #expect(Array(sound.times.prefix(4)) == expected)
    }

    @Test(.timeLimit(.minutes(10)), arguments: codings)
    func readingBeginsAnywhereAndGoesOnAfterALoss(coding: Coding) throws {
        let packets = try Self.encode(coding).elementaryPackets
        let whole = ReadSound(try coding.reader(), packets.map { ($0, $1) })
        let bytes = ByteChunk(joining: packets.map(\.payload))
        // From the middle of the first frame on, without bytes in the middle of the stream, up to the middle of the last.
        let (start, half) = (coding.canBeJoined ? 20 : 0, bytes.count / 2 + 3)
        let times = PacketTimes(presentation: 0, decode: 0)
        let holed = ByteChunk(joining: [bytes[start..<half], bytes[(half + 20)..<(bytes.count - 20)]])
        let sound = ReadSound(try coding.reader(), [(holed, times)])
        #expect(sound.faults == (coding.canBeJoined ? 3 : 2))
        let lost = Set(whole.samples.map(\.data)).subtracting(sound.samples.map(\.data))
        #expect(sound.samples.allSatisfy { sample in whole.samples.contains { $0.data == sample.data } })
        // One frame at each end, and one or two around the hole.
        #expect((sound.faults...(sound.faults + 1)).contains(lost.count))

        // The same hole, told.
        var (reader, events) = (try coding.reader(), [ElementaryStreamEvent]())
        reader.read(bytes[0..<half], times: times, into: &events)
        reader.skip()
        reader.read(bytes[(half + 20)..<bytes.count], times: times, into: &events)
        reader.finish(into: &events)
        #expect(reader.faults == 1)
        let count = events.count { if case .sample = $0 { true } else { false } }
        #expect((1...3).contains(whole.samples.count - count))
    }

    @Test(.timeLimit(.minutes(10)), arguments: codings)
    func withoutAnyTimeNothingComes(coding: Coding) throws {
        let packets = try Self.encode(coding, seconds: 0.5).elementaryPackets
        let whole = ReadSound(try coding.reader(), packets.map { ($0, $1) })
        let sound = ReadSound(try coding.reader(), packets.map { ($0.payload, nil) })
        #expect(sound.samples.isEmpty && sound.faults == whole.samples.count)
    }

    @Test(.timeLimit(.minutes(20)), arguments: codings)
    func damageIsAFaultOrAnotherSampleNeverATrap(coding: Coding) throws {
        let packets = try Self.encode(coding, seconds: 0.2).elementaryPackets
        let whole = ReadSound(try coding.reader(), packets.map { ($0, $1) })
        // The first frames, up to 800 bytes.
        let bytes = ByteChunk(joining: packets.map(\.payload)).array.prefix(800)
        var faults = 0
        for damaged in damagedCopies(of: Array(bytes)) {
            let sound = ReadSound(try coding.reader(), damaged)
            #expect(sound.samples.reduce(0) { $0 + $1.data.count } <= damaged.count)
            #expect(sound.samples.count <= whole.samples.count)
            faults += sound.faults
        }
        #expect(faults > 0)
    }

    private static func encode(_ coding: Coding, seconds: Double = 1) throws -> EncodedSound {
        try EncodedSound("mpegts", seconds: seconds, rate: coding.rate, layout: coding.layout, coding.options)
    }
}
