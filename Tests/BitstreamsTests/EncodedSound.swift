import Bitstreams
import Bytes
import Media
import TestFolder
import TestTools
import Testing

/// Sound that ffmpeg encoded, in a form that it was asked for.
struct EncodedSound {
    /// A packet as `ffprobe` shows it.
    struct Packet: Equatable {
        var presentationTime: Int64?
        var size: Int
        /// Adler-32 of the bytes.
        var checksum: UInt32
    }

    /// The file.
    let bytes: [UInt8]
    /// What `ffmpeg` makes of noise and a tone, `seconds` long, as a file of `format`.
    init(_ format: String, seconds: Double = 1, rate: Int = 48_000, layout: String = "stereo", _ options: String) throws
    {
        let noise = "anoisesrc=r=\(rate):a=0.1:seed=7,aformat=channel_layouts=\(layout)"
        bytes = try Tool.file(from: "ffmpeg") { path in
            ["-v", "error", "-f", "lavfi", "-i", noise, "-t", "\(seconds)"]
                + options.split(separator: " ").map(String.init) + ["-f", format, path]
        }
    }

    /// What `ffprobe` reads from it.
    func packets() throws -> [Packet] {
        let folder = TemporaryFolder()
        let file = try folder.write(bytes, to: "sound")
        return try Tool.packets(of: file, showing: "pts,size,data_hash", "-show_data_hash", "adler32").map { fields in
            Packet(
                presentationTime: fields["pts"].flatMap(Int64.init),
                size: try #require(fields["size"].flatMap(Int.init)),
                checksum: try #require(UInt32(fields["data_hash"]?.dropFirst("adler32:".count) ?? "", radix: 16)))
        }
    }

    /// What `ffmpeg` decodes `bytes` of `format` to, 16 bits a sample. Warnings are failures.
    static func decoded(_ bytes: [UInt8], _ format: String) throws -> [UInt8] {
        let folder = TemporaryFolder()
        let words = try Tool.run(
            "ffmpeg",
            [
                "-v", "warning", "-f", format, "-i", folder.write(bytes, to: "in"), "-f", "s16le",
                folder.path(of: "out"),
            ]
        ).standardError
        // That a bare stream does not tell its duration is not the sound's fault.
        #expect(words.split(separator: "\n").allSatisfy { $0.contains("Estimating duration from bitrate") }, "\(words)")
        return try folder.bytes(of: "out")
    }

    /// The payloads of PES packets in a transport stream of one stream that ffmpeg wrote, with their times.
    var elementaryPackets: [(payload: ByteChunk, times: PacketTimes)] {
        var packets: [(payload: [UInt8], time: Int64)] = []
        for start in stride(from: 0, to: bytes.count - 187, by: 188) {
            let packet = bytes[start..<(start + 188)]
            guard Int(packet[start + 1] & 0x1F) << 8 | Int(packet[start + 2]) == 0x100 else { continue }
            var body = packet.dropFirst(4)
            if packet[start + 3] & 0x20 != 0 { body = body.dropFirst(1 + Int(packet[start + 4])) }
            if packet[start + 1] & 0x40 != 0 {
                let header = Array(body.prefix(14)).map(Int64.init)

                let parts = [
                    header[9] >> 1 & 7, (header[10] << 8 | header[11]) >> 1, (header[12] << 8 | header[13]) >> 1,
                ]
                let time = parts.reduce(0) { $0 << 15 | $1 }
                packets.append(([], time))
                body = body.dropFirst(9 + Int(header[8]))
            }
            if !packets.isEmpty { packets[packets.count - 1].payload += body }
        }
        return packets.map { (ByteChunk($0.payload), PacketTimes(presentation: $0.time, decode: $0.time)) }
    }
}

/// What a reader tells of a stream.
struct ReadSound: Equatable {
    var tracks: [Track] = []
    var samples: [Sample] = []
    /// How many samples came before each track.
    var starts: [Int] = []
    var faults = 0

    /// What `reader` makes of `packets`.
    init(_ reader: some ElementaryStreamReader, _ packets: [(payload: ByteChunk, times: PacketTimes?)]) {
        var (reader, events) = (reader, [ElementaryStreamEvent]())
        for packet in packets { reader.read(packet.payload, times: packet.times, into: &events) }
        reader.finish(into: &events)
        for event in events {
            switch event {
            case .track(let track):
                tracks.append(track)
                starts.append(samples.count)
            case .sample(let sample): samples.append(sample)
            }
        }
        faults = reader.faults
    }

    /// What `reader` makes of one packet at time 0.
    init(_ reader: some ElementaryStreamReader, _ bytes: [UInt8]) {
        self.init(reader, [(ByteChunk(bytes), PacketTimes(presentation: 0, decode: 0))])
    }

    var times: [Int64] { samples.map { $0.presentationTime.value } }

    func audio(_ index: Int = 0) throws -> AudioFormat {
        let formats = tracks.dropFirst(index).map { track in
            if case .audio(let format) = track.format { format } else { nil as AudioFormat? }
        }
        return try #require(formats.first ?? nil)
    }
}

/// Adler-32 of some bytes, RFC 1950 §8.2.
func adler32(_ bytes: ByteChunk) -> UInt32 {
    let (a, b) = bytes.array.reduce((1, 0) as (UInt32, UInt32)) { sums, byte in
        let a = (sums.0 + UInt32(byte)) % 65_521
        return (a, (sums.1 + a) % 65_521)
    }
    return b << 16 | a
}
