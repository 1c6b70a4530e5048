import Bitstreams
import Bytes
import Media
import TestTools
import Testing

/// One way to encode.
struct Encoding: Sendable, CustomTestStringConvertible {
    var codec: Codec
    var options: String
    var parameters = ""
    var testDescription: String { "\(codec) \(options) \(parameters)" }

    static let all = [
        Encoding(codec: .h264, options: "-pix_fmt yuv420p -preset veryfast -g 12 -bf 3"),
        Encoding(codec: .h264, options: "-pix_fmt yuv420p -preset veryfast -g 12 -bf 0 -tune zerolatency"),
        Encoding(codec: .h264, options: "-pix_fmt yuv420p -preset veryfast", parameters: "slices=4:keyint=15"),
        Encoding(
            codec: .h264, options: "-pix_fmt yuv420p -preset veryfast -flags +ildct+ilme", parameters: "tff=1:keyint=15"
        ),
        Encoding(
            codec: .h264, options: "-pix_fmt yuv420p -preset veryfast -b:v 400k -maxrate 400k -bufsize 100k",
            parameters: "nal-hrd=cbr:keyint=15"),
        Encoding(
            codec: .hevc, options: "-pix_fmt yuv420p -preset ultrafast", parameters: "open-gop=0:keyint=12:bframes=3"),
        Encoding(
            codec: .hevc, options: "-pix_fmt yuv420p -preset ultrafast", parameters: "open-gop=1:keyint=12:bframes=3"),
        Encoding(codec: .hevc, options: "-pix_fmt yuv420p10le -preset ultrafast", parameters: "slices=2:keyint=10"),
    ]
}

@Suite(.enabled(if: Tool.areThere, "ffmpeg and ffprobe are not there to encode"))
struct VideoStreamReaderTests {
    typealias Packets = [(payload: ByteChunk, times: PacketTimes?)]

    @Test(.timeLimit(.minutes(30)), arguments: Encoding.all)
    func samplesAreThoseOfAnMP4File(encoding: Encoding) throws {
        for delimiters in [true, false] {
            let video = try EncodedVideo(
                encoding.codec, size: "320x180", encoding.options, parameters: encoding.parameters,
                delimiters: delimiters)
            let reading = Reading(encoding.codec, video.packets)
            Self.expect(reading, of: video)
            #expect(reading.samplesAfterPackets == Array(1...video.packets.count))
            #expect(reading.faults == 0)
            #expect(reading.tracks.count == 1)
            let track = try #require(reading.tracks.first)
            #expect(track.codec == encoding.codec)
            #expect(track.decoderConfiguration == video.decoderConfiguration)
            #expect(reading.events.first == .track(track))
        }
    }

    /// However the bytes lie in packets, the samples are the same.
    @Test(.timeLimit(.minutes(30)), arguments: Encoding.all)
    func packetsMayBeginAndEndAnywhere(encoding: Encoding) throws {
        for delimiters in [true, false] {
            let video = try EncodedVideo(
                encoding.codec, size: "160x96", encoding.options, parameters: encoding.parameters,
                delimiters: delimiters)
            for (size, isKnown) in [(1, true), (3, true), (184, true), (184, false), (500, false), (5000, false)] {
                let packets = Self.packets(of: video, size: size)
                // A packet in which nothing begins tells that access units do not begin where packets do.
                let first: Packets = isKnown ? [([0xFF], nil)].map { (ByteChunk($0.0), $0.1) } : []
                let samples = Reading(encoding.codec, first + packets.map { ($0.payload, $0.times) }).samples
                // Without that, what begins in the first packets is cut up before it can be known.
                let torn = isKnown ? 0 : packets.prefix(3).reduce(0) { $0 + $1.begins.count }
                let count = video.references.count
                try #require((count - torn...count + (isKnown ? 0 : 2)).contains(samples.count), "\(size)")
                let stated = Set(packets.compactMap(\.begins.first))
                for index in torn..<count {
                    let sample = samples[samples.count - count + index]
                    let reference = video.references[index]
                    #expect(sample.data == reference.data, "\(size), \(index)")
                    guard stated.contains(index) else { continue }
                    #expect(sample.decodeTime.value == reference.times.decode, "\(size), \(index)")
                    #expect(sample.presentationTime.value == reference.times.presentation, "\(size), \(index)")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(30)), arguments: [2, 3])
    func severalAccessUnitsInAPacketGoOnInTime(count: Int) throws {
        let video = try EncodedVideo(.h264, "-pix_fmt yuv420p -preset veryfast -bf 0 -g 15")
        var packets: Packets = []
        for start in stride(from: 0, to: video.packets.count, by: count) {
            let group = video.packets[start..<min(start + count, video.packets.count)]
            packets.append((ByteChunk(joining: group.map(\.payload)), group.first?.times ?? nil))
        }
        let reading = Reading(.h264, packets)
        Self.expect(reading, of: video)
        #expect(reading.samplesAfterPackets.first == count)
        #expect(reading.faults == 0)
    }

    /// ISO/IEC 13818-1 §2.7.4 has times every 0.7 s only. When a picture between them is shown is known where none is shown
    /// before one that is decoded earlier; elsewhere it is a guess, and counts as a fault.
    @Test(.timeLimit(.minutes(30)), arguments: [0, 2])
    func picturesWithoutTimesAreCountedWhereTheirOrderIsNotThatOfDecoding(reordered: Int) throws {
        let video = try EncodedVideo(.h264, "-pix_fmt yuv420p -preset veryfast -bf \(reordered) -g 15")
        var packets = video.packets
        for index in packets.indices where index >= 6 && index % 3 == 2 { packets[index].times = nil }
        let reading = Reading(.h264, packets)
        #expect(reading.samples.count == video.references.count)
        let decoded = zip(reading.samples, video.references).map { $0.decodeTime.value - $1.times.decode }
        #expect(decoded.allSatisfy { abs($0) <= 1 })
        #expect(reading.faults == (reordered == 0 ? 0 : packets.count { $0.times == nil }))
    }

    @Test(.timeLimit(.minutes(30)))
    func anOpenGroupOfHEVCBeginsAtACRAPicture() throws {
        let encoding = Encoding.all[6]
        let video = try EncodedVideo(encoding.codec, encoding.options, parameters: encoding.parameters)
        let samples = Reading(.hevc, video.packets).samples
        #expect(samples.first?.access == .sync)
        #expect(samples.count { $0.access == .openSync } == 3)
        var opening: MediaTime?
        var leading = 0
        for sample in samples {
            if sample.access == .openSync { opening = sample.presentationTime }
            let isEarlier = opening.map { sample.presentationTime < $0 } ?? false
            #expect((sample.access == .leading) == isEarlier)
            leading += isEarlier ? 1 : 0
        }
        #expect(leading > 3)
    }

    /// x264 writes one IDR picture and then recovery points only.
    @Test(.timeLimit(.minutes(30)), arguments: [true, false])
    func recoveryPointsCountWhereNoIDRPictureComes(beginsWithIDR: Bool) throws {
        let video = try EncodedVideo(
            .h264, rate: 10, frames: 150, "-pix_fmt yuv420p -preset veryfast -bf 2 -g 12",
            parameters: "open-gop=1:b-adapt=0")
        var packets = video.packets
        var references = video.references
        if !beginsWithIDR {
            // The parameter sets stay, and with them the first picture would.
            let sets = try #require(Self.parameterSets(of: packets[0].payload))
            (packets, references) = (Array(packets[1...]), Array(references[1...]))
            packets[0].payload = ByteChunk(joining: [sets, packets[0].payload])
        }
        let samples = Reading(.h264, packets).samples
        try #require(samples.count == references.count)
        let patience: Int64 = beginsWithIDR ? 900_000 : 360_000
        var (opening, counts) = (nil as Int64?, [SampleAccess: Int]())
        for (index, (sample, reference)) in zip(samples, references).enumerated() {
            let elapsed = reference.times.decode - references[0].times.decode
            var expected = SampleAccess.dependent
            if index == 0, beginsWithIDR {
                expected = .sync
            } else if reference.isKey, elapsed >= patience {
                (expected, opening) = (.openSync, reference.times.presentation)
            } else if let opening, reference.times.presentation < opening {
                expected = .leading
            }
            #expect(sample.access == expected, "\(index)")
            counts[expected, default: 0] += 1
        }
        #expect((counts[.openSync] ?? 0) >= 3 && (counts[.leading] ?? 0) >= 3 && (counts[.dependent] ?? 0) > 30)
    }

    @Test(.timeLimit(.minutes(30)), arguments: [Codec.h264, .hevc])
    func afterALossSamplesGoOnWithTheNextAccessUnit(codec: Codec) throws {
        let video = try EncodedVideo(codec, "-pix_fmt yuv420p -preset ultrafast -g 15")
        let whole = Self.packets(of: video, size: 300)
        var (events, expected) = ([ElementaryStreamEvent](), 0)
        var reader: any ElementaryStreamReader = codec == .hevc ? HEVCStreamReader() : AVCStreamReader()
        for (index, packet) in whole.enumerated() {
            // A packet in the midst does not come.
            if index == whole.count / 2 {
                reader.skip()
                expected = reader.faults
                continue
            }
            reader.read(packet.payload, times: packet.times, into: &events)
        }
        reader.finish(into: &events)
        let data = events.compactMap { event in if case .sample(let sample) = event { sample.data } else { nil } }
        let missing = video.references.filter { !data.contains($0.data) }
        #expect((1...4).contains(missing.count))
        #expect(reader.faults <= expected + 1)
        #expect(data.last == video.references.last?.data)
    }

    @Test(.timeLimit(.minutes(30)), arguments: [Codec.h264, .hevc])
    func aChangedParameterSetComesBeforeItsPicture(codec: Codec) throws {
        let videos = try ["160x90", "320x180"].map {
            try EncodedVideo(codec, size: $0, frames: 5, "-pix_fmt yuv420p -preset ultrafast")
        }
        let reading = Reading(codec, videos.flatMap { $0.packets + $0.packets })
        #expect(reading.samples.count == 20)
        try #require(reading.tracks.count == 2)
        #expect(reading.tracks.map(\.decoderConfiguration) == videos.map(\.decoderConfiguration))
        #expect(reading.events[0] == .track(reading.tracks[0]))
        #expect(reading.events[11] == .track(reading.tracks[1]))
    }

    @Test(.timeLimit(.minutes(30)), arguments: [Codec.h264, .hevc])
    func aDamagedStreamIsSamplesAndFaults(codec: Codec) throws {
        let video = try EncodedVideo(
            codec, size: "64x64", frames: 4, "-pix_fmt yuv420p -preset ultrafast -crf 40 -bf 1")
        let stream = ByteChunk(joining: video.accessUnits).array
        let times = PacketTimes(presentation: 0, decode: 0)
        var faults = 0
        for damaged in damagedCopies(of: Array(stream.prefix(700))) {
            let reading = Reading(
                codec, [(ByteChunk(damaged), times), (video.accessUnits[0], times), (video.accessUnits[1], nil)])
            faults += reading.faults
            // What follows is heard of, whatever came before.
            #expect(reading.samples.contains { $0.data == video.references[1].data })
            for sample in reading.samples {
                var units = NALUnitReader(sample.data.span, lengthSize: 4)
                while let unit = try units.next() { #expect(!unit.isEmpty) }
            }
        }
        #expect(faults > 20)
    }

    // MARK: -

    private static func expect(_ reading: Reading, of video: EncodedVideo) {
        let samples = reading.samples
        #expect(samples.count == video.references.count)
        for (index, (sample, reference)) in zip(samples, video.references).enumerated() {
            #expect(sample.data == reference.data, "\(index)")
            #expect(sample.decodeTime == MediaTime(reference.times.decode, .video), "\(index)")
            #expect(sample.presentationTime == MediaTime(reference.times.presentation, .video), "\(index)")
            #expect(sample.isSync == reference.isKey, "\(index)")
        }
    }

    /// The stream of `video` in packets of `size` bytes, each with the numbers of the access units that begin in it, and
    /// the times of the first.
    private static func packets(
        of video: EncodedVideo, size: Int
    ) -> [(payload: ByteChunk, times: PacketTimes?, begins: Range<Int>)] {
        let stream = ByteChunk(joining: video.accessUnits)
        let offsets = video.accessUnits.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        var next = 0
        return stride(from: 0, to: stream.count, by: size).map { start in
            let end = min(start + size, stream.count)
            let first = next
            while next < video.accessUnits.count, offsets[next] < end { next += 1 }
            return (stream[start..<end], first < next ? video.references[first].times : nil, first..<next)
        }
    }

    /// The parameter sets of an H.264 access unit, as they stand there.
    private static func parameterSets(of accessUnit: ByteChunk) -> ByteChunk? {
        let bytes = accessUnit.array
        var (result, start): ([UInt8], Int?) = ([], nil)
        var offset = 0
        while let code = AnnexB.startCode(in: bytes.span, from: offset) {
            if let start, [7, 8].contains(bytes[start] & 0x1F) { result += [0, 0, 0, 1] + bytes[start..<code] }
            start = code + 3
            offset = code + 3
        }
        return result.isEmpty ? nil : ByteChunk(result)
    }
}
