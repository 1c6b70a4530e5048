import Bitstreams
import Bytes
import MPEGTS
import TestFolder
import TestTools
import Testing

/// What real muxers write, compared with what ffmpeg reads of it.
@Suite(.enabled(if: Tool.areThere, "ffmpeg and ffprobe are not there to write and read the streams"))
struct MuxerTests {
    /// A packet as `ffprobe` shows it.
    struct Packet: Equatable {
        var presentation: Int64
        var decode: Int64
        var size: Int
    }

    /// The options of the muxer.
    static let options: [[String]] = [
        [],
        ["-muxdelay", "0", "-muxpreload", "0"],
        ["-mpegts_flags", "+resend_headers+pat_pmt_at_frames"],
        ["-pcr_period", "10", "-pes_payload_size", "0"],
        ["-muxrate", "3M"],
    ]

    @Test(.timeLimit(.minutes(5)), arguments: options)
    func packetsAreThoseThatFFmpegReads(_ options: [String]) throws {
        let folder = TemporaryFolder()
        let bytes = try Self.encode(options)
        let file = try folder.write(bytes, to: "in.ts")
        let reading = Reading(bytes)
        let program = try #require(reading.programs.first)
        #expect(reading.programs.count == 1)
        #expect(program.number == 1 && program.streams.map(\.kind) == [.h264, .aacADTS])
        #expect(program.clockPID == program.streams[0].pid)
        #expect(reading.health.packetsLost == 0 && reading.health.syncLosses == 0)
        #expect(reading.health.packets > 100)
        for (stream, format) in [(0, "h264"), (1, "adts")] {
            #expect(try reading.bytes(of: stream) == Self.elementaryStream(stream, format, of: file))
        }
        // Pictures are whole packets. Sound is several frames in one; ffprobe shows frames.
        let shown = try Self.packets(of: file, stream: 0)
        #expect(
            reading.packets(of: 0).map {
                Packet(
                    presentation: $0.times?.presentation ?? -1, decode: $0.times?.decode ?? -1, size: $0.payload.count)
            } == shown)
        #expect(reading.packets(of: 0).filter(\.isRandomAccess).count == 2)
        #expect(reading.packets.allSatisfy { !$0.isAfterLoss && $0.times != nil })
        let sound = try Self.packets(of: file, stream: 1)
        let starts = reading.packets(of: 1).compactMap(\.times?.presentation)
        #expect(!starts.isEmpty && Set(starts).isSubset(of: Set(sound.map(\.presentation))))
        // Its clock goes on, and begins again with it.
        #expect(reading.health.clockDiscontinuityErrors == 0)
        #expect(Reading(bytes + bytes).health.clockDiscontinuityErrors == 1)
    }

    @Test(.timeLimit(.minutes(5)))
    func languagesAndKindsOfManyTracksAreRead() throws {
        let bytes = try Tool.file(from: "ffmpeg") { path in
            [
                "-v", "error", "-f", "lavfi", "-i", "sine=r=48000", "-t", "1", "-map", "0", "-map", "0", "-map", "0",
                "-map", "0", "-map", "0", "-map", "0", "-c:a:0", "aac", "-c:a:1", "ac3", "-c:a:2", "eac3", "-c:a:3",
                "mp2",
                "-c:a:4", "libopus", "-ac:a:4", "2", "-c:a:5", "aac", "-mpegts_flags", "+latm", "-metadata:s:a:0",
                "language=deu", "-metadata:s:a:1", "language=eng", "-disposition:a:1", "hearing_impaired",
                "-metadata:s:a:3", "language=fra", "-f", "mpegts", path,
            ]
        }
        let program = try #require(Reading(bytes).programs.first)
        #expect(
            program.streams.map(\.kind) == [
                .aacLATM, .ac3, .eac3, .mp2, .opus(channelConfigCode: 2), .aacLATM,
            ])
        #expect(program.streams.map(\.language) == ["deu", "eng", nil, "fra", nil, nil])
        #expect(program.streams.map(\.audioType) == [0, 2, 0, 0, 0, 0])
    }

    @Test(.timeLimit(.minutes(5)))
    func theNumberedOneOfSeveralProgramsIsFollowed() throws {
        let bytes = try Tool.file(from: "ffmpeg") { path in
            [
                "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-f", "lavfi", "-i", "sine=r=48000",
                "-t",
                "1", "-map", "0", "-map", "1", "-map", "0", "-map", "1", "-c:v", "libx264", "-preset", "ultrafast",
                "-c:v:1", "libx265", "-x265-params", "log-level=none:pools=1", "-preset:v:1", "ultrafast", "-c:a",
                "aac",
                "-program", "program_num=5:title=a:st=0:st=1", "-program", "program_num=9:title=b:st=2:st=3", "-f",
                "mpegts", path,
            ]
        }
        let first = Reading(bytes)
        #expect(first.programs.map(\.number) == [5])
        #expect(first.programs.first?.streams.map(\.kind) == [.h264, .aacADTS])
        let second = Reading(bytes, program: 9)
        #expect(second.programs.map(\.number) == [9])
        #expect(second.programs.first?.streams.map(\.kind) == [.hevc, .aacADTS])
        #expect(second.packets(of: 0).count == 25 && second.packets.count > 25)
        #expect(Set(first.packets.map(\.pid)).isDisjoint(with: second.packets.map(\.pid)))
        let none = Reading(bytes, program: 7)
        #expect(none.events.isEmpty && none.health.packets == first.health.packets)
    }

    @Test(
        .timeLimit(.minutes(5)), .enabled(if: Tool.areThere("gst-launch-1.0"), "gst-launch-1.0 is not there"),
        arguments: ["", "alignment=7 pat-interval=9000 pmt-interval=9000", "m2ts-mode=true"])
    func streamsOfGStreamerAreRead(_ options: String) throws {
        let bytes = try Tool.file(from: "gst-launch-1.0") { path in
            let description =
                "-q mpegtsmux name=m \(options) ! filesink location=\(path) videotestsrc num-buffers=50"
                + " ! video/x-raw,width=320,height=180,framerate=25/1"
                + " ! x264enc bframes=2 speed-preset=ultrafast key-int-max=25 ! h264parse ! m. audiotestsrc num-buffers=90"
                + " ! audioconvert ! voaacenc ! aacparse ! m."
            return description.split(separator: " ").map(String.init)
        }
        let folder = TemporaryFolder()
        let file = try folder.write(bytes, to: "in.ts")
        let reading = Reading(bytes)
        let program = try #require(reading.programs.last)
        #expect(Set(program.streams.map(\.kind)) == [.h264, .aacADTS])
        #expect(reading.health.packetsLost == 0 && reading.health.elementaryPacketsDropped == 0)
        let video = try #require(program.streams.firstIndex { $0.kind == .h264 })
        #expect(reading.packets(of: video).count == 50)
        for (stream, description) in program.streams.enumerated() {
            let format = description.kind == .h264 ? "h264" : "adts"
            #expect(try reading.bytes(of: stream) == Self.elementaryStream(stream, format, of: file))
        }
    }

    /// How the bytes are cut makes no difference, though ends that give themselves away are believed in between.
    @Test(.timeLimit(.minutes(5)), arguments: [1, 7, 100, 187, 188, 189, 1316, 5000, 1_000_000])
    func cutsMakeNoDifference(_ size: Int) throws {
        let bytes = try Self.encode([])
        let garbage = [UInt8](repeating: 0x47, count: 3) + [1, 2, 3]
        let damaged = Array(garbage + bytes[..<100_000] + garbage + bytes[100_100...])
        #expect(Reading(damaged, pieces: size) == Reading(damaged, pieces: damaged.count))
    }

    /// Two seconds of pictures with B-frames, and sound.
    private static func encode(_ options: [String]) throws -> [UInt8] {
        try Tool.file(from: "ffmpeg") { path in
            [
                "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25", "-f", "lavfi", "-i",
                "sine=r=48000,aformat=channel_layouts=stereo", "-t", "2", "-c:v", "libx264", "-pix_fmt", "yuv420p",
                "-preset", "veryfast", "-g", "25", "-bf", "2", "-c:a", "aac",
            ] + options + ["-f", "mpegts", path]
        }
    }

    private static func elementaryStream(_ stream: Int, _ format: String, of file: String) throws -> [UInt8] {
        try Tool.file(from: "ffmpeg") { path in
            ["-v", "error", "-i", file, "-map", "0:\(stream)", "-c", "copy", "-f", format, path]
        }
    }

    private static func packets(of file: String, stream: Int) throws -> [Packet] {
        try Tool.packets(of: file, showing: "pts,dts,size", "-select_streams", "\(stream)").map { fields in
            Packet(
                presentation: try #require(fields["pts"].flatMap(Int64.init)),
                decode: try #require(fields["dts"].flatMap(Int64.init)),
                size: try #require(fields["size"].flatMap(Int.init)))
        }
    }
}
