import Bitstreams
import Bytes
import Media
import TestFolder
import TestTools
import Testing

/// Pictures that ffmpeg encoded, as a byte stream and as an MP4 file of the same coded pictures.
struct EncodedVideo {
    /// A sample of the MP4 file, without what a track's samples are not to have.
    struct Reference: Equatable {
        var data: ByteChunk
        var times: PacketTimes
        /// As the encoder flags it: also where a group of pictures is open.
        var isKey: Bool
    }

    let codec: Codec
    /// The payload of `avcC` or `hvcC`, as ffmpeg wrote it.
    let decoderConfiguration: ByteChunk
    let references: [Reference]
    /// The access units in the byte stream, as ffprobe finds them.
    let accessUnits: [ByteChunk]

    /// `frames` pictures of a test card of `size` at `rate`, encoded with `options`.
    init(
        _ codec: Codec, size: String = "160x90", rate: Int = 25, frames: Int = 40, _ options: String,
        parameters: String = "", delimiters: Bool = true
    ) throws {
        let folder = TemporaryFolder()
        let isHEVC = codec == .hevc
        let (movie, stream) = ("movie.mp4", isHEVC ? "stream.265" : "stream.264")
        let encoder =
            isHEVC
            ? ["-c:v", "libx265", "-tag:v", "hvc1", "-x265-params", "log-level=error:info=0:" + parameters]
            : ["-c:v", "libx264", "-x264-params", "threads=1:" + parameters]
        try Tool.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=\(size):r=\(rate)", "-frames:v", "\(frames)"] + encoder
                + options.split(separator: " ").map(String.init)
                + ["-video_track_timescale", "90000", folder.path(of: movie)])
        let filter =
            (isHEVC ? "hevc" : "h264") + "_mp4toannexb"
            + (delimiters ? (isHEVC ? ",hevc" : ",h264") + "_metadata=aud=insert" : "")
        try Tool.run(
            "ffmpeg",
            ["-v", "error", "-i", folder.path(of: movie), "-c", "copy", "-bsf:v", filter, folder.path(of: stream)])

        self.codec = codec
        let file = try folder.bytes(of: movie)
        decoderConfiguration = ByteChunk(try #require(Self.box(isHEVC ? "hvcC" : "avcC", in: file)))
        references = try Tool.packets(of: folder.path(of: movie), showing: "dts,pts,size,pos,flags").map { fields in
            let number = { (name: String) in try #require(Int(fields[name] ?? "")) }
            let start = try number("pos")
            return Reference(
                data: try Self.kept(in: file[start..<(start + (try number("size")))], isHEVC),
                times: PacketTimes(presentation: Int64(try number("pts")), decode: Int64(try number("dts"))),
                isKey: fields["flags"]?.hasPrefix("K") == true)
        }
        let bytes = try folder.bytes(of: stream)
        var (start, offset) = (0, 0)
        accessUnits = try Tool.packets(of: folder.path(of: stream), showing: "size").map { fields in
            offset += try #require(Int(fields["size"] ?? ""))
            // ffprobe counts the zero byte before a start code of HEVC to the access unit before.
            var end = offset
            while end < bytes.count, bytes[end - 1] == 0 { end -= 1 }
            defer { start = end }
            return ByteChunk(Array(bytes[start..<end]))
        }
        #expect(offset == bytes.count && accessUnits.count == references.count && references.count == frames)
    }

    /// A packet for each access unit, with its times.
    var packets: [(payload: ByteChunk, times: PacketTimes?)] {
        zip(accessUnits, references).map { ($0, $1.times) }
    }

    /// The NAL units of a sample that are to stay, behind their lengths.
    private static func kept(in sample: ArraySlice<UInt8>, _ isHEVC: Bool) throws -> ByteChunk {
        let bytes = Array(sample)
        var units = NALUnitReader(bytes.span, lengthSize: 4)
        var result: [UInt8] = []
        while let unit = try units.next() {
            let type = isHEVC ? bytes[unit.lowerBound] >> 1 & 0x3F : bytes[unit.lowerBound] & 0x1F
            if isHEVC ? [32, 33, 34, 35, 38].contains(type) : [7, 8, 9, 12, 13].contains(type) { continue }
            result += bytes[(unit.lowerBound - 4)..<unit.upperBound]
        }
        return ByteChunk(result)
    }

    /// The payload of the first box of that type, wherever it is.
    private static func box(_ type: String, in file: [UInt8]) -> [UInt8]? {
        let name = Array(type.utf8)
        guard let place = file.indices.dropFirst(4).first(where: { file[$0...].starts(with: name) }) else { return nil }
        let size = file[(place - 4)..<place].reduce(0) { $0 << 8 | Int($1) }
        return Array(file[(place + 4)..<(place - 4 + size)])
    }
}

/// What a reader makes of packets.
struct Reading {
    var events: [ElementaryStreamEvent] = []
    /// How many samples had come at the end of each packet.
    var samplesAfterPackets: [Int] = []
    var faults = 0

    init(_ codec: Codec, _ packets: [(payload: ByteChunk, times: PacketTimes?)]) {
        if codec == .hevc { read(HEVCStreamReader(), packets) } else { read(AVCStreamReader(), packets) }
    }

    var samples: [Sample] {
        events.compactMap { event in if case .sample(let sample) = event { sample } else { nil } }
    }

    var tracks: [Track] {
        events.compactMap { event in if case .track(let track) = event { track } else { nil } }
    }

    private mutating func read(
        _ reader: some ElementaryStreamReader, _ packets: [(payload: ByteChunk, times: PacketTimes?)]
    ) {
        var reader = reader
        for packet in packets {
            let before = events.count
            reader.read(packet.payload, times: packet.times, into: &events)
            let count = events[before...].count { event in if case .sample = event { true } else { false } }
            samplesAfterPackets.append((samplesAfterPackets.last ?? 0) + count)
        }
        reader.finish(into: &events)
        faults = reader.faults
    }
}
