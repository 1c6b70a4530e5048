import Bytes
import Clips
import FFmpeg
import Media
import TestFolder
import TestTools
import Testing

/// Sound keeps its time and gets as loud as it should be.
@Suite(.timeLimit(.minutes(30))) struct AudioCodecTests {
    private let folder = TemporaryFolder()

    private func sound(_ source: String, _ options: String = "") throws -> [AudioFrame] {
        try Clip(folder, "clip.mp4", from: source, options + " -c:a flac -strict -2").sound()
    }

    private func filtered(_ frames: [AudioFrame], _ options: AudioFilterOptions = AudioFilterOptions()) throws
        -> [AudioFrame]
    {
        let filter = try AudioFilter(options)
        var result: [AudioFrame] = []
        for frame in frames { result += try filter.filter(frame) }
        return result + (try filter.finish())
    }

    /// The time of the loudest sample.
    private func peak(_ frames: [AudioFrame], channel: Int = 0) -> Double {
        var (loudest, time): (Float, Double) = (0, -1)
        for frame in frames {
            for (index, sample) in frame.samples(ofChannel: channel).enumerated() where abs(sample) > loudest {
                loudest = abs(sample)
                time = frame.presentationTime.seconds + Double(index) / Double(frame.sampleRate)
            }
        }
        return time
    }

    private func isContinuous(_ frames: [AudioFrame]) -> Bool {
        zip(frames, frames.dropFirst()).allSatisfy { left, right in
            left.presentationTime + MediaTime(Int64(left.sampleCount), Timescale(left.sampleRate))
                == right.presentationTime
        }
    }

    private func encoded(
        _ frames: [AudioFrame], _ options: AudioEncoderOptions = AudioEncoderOptions()
    ) throws -> (Track, [Sample]) {
        let encoder = try AudioEncoder(options)
        var samples: [Sample] = []
        for frame in frames { samples += try encoder.encode(frame) }
        return (encoder.track, samples + (try encoder.finish()))
    }

    private static func click(at sample: Int, rate: Int) -> String {
        "aevalsrc='if(between(n,\(sample),\(sample + 8)),0.9,0)':s=\(rate):d=2"
    }

    @Test(arguments: [(48_000, "1c"), (44_100, "stereo")])
    func aClickStaysWhereItWas(rate: Int, layout: String) throws {
        let frames = try sound(
            Self.click(at: rate * 5 / 4, rate: rate) + ",aformat=channel_layouts=" + (layout == "1c" ? "mono" : layout))
        let result = try filtered(frames)
        #expect(abs(peak(result) - 1.25) < 0.001)
        let (track, samples) = try encoded(result)
        #expect(track.codecString == "mp4a.40.2")
        #expect(
            track.format == .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1024)))
        #expect(samples.first?.presentationTime == MediaTime(-1024, Timescale(48_000)))
        for (index, sample) in samples.enumerated() {
            #expect(sample.presentationTime.value == Int64(index - 1) * 1024)
        }
        let again = try Clip.sound(track, samples)
        #expect(abs(peak(again) - 1.25) < 0.001 && abs(peak(again, channel: 1) - 1.25) < 0.001)
        // And as another player has it.
        let path = try Clip.write(track, samples, to: folder, "out.mp4")
        let raw = folder.path(of: "out.f32")
        try Tool.run("ffmpeg", ["-v", "error", "-copyts", "-i", path, "-f", "f32le", "-ac", "1", raw])
        let bytes = try folder.bytes(of: "out.f32")
        let values = stride(from: 0, to: bytes.count - 3, by: 4).map { place in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) })
        }
        let loudest = try #require(values.indices.max { abs(values[$0]) < abs(values[$1]) })
        let start = try Tool.packets(of: path, showing: "pts_time")[0]["pts_time"].flatMap { Double($0) }
        let time = Double(loudest) / 48_000 + (start ?? 0) - Clip.shift.seconds
        #expect(abs(time - 1.25) < 0.001)
    }

    @Test(arguments: ["aac", "ac3", "eac3", "mp2", "opus -ar 48000", "flac"])
    func everyCodecOfATrackIsDecoded(codec: String) throws {
        let clip = try Clip(
            folder, codec == "mp2" ? "clip.mkv" : "clip.mp4", from: "sine=r=48000:d=1,volume=8",
            "-ac 2 -strict -2 -c:a " + codec)
        let result = try filtered(try clip.sound())
        let count = result.reduce(0) { $0 + $1.sampleCount }
        #expect(abs(count - 48_000) < 4096 && isContinuous(result))
        let loudest = try #require(result.dropFirst(4).first).samples(ofChannel: 1).max() ?? 0
        #expect((0.5...1.1).contains(loudest), "\(loudest)")
    }

    @Test func channelsAreMixedDownAndTheRateChanges() throws {
        let frames = try sound("sine=r=44100:d=1,pan=5.1|c2=c0")
        #expect(frames.first?.channelCount == 6)
        let result = try filtered(frames)
        #expect(result.allSatisfy { $0.channelCount == 2 && $0.sampleRate == 48_000 } && isContinuous(result))
        let count = result.reduce(0) { $0 + $1.sampleCount }
        #expect(abs(count - 48_000) <= 32)
        // The middle is in both.
        let loud = result[5].samples(ofChannel: 0).max() ?? 0
        #expect(loud > 0.02 && loud == result[5].samples(ofChannel: 1).max() ?? 0)
        var options = AudioFilterOptions()
        options.resampling = [("rematrix_maxval", "1")]
        let low = try filtered(frames, options)[5].samples(ofChannel: 0).max() ?? 0
        #expect(abs(low / loud - 0.4142) < 0.01)
    }

    /// What is missing is silent, what is there twice is left out, and what jitters by less is left alone.
    @Test func timesGoOn() throws {
        let frames = try sound("sine=r=48000:d=2")
        var changed: [AudioFrame] = []
        for (index, frame) in frames.enumerated() {
            var frame = frame
            if (10..<13).contains(index) { continue }
            // Times in whole milliseconds, as RTMP has them.
            frame.presentationTime = frame.presentationTime.converted(to: .milliseconds)
            changed.append(frame)
        }
        let result = try filtered(changed)
        #expect(isContinuous(result))
        let count = result.reduce(0) { $0 + $1.sampleCount }
        #expect(abs(count - 96_000) < 480)
        let (_, samples) = try encoded(result)
        for (left, right) in zip(samples, samples.dropFirst()) {
            #expect(right.presentationTime - left.presentationTime == MediaTime(1024, Timescale(48_000)))
        }
    }

    @Test func anEncoderPutsInWhatIsMissingAndLeavesOutWhatOverlaps() throws {
        let frames = try filtered(try sound("sine=r=48000:d=1"))
        let encoder = try AudioEncoder(AudioEncoderOptions())
        var samples: [Sample] = []
        for (index, frame) in frames.enumerated() {
            var frame = frame
            if index == 4 { continue }
            if index == 7 { frame.presentationTime = frame.presentationTime - MediaTime(100, Timescale(48_000)) }
            samples += try encoder.encode(frame)
        }
        samples += try encoder.finish()
        let count = frames.reduce(0) { $0 + $1.sampleCount }
        // What is missing at the end by the overlap is put before the next.
        #expect(samples.count == 1 + (count + 1023) / 1024)
        for (index, sample) in samples.enumerated() {
            #expect(sample.presentationTime.value == Int64(index - 1) * 1024)
        }
        var late = frames[0]
        late.presentationTime = MediaTime(100, Timescale(1))
        let other = try AudioEncoder(AudioEncoderOptions())
        _ = try other.encode(frames[0])
        // A jump is no silence.
        #expect(try other.encode(late).count < 20)
        let rest = try other.finish()
        #expect(rest.last.map { $0.presentationTime > MediaTime(99, Timescale(1)) } == true)
    }

    @Test func loudnessReachesItsTarget() throws {
        let frames = try sound("anoisesrc=r=48000:d=12:amplitude=0.02:color=pink:seed=7")
        var options = AudioFilterOptions()
        options.loudness = .normalized(target: -20)
        let result = try filtered(frames, options)
        #expect(isContinuous(result) && result.first?.presentationTime == frames.first?.presentationTime)
        let (track, samples) = try encoded(result)
        let path = try Clip.write(track, samples, to: folder, "loud.mp4")
        let said = try Tool.run(
            "ffmpeg", ["-hide_banner", "-nostats", "-i", path, "-af", "ebur128", "-f", "null", "-"]
        ).standardError
        let summary = said.ranges(of: "Integrated loudness:").last.map { said[$0.upperBound...] } ?? ""
        let value = summary.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }
        #expect(abs((value ?? 0) + 20) < 2, "\(value ?? 0) LUFS")
    }

    @Test func gainIsGain() throws {
        let frames = try sound("sine=r=48000:d=1")
        var options = AudioFilterOptions()
        options.loudness = .gain(decibels: 6.0206)
        let (before, after) = (try filtered(frames), try filtered(frames, options))
        let (low, high) = (before[5].samples(ofChannel: 0).max() ?? 0, after[5].samples(ofChannel: 0).max() ?? 0)
        #expect(abs(high / low - 2) < 0.01)
    }

    @Test func theSourceMayChange() throws {
        let filter = try AudioFilter(AudioFilterOptions())
        var result: [AudioFrame] = []
        var end = MediaTime.zero
        for source in ["sine=r=44100:d=1", "sine=r=48000:d=1,aformat=channel_layouts=5.1"] {
            for var frame in try sound(source) {
                frame.presentationTime = end
                end += MediaTime(Int64(frame.sampleCount), Timescale(frame.sampleRate))
                result += try filter.filter(frame)
            }
        }
        result += try filter.finish()
        let (_, samples) = try encoded(result)
        #expect(abs(samples.count - 95) <= 1)
        for (left, right) in zip(samples, samples.dropFirst()) {
            #expect(right.presentationTime - left.presentationTime == MediaTime(1024, Timescale(48_000)))
        }
    }

    @Test func damageIsToldAndDoesNotEndIt() throws {
        let clip = try Clip(folder, "clip.mp4", from: "sine=r=48000:d=1", "-c:a aac")
        let decoder = try AudioDecoder(clip.track)
        var count = 0
        for (index, sample) in clip.samples.enumerated() {
            var bytes = sample.data
            if index == 10 { bytes = bytes[0..<3] }
            count +=
                decoder.decode(
                    Sample(
                        data: bytes, decodeTime: sample.decodeTime, presentationTime: sample.presentationTime,
                        isSync: true)
                ).count
        }
        #expect(decoder.faults == 1 && count == clip.samples.count - 1)
    }

    @Test func whatCannotBeIsRefused() throws {
        let unknown = Track(
            codec: .aac, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk([0xFF, 0xFF]), codecString: "")
        #expect(throws: CodecError.unreadableConfiguration) { try AudioDecoder(unknown) }
        var options = AudioFilterOptions()
        options.filters = ["nonsense=1"]
        #expect(throws: CodecError.refused("libavfilter")) { try AudioFilter(options) }
        var settings = AudioEncoderOptions()
        settings.encoder = "libfdk_nothing"
        #expect(throws: CodecError.encoderMissing("libfdk_nothing")) { try AudioEncoder(settings) }
        settings.encoder = "ac3"
        #expect(throws: CodecError.encoderUnfit("ac3")) { try AudioEncoder(settings) }
        settings.encoder = "aac"
        settings.sampleRate = 12_345
        #expect(throws: CodecError.refused("aac")) { try AudioEncoder(settings) }
        let frames = try filtered(try sound("sine=r=48000:d=1"))
        settings.sampleRate = 44_100
        let encoder = try AudioEncoder(settings)
        #expect(throws: CodecError.otherFormat) { try encoder.encode(frames[0]) }
    }
}
