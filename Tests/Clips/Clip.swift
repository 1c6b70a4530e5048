internal import Bitstreams
internal import Bytes
public import FFmpeg
internal import ISOBMFF
public import Media
public import TestFolder
internal import TestTools

/// A file that ffmpeg has made, as samples of its first stream.
public struct Clip: Sendable {
    /// Where it lies.
    public let path: String
    /// Its first stream.
    public let track: Track
    /// Its samples, in the order in which they are decoded.
    public let samples: [Sample]

    /// What ffmpeg makes of `source`, a source of libavfilter, with those options.
    public init(_ folder: TemporaryFolder, _ name: String, from source: String, _ options: String) throws {
        path = folder.path(of: name)
        try Tool.run(
            "ffmpeg",
            ["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", source]
                + options.split(separator: " ").map(String.init) + [path])
        (track, samples) = try Self.read(path)
    }

    /// The same file, with other samples.
    public init(_ clip: Clip, samples: [Sample]) { (path, track, self.samples) = (clip.path, clip.track, samples) }

    private static func read(_ path: String) throws -> (Track, [Sample]) {
        let demuxer = try Demuxer(
            "file:" + path, DemuxerOptions(formats: DemuxerOptions.containers, protocols: ["file"]),
            isWanted: { true })
        let stream = demuxer.streams[0]
        let timescale = Timescale(UInt32(stream.timeBase.denominator))
        var packets: [DemuxedPacket] = []
        while let packet = try demuxer.read() { if packet.stream == 0 { packets.append(packet) } }
        let samples = packets.map { packet in
            Sample(
                data: packet.data, decodeTime: MediaTime(packet.decode ?? 0, timescale),
                presentationTime: MediaTime(packet.presentation ?? 0, timescale), isSync: packet.isKey)
        }
        let record = stream.configuration
        let track =
            switch stream.codec {
            case .h264: try Track(avcDecoderConfiguration: record)
            case .hevc: try Track(hevcDecoderConfiguration: record)
            case .aac: try Track(audioSpecificConfig: record)
            case .ac3, .eac3: try Track(ac3Sample: packets[0].data)
            case .mp2: Track(mpegAudioSampleRate: 48_000, channelCount: 2)
            case .opus: Track(try OpusIdentificationHeader(record.span), samplesPerFrame: 960)
            case .other("av1"): try Track(av1CodecConfiguration: record)
            case .other("vp9"): try Track(vpCodecConfiguration: nil, keyFrame: packets[0].data)
            case .other("flac"):
                try Track(
                    flacStreamInfo: ByteChunk(joining: [ByteChunk([0x66, 0x4C, 0x61, 0x43, 0x80, 0, 0, 34]), record]))
            default: throw CodecError.unreadableConfiguration
            }
        return (track, samples)
    }

    /// All pictures of it.
    public func frames() throws -> [Frame] { try Clip.frames(track, samples) }

    /// All pictures of a track.
    public static func frames(_ track: Track, _ samples: [Sample]) throws -> [Frame] {
        let decoder = try VideoDecoder(track)
        return samples.flatMap { decoder.decode($0) } + decoder.finish()
    }

    /// All sound of it.
    public func sound() throws -> [AudioFrame] { try Clip.sound(track, samples) }

    /// All sound of a track.
    public static func sound(_ track: Track, _ samples: [Sample]) throws -> [AudioFrame] {
        let decoder = try AudioDecoder(track)
        return samples.flatMap { decoder.decode($0) } + decoder.finish()
    }

    /// So much later are the times in what `write` writes: none may be below zero there.
    public static let shift = MediaTime(10, Timescale(1))

    /// Writes a file as the packager does; its path.
    public static func write(_ track: Track, _ samples: [Sample], to folder: TemporaryFolder, _ name: String) throws
        -> String
    {
        let scale = track.timescale
        let decode = samples.map { ($0.decodeTime + shift).ticks(in: scale) }
        let coded = samples.indices.map { index in
            let next = index + 1 < samples.count ? decode[index + 1] : decode[index] + 1
            return ChunkSample(
                data: samples[index].data, duration: UInt32(next - decode[index]),
                compositionOffset: Int32(
                    (samples[index].presentationTime + shift).ticks(in: scale) - decode[index]),
                isSync: samples[index].isSync)
        }
        let chunk = CMAFChunk.bytes(
            sequenceNumber: 1, baseMediaDecodeTime: UInt64(decode[0]), samples: coded)
        return try folder.write(CMAFHeader.bytes(for: track).array + chunk.array, to: name)
    }
}

extension Clip {
    /// The samples, each with captions.
    public var captioned: [Sample] {
        samples.enumerated().map { index, sample in
            Sample(
                data: ByteChunk(joining: [Self.message(index), sample.data]), decodeTime: sample.decodeTime,
                presentationTime: sample.presentationTime, isSync: sample.isSync)
        }
    }

    /// The captions of a picture: three constructs. Where they stand in a message, a byte is put in that keeps two zeros from
    /// looking like a code.
    public static func captions(_ index: Int) -> [UInt8] {
        [0xFC, 0x80, UInt8(index), 0xFC, 0, 0, 1, 0x80, 0x80]
    }

    /// An SEI message of H.264 with them.
    private static func message(_ index: Int) -> ByteChunk {
        let data = captions(index)
        let start: [UInt8] = [0xB5, 0, 0x31, 0x47, 0x41, 0x39, 0x34, 3, 0x43, 0xFF]
        let unit = [6, 4, UInt8(start.count + data.count + 1)] + start + data[..<6] + [3] + data[6...] + [0xFF, 0x80]
        return ByteChunk([0, 0, 0, UInt8(unit.count)] + unit)
    }
}

extension Frame {
    /// The samples of all three planes, one after the other, without what lies between rows; of 8-bit formats.
    public var packed: [UInt8] {
        (0..<3).flatMap { plane -> [UInt8] in
            let width = plane == 0 ? width : (width + 1) / 2
            return withPlane(plane) { bytes, stride in
                (0..<(bytes.count / stride)).flatMap { row in bytes[(row * stride)..<(row * stride + width)] }
            } ?? []
        }
    }

    /// How alike two pictures of one size are, in decibels: 99 where they are the same.
    public static func likeness(_ left: [UInt8], _ right: [UInt8]) -> Double {
        guard left.count == right.count, !left.isEmpty else { return 0 }
        var sum = 0
        for index in left.indices {
            let difference = Int(left[index]) - Int(right[index])
            sum += difference * difference
        }
        return sum == 0 ? 99 : likeness(error: Double(sum) / Double(left.count))
    }

    private static func likeness(error: Double) -> Double {
        // log10 by halving: no need for a library.
        var (value, steps) = (65_025 / error, 0.0)
        while value >= 2 { (value, steps) = (value / 2, steps + 1) }
        return (steps + (value - 1)) * 3.0103
    }
}
