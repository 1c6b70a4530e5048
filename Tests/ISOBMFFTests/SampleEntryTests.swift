import Bitstreams
import Bytes
import ISOBMFF
import Media
import TestFolder
import TestTools
import Testing

/// What ffmpeg encodes in many ways, written as CMAF and read back by ffmpeg, and the entries compared with its own.
@Suite(.enabled(if: Tool.areThere, "ffmpeg and ffprobe are not there to read the files"))
struct SampleEntryTests {
    struct Coding: CustomTestStringConvertible {
        var entry: FourCC
        var configuration: FourCC
        var options: String
        var rate = 48_000
        var layout = "stereo"
        /// What `ffprobe` is to say of the written file. Layers of MPEG audio it does not tell apart.
        var description: String
        var track: @Sendable (_ first: ByteChunk, _ configuration: ByteChunk) throws -> Track

        var isVideo: Bool { ["hvc1", "av01", "vp09"].contains(entry) }
        var testDescription: String { "\(entry) \(rate) \(layout)" }
    }

    static let codings: [Coding] = [
        Coding(
            entry: "hvc1", configuration: "hvcC",
            options: "-c:v libx265 -preset ultrafast -x265-params log-level=none:bframes=0 -tag:v hvc1",
            description: "hevc,hvc1,320,180",
            track: { _, configuration in
                Track(
                    codec: .hevc, format: .video(VideoFormat(width: 320, height: 180)),
                    decoderConfiguration: configuration, codecString: "hvc1.1.6.L60.90")
            }),
        Coding(
            entry: "av01", configuration: "av1C", options: "-c:v libaom-av1 -cpu-used 8 -lag-in-frames 12",
            description: "av1,av01,320,180",
            track: { _, configuration in try Track(av1CodecConfiguration: configuration) }),
        Coding(
            entry: "vp09", configuration: "vpcC", options: "-c:v libvpx-vp9 -deadline good -cpu-used 5",
            description: "vp9,vp09,320,180",
            track: { first, configuration in try Track(vpCodecConfiguration: configuration, keyFrame: first) }),
        Coding(
            entry: "ac-3", configuration: "dac3", options: "-c:a ac3 -b:a 192k", description: "ac3,ac-3,48000,2",
            track: { first, _ in try Track(ac3Sample: first) }),
        Coding(
            entry: "ac-3", configuration: "dac3", options: "-c:a ac3 -b:a 448k", rate: 44_100, layout: "5.1",
            description: "ac3,ac-3,44100,6", track: { first, _ in try Track(ac3Sample: first) }),
        Coding(
            entry: "ac-3", configuration: "dac3", options: "-c:a ac3 -b:a 96k", rate: 32_000, layout: "mono",
            description: "ac3,ac-3,32000,1", track: { first, _ in try Track(ac3Sample: first) }),
        Coding(
            entry: "ec-3", configuration: "dec3", options: "-c:a eac3 -b:a 256k", layout: "5.1",
            description: "eac3,ec-3,48000,6", track: { first, _ in try Track(ac3Sample: first) }),
        // So high a rate that ffmpeg makes frames of fewer than six blocks.
        Coding(
            entry: "ec-3", configuration: "dec3", options: "-c:a eac3 -b:a 2000k", description: "eac3,ec-3,48000,2",
            track: { first, _ in try Track(ac3Sample: first) }),
        Coding(
            entry: "Opus", configuration: "dOps", options: "-c:a libopus", description: "opus,Opus,48000,2",
            track: { _, _ in try Track(opusChannelConfigurationCode: 2, samplesPerFrame: 960) }),
        Coding(
            entry: "Opus", configuration: "dOps", options: "-c:a libopus -mapping_family 1", layout: "5.1",
            description: "opus,Opus,48000,6",
            track: { _, _ in try Track(opusChannelConfigurationCode: 6, samplesPerFrame: 960) }),
        Coding(
            entry: "fLaC", configuration: "dfLa", options: "-c:a flac -strict -2 -sample_fmt s16",
            description: "flac,fLaC,48000,2", track: { _, box in try Self.flacTrack(box) }),
        Coding(
            entry: "fLaC", configuration: "dfLa", options: "-c:a flac -strict -2 -sample_fmt s32", rate: 192_000,
            layout: "5.1", description: "flac,fLaC,192000,6", track: { _, box in try Self.flacTrack(box) }),
        Coding(
            entry: "mp4a", configuration: "esds", options: "-c:a mp2", rate: 44_100, description: "mp3,mp4a,44100,2",
            track: { _, _ in Track(mpegAudioSampleRate: 44_100, channelCount: 2) }),
        Coding(
            entry: "mp4a", configuration: "esds", options: "-c:a mp2", rate: 24_000, layout: "mono",
            description: "mp3,mp4a,24000,1",
            track: { _, _ in Track(mpegAudioSampleRate: 24_000, channelCount: 1) }),
    ]

    @Test(.timeLimit(.minutes(10)), arguments: codings)
    func mediaComeBackAsTheyWereEncoded(coding: Coding) throws {
        let folder = TemporaryFolder()
        let (file, samples, configuration) = try Self.encode(coding, in: folder)
        let track = try coding.track(samples[0], configuration)
        let duration =
            switch track.format {
            case .video: 3600
            case .audio(let audio): audio.samplesPerFrame
            }
        var bytes = CMAFHeader.bytes(for: track).array
        for (number, start) in stride(from: 0, to: samples.count, by: 10).enumerated() {
            let chunk = samples[start..<min(start + 10, samples.count)].map {
                ChunkSample(
                    data: $0, duration: UInt32(duration), compositionOffset: 0,
                    isSync: !coding.isVideo || start == 0 && $0 == samples[0])
            }
            bytes +=
                CMAFChunk.bytes(
                    sequenceNumber: UInt32(number + 1), baseMediaDecodeTime: UInt64(start * duration), samples: chunk
                ).array
        }
        let written = try folder.write(bytes, to: "written.mp4")
        let fields = coding.isVideo ? "width,height" : "sample_rate,channels"
        let said = try Tool.run(
            "ffprobe",
            [
                "-v", "warning", "-show_entries", "stream=codec_name,codec_tag_string,\(fields)", "-of", "csv=p=0",
                written,
            ])
        #expect(said.standardOutput.hasPrefix(coding.description) && said.standardError == "")
        let played = try Tool.run("ffmpeg", ["-v", "warning", "-i", written, "-f", "null", "-"])
        #expect(played.standardError == "")
        #expect(try Self.digest(of: written, ["-c", "copy"]) == Self.digest(of: file, ["-c", "copy"]))
        // Of Opus, ffmpeg cuts the start off where PreSkip says so, as in its own file.
        if coding.entry != "Opus" { #expect(try Self.digest(of: written, []) == Self.digest(of: file, [])) }

        let own = try Self.configurationBox(coding, ByteChunk(bytes))
        switch coding.entry {
        case "Opus":
            // PreSkip is the only difference.
            #expect(
                own.array.prefix(2) + own.array.dropFirst(4) == configuration.array.prefix(2)
                    + configuration.array.dropFirst(4))
        case "mp4a":
            let object: UInt8 = coding.rate < 32_000 ? 0x69 : 0x6B
            #expect(
                own.array == [0, 0, 0, 0, 3, 21, 0, 0, 0, 4, 13, object, 0x15] + Array(repeating: 0, count: 11)
                    + [6, 1, 2])
        case "fLaC":
            // What only the end of a file knows: how many samples there are, 36 bits, and their MD5.
            #expect(own.array.prefix(21) == configuration.array.prefix(21))
            #expect(own.count == configuration.count && own.array[21] == configuration.array[21] & 0xF0)
            #expect(own.array.suffix(20).allSatisfy { $0 == 0 })
            let (fields, reference) = (
                try Self.entry(coding, ByteChunk(bytes)),
                try Self.entry(coding, ByteChunk(folder.bytes(of: "source.mp4")))
            )
            // channelcount and samplesize; ffmpeg leaves out a rate that does not fit, and 192,000 is four times 48,000.
            #expect(fields.payload.array[16..<20] == reference.payload.array[16..<20])
            #expect(fields.payload.array[24..<28] == [0xBB, 0x80, 0, 0])
        default: #expect(own == configuration)
        }
    }

    @Test(
        arguments: zip(
            [nil, "de", "de-AT", "EN_us", "fra", "qaa-x", "x", "zzzz", "", "ß"] as [String?],
            ["und", "deu", "deu", "eng", "fra", "qaa", "und", "und", "und", "und"]))
    func theLanguageIsInTheMediaHeader(tag: String?, code: String) throws {
        var track = try Samples.audioTrack()
        track.language = tag
        let mdhd = try #require(try findBox(["moov", "trak", "mdia", "mdhd"], in: CMAFHeader.bytes(for: track)))
        let packed = mdhd.payload.array.suffix(4).prefix(2).reduce(0) { $0 << 8 | Int($1) }
        let letters = [10, 5, 0].map { UInt8(packed >> $0 & 0x1F) + 0x60 }
        #expect(String(decoding: letters, as: UTF8.self) == code)
    }

    /// A second of it as MP4: its samples, and the payload of the box with its configuration.
    private static func encode(
        _ coding: Coding, in folder: TemporaryFolder
    ) throws -> (file: String, samples: [ByteChunk], configuration: ByteChunk) {
        let file = folder.path(of: "source.mp4")
        let source =
            coding.isVideo
            ? "testsrc2=s=320x180:r=25,format=yuv420p"
            : "anoisesrc=r=\(coding.rate):a=0.1:seed=7,aformat=channel_layouts=\(coding.layout)"
        try Tool.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", source, "-t", "1"]
                + coding.options.split(separator: " ").map(String.init) + [file])
        let bytes = ByteChunk(try folder.bytes(of: "source.mp4"))
        // The media lie one after the other.
        let media = try #require(try findBox(["mdat"], in: bytes)).payload
        let sizes = try #require(try findBox(["moov", "trak", "mdia", "minf", "stbl", "stsz"], in: bytes)).payload
        var (reader, samples, start) = (ByteReader(sizes.span), [ByteChunk](), 0)
        try reader.skip(4)
        let (common, count) = (try reader.readUInt32(), try reader.readUInt32())
        for _ in 0..<count {
            let size = Int(common == 0 ? try reader.readUInt32() : common)
            samples.append(media[start..<(start + size)])
            start += size
        }
        try #require(samples.count > 10)
        return (file, samples, try configurationBox(coding, bytes))
    }

    private static func configurationBox(_ coding: Coding, _ file: ByteChunk) throws -> ByteChunk {
        let children = try entry(coding, file).children(after: coding.isVideo ? 78 : 28)
        return try #require(children.first { $0.type == coding.configuration }).payload
    }

    private static func entry(_ coding: Coding, _ file: ByteChunk) throws -> Box {
        try #require(try findBox(["moov", "trak", "mdia", "minf", "stbl", "stsd", coding.entry], in: file))
    }

    private static func flacTrack(_ box: ByteChunk) throws -> Track {
        try Track(flacStreamInfo: box[4..<box.count])
    }

    private static func digest(of file: String, _ options: [String]) throws -> String {
        let output = try Tool.run(
            "ffmpeg", ["-v", "error", "-ignore_editlist", "1", "-i", file] + options + ["-f", "md5", "-"])
        #expect(output.standardOutput.hasPrefix("MD5="))
        return output.standardOutput
    }
}
