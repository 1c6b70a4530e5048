import Bytes
import FFmpeg
import Media
import TestFolder
import TestTools
import Testing

@testable import Ingest

/// What real muxers write becomes tracks and samples.
@Suite(.timeLimit(.minutes(30))) struct DemuxedTranslatorTests {
    private let folder = TemporaryFolder()

    private func clip(_ name: String, _ options: [String], sounds: Int = 1) throws -> String {
        var arguments = ["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25"]
        for sound in 0..<sounds { arguments += ["-f", "lavfi", "-i", "sine=f=\(400 + 100 * sound):r=48000"] }
        arguments += ["-map", "0"] + (0..<sounds).flatMap { ["-map", "\($0 + 1)"] }
        arguments += ["-t", "2", "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", "25", "-bf", "2"] + options
        try Tool.run("ffmpeg", arguments + [folder.path(of: name)])
        return folder.path(of: name)
    }

    private func translate(_ path: String) throws -> (events: [FeedEvent], translator: DemuxedTranslator) {
        let demuxer = try Demuxer(
            "file:" + path, DemuxerOptions(formats: DemuxerOptions.containers, protocols: ["file"]), isWanted: { true })
        var translator = DemuxedTranslator()
        var events: [FeedEvent] = []
        translator.follow(demuxer.streams)
        while let packet = try demuxer.read() { translator.translate(packet, into: &events) }
        translator.finish(into: &events)
        return (events, translator)
    }

    @Test(
        arguments: ["libx264", "libx265"],
        [
            ("c.mp4", "aac", Codec.aac), ("c.ts", "aac", .aac), ("c.mkv", "aac", .aac), ("c.mp4", "ac3", .ac3),
            ("c.ts", "eac3", .eac3), ("c.mkv", "libopus", .opus), ("c.mp4", "libopus", .opus),
            ("c.ts", "libopus", .opus),
            ("c.ts", "mp2", .mp2),
        ])
    func allPacketsBecomeSamples(video: String, file: (name: String, audio: String, codec: Codec)) throws {
        let path = try clip(file.name, ["-c:v", video, "-c:a", file.audio])
        let (events, translator) = try translate(path)
        #expect(translator.faults == 0 && translator.unsupported.isEmpty)
        #expect(events.tracks.count == 2)
        #expect(Set(events.tracks.map(\.codec)) == [video == "libx264" ? .h264 : .hevc, file.codec])
        // The same times as ffprobe shows, in ticks of 90 kHz.
        let shown = try Tool.packets(of: path, showing: "codec_type,pts_time,dts_time,flags")
        let pictures = events.pictures
        let expected = shown.filter { $0["codec_type"] == "video" }
        #expect(pictures.count == expected.count && pictures.count == 50)
        for (sample, packet) in zip(pictures, expected) {
            #expect(abs(sample.presentationTime.seconds - (Double(packet["pts_time"] ?? "") ?? -99)) < 0.00002)
            #expect(sample.isSync == (packet["flags"]?.hasPrefix("K") == true))
            // Matroska has none for the first pictures.
            guard let decode = Double(packet["dts_time"] ?? "") else { continue }
            #expect(abs(sample.decodeTime.seconds - decode) < 0.00002)
        }
        #expect(zip(pictures, pictures.dropFirst()).allSatisfy { $0.decodeTime < $1.decodeTime })
        #expect(pictures.allSatisfy { $0.decodeTime <= $0.presentationTime })
        let sounds = events.sounds
        #expect(sounds.count == shown.count { $0["codec_type"] == "audio" })
        #expect(zip(sounds, sounds.dropFirst()).allSatisfy { $0.presentationTime < $1.presentationTime })
    }

    /// Whatever the container, the samples are the same.
    @Test func samplesAreTheSameInAllContainers() throws {
        let path = try clip("c.mp4", ["-c:v", "libx264", "-c:a", "aac"])
        let events = try translate(path).events
        for name in ["c.ts", "c.mkv", "c.flv"] {
            try Tool.run("ffmpeg", ["-v", "error", "-nostdin", "-i", path, "-c", "copy", folder.path(of: name)])
            let other = try translate(folder.path(of: name)).events
            #expect(other.pictures.map(\.data) == events.pictures.map(\.data), "\(name)")
            #expect(other.sounds.map(\.data) == events.sounds.map(\.data), "\(name)")
            let tracks = other.tracks.sorted { $0.codec.rawValue < $1.codec.rawValue }
            let first = events.tracks.sorted { $0.codec.rawValue < $1.codec.rawValue }
            #expect(tracks.map(\.codecString) == first.map(\.codecString), "\(name)")
            #expect(tracks.last?.decoderConfiguration == first.last?.decoderConfiguration, "\(name)")
        }
    }

    @Test(arguments: ["c.ts", "c.mp4"]) func severalSoundsHaveTheirLanguages(name: String) throws {
        let path = try clip(
            name,
            ["-c:v", "libx264", "-c:a", "aac", "-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=fra"],
            sounds: 2)
        let events = try translate(path).events
        let sounds = events.tracks.filter { $0.codec == .aac }.sorted { $0.index < $1.index }
        #expect(sounds.map(\.index) == [0, 1] && sounds.map(\.language) == ["de", "fr"])
        guard case .announcement(2)? = events.first else {
            Issue.record("two sounds are announced before anything else")
            return
        }
    }

    @Test func whatNothingCanBeMadeOfIsNamed() throws {
        let path = try clip("c.mkv", ["-c:v", "mpeg4", "-c:a", "flac"])
        let (events, translator) = try translate(path)
        #expect(events.isEmpty && translator.isEmpty && translator.unsupported.sorted() == ["flac", "mpeg4"])
    }

    /// A clock of 33 bits that comes to its end goes on.
    @Test func aClockThatWrapsGoesOn() throws {
        let path = try clip(
            "c.ts", ["-c:v", "libx264", "-c:a", "aac", "-output_ts_offset", "\(Double(1 << 33) / 90_000 - 1)"])
        let events = try translate(path).events
        for times in [events.pictures.map(\.decodeTime), events.sounds.map(\.decodeTime)] {
            let steps = zip(times, times.dropFirst()).map { ($1 - $0).seconds }
            #expect(steps.allSatisfy { $0 > 0 && $0 < 0.1 })
        }
        let (picture, sound) = (events.pictures[10].decodeTime, events.sounds[10].decodeTime)
        #expect(abs((picture - sound).seconds) < 5)
    }

    /// Lengths that lead out of the packet, and packets that are cut anywhere.
    @Test func damagedPacketsAreFaultsAndNothingElse() throws {
        let path = try clip("c.mp4", ["-c:v", "libx264", "-c:a", "aac"])
        let demuxer = try Demuxer(
            "file:" + path, DemuxerOptions(formats: DemuxerOptions.containers, protocols: ["file"]), isWanted: { true })
        var translator = DemuxedTranslator()
        translator.follow(demuxer.streams)
        var events: [FeedEvent] = []
        var number = 0
        while let packet = try demuxer.read() {
            number += 1
            var bytes = packet.data.array
            if number % 3 == 0, !bytes.isEmpty { bytes[0] = 0x7F }
            if number % 5 == 0 { bytes.removeLast(bytes.count / 2) }
            if number % 7 == 0 { bytes = [] }
            translator.translate(
                DemuxedPacket(
                    stream: packet.stream, data: ByteChunk(bytes), presentation: packet.presentation,
                    decode: packet.decode, configuration: number % 11 == 0 ? ByteChunk(bytes) : nil), into: &events)
        }
        #expect(translator.faults > 0)
    }
}

extension [FeedEvent] {
    var tracks: [Track] { compactMap { if case .track(let track) = $0 { track } else { nil } } }
    var pictures: [Sample] { compactMap { if case .video(let sample) = $0 { sample } else { nil } } }
    var sounds: [Sample] { compactMap { if case .audio(let sample, _) = $0 { sample } else { nil } } }
}
