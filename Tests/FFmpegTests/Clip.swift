import Bitstreams
import Bytes
import FFmpeg
import ISOBMFF
import Media
import TestFolder
import TestTools

/// A file that ffmpeg has made, as samples of its first stream.
struct Clip {
    let path: String
    let track: Track
    let samples: [Sample]

    /// What ffmpeg makes of `source`, a source of libavfilter, with those options.
    init(_ folder: TemporaryFolder, _ name: String, from source: String, _ options: String) throws {
        path = folder.path(of: name)
        try Tool.run(
            "ffmpeg",
            ["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", source]
                + options.split(separator: " ").map(String.init) + [path])
        (track, samples) = try Self.read(path)
    }

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
    func frames() throws -> [Frame] { try Clip.frames(track, samples) }

    static func frames(_ track: Track, _ samples: [Sample]) throws -> [Frame] {
        let decoder = try VideoDecoder(track)
        return samples.flatMap { decoder.decode($0) } + decoder.finish()
    }

    /// All sound of it.
    func sound() throws -> [AudioFrame] { try Clip.sound(track, samples) }

    static func sound(_ track: Track, _ samples: [Sample]) throws -> [AudioFrame] {
        let decoder = try AudioDecoder(track)
        return samples.flatMap { decoder.decode($0) } + decoder.finish()
    }

    /// So much later are the times in what `write` writes: none may be below zero there.
    static let shift = MediaTime(10, Timescale(1))

    /// Writes a file as the packager does; its path.
    static func write(_ track: Track, _ samples: [Sample], to folder: TemporaryFolder, _ name: String) throws -> String
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

extension Frame {
    /// The samples of all three planes, one after the other, without what lies between rows; of 8-bit formats.
    var packed: [UInt8] {
        (0..<3).flatMap { plane -> [UInt8] in
            let width = plane == 0 ? width : (width + 1) / 2
            return withPlane(plane) { bytes, stride in
                (0..<(bytes.count / stride)).flatMap { row in bytes[(row * stride)..<(row * stride + width)] }
            } ?? []
        }
    }

    /// How alike two pictures of one size are, in decibels: 99 where they are the same.
    static func likeness(_ left: [UInt8], _ right: [UInt8]) -> Double {
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
