import Bitstreams
import Bytes
import Media
import TestFolder
import TestTools
import Testing

/// Media that ffmpeg encoded: as packets, each of which is one sample, and as an MP4 file of the same.
struct EncodedPackets {
    /// A sample of the MP4 file.
    struct Reference: Equatable {
        var data: ByteChunk
        var isKey: Bool
    }

    /// What the encoder put out.
    let packets: [ByteChunk]
    let references: [Reference]
    private let movie: [UInt8]

    /// `frames` pictures of a test card in the pixel format `pixels`, encoded with `options`, in one pass or two.
    init(
        pictures pixels: String, size: String = "160x90", frames: Int = 14, passes: Int = 1, _ options: String
    ) throws {
        let folder = TemporaryFolder()
        let (packets, movie) = (folder.path(of: "packets.ivf"), folder.path(of: "movie.mp4"))
        for pass in 1...passes {
            let output = pass == passes ? [packets] : ["-f", "null", "-"]
            let log = passes == 1 ? [] : ["-pass", "\(pass)", "-passlogfile", folder.path(of: "pass")]
            try Tool.run(
                "ffmpeg",
                [
                    "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=\(size):r=25,format=\(pixels)", "-frames:v",
                    "\(frames)",
                ] + options.split(separator: " ").map(String.init) + log + output)
        }
        try Tool.run("ffmpeg", ["-v", "error", "-i", packets, "-c", "copy", movie])
        self.packets = Self.frames(ofIVF: try folder.bytes(of: "packets.ivf"))
        self.movie = try folder.bytes(of: "movie.mp4")
        references = try Self.samples(of: movie, self.movie)
        #expect(self.packets.count == references.count && references.count == frames)
    }

    /// A second of noise at `rate`, encoded with `options`.
    init(sound options: String, rate: Int = 48_000, layout: String = "stereo") throws {
        let folder = TemporaryFolder()
        let movie = folder.path(of: "movie.mp4")
        try Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i",
                "anoisesrc=r=\(rate):a=0.1:seed=7,aformat=channel_layouts=\(layout)", "-t", "1",
            ] + options.split(separator: " ").map(String.init) + [movie])
        self.movie = try folder.bytes(of: "movie.mp4")
        references = try Self.samples(of: movie, self.movie)
        packets = references.map(\.data)
        #expect(packets.count > 4)
    }

    /// The payload of the first box of that type in the MP4 file, wherever it is.
    func box(_ type: String) throws -> ByteChunk {
        let name = Array(type.utf8)
        let place = try #require(
            movie.indices.dropFirst(4).first { movie[$0...].starts(with: name) && movie[$0 - 4] == 0 })
        let size = movie[(place - 4)..<place].reduce(0) { $0 << 8 | Int($1) }
        return ByteChunk(Array(movie[(place + 4)..<(place - 4 + size)]))
    }

    private static func samples(of file: String, _ bytes: [UInt8]) throws -> [Reference] {
        try Tool.packets(of: file, showing: "size,pos,flags").map { fields in
            let start = try #require(Int(fields["pos"] ?? ""))
            let size = try #require(Int(fields["size"] ?? ""))
            return Reference(
                data: ByteChunk(Array(bytes[start..<(start + size)])), isKey: fields["flags"]?.hasPrefix("K") == true)
        }
    }

    /// A header of 32 bytes; then frames behind their size, four bytes from the low one on, and their time.
    private static func frames(ofIVF bytes: [UInt8]) -> [ByteChunk] {
        var frames: [ByteChunk] = []
        var place = 32
        while place + 12 <= bytes.count {
            let size = bytes[place..<(place + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
            frames.append(ByteChunk(Array(bytes[(place + 12)..<(place + 12 + size)])))
            place += 12 + size
        }
        return frames
    }
}

/// What a reader makes of packets.
struct PacketReading {
    var samples: [PacketSample] = []
    /// The track of each sample.
    var tracks: [Track?] = []

    init(_ reader: inout some ConfiguredStreamReader, _ packets: [ByteChunk]) throws {
        for packet in packets {
            guard let sample = try reader.read(packet) else { continue }
            samples.append(sample)
            tracks.append(reader.track)
        }
    }
}
