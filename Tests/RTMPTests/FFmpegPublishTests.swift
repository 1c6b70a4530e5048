import Bytes
import Glibc
import RTMP
import TestTools
import Testing

/// What a real ffmpeg sends and what it makes of the answers, over a loopback connection.
@Suite(.serialized, .enabled(if: Tool.areThere, "ffmpeg is not there to publish"), .timeLimit(.minutes(30)))
struct FFmpegPublishTests {
    @Test func aPublicationGoesThroughFromConnectToTheEnd() throws {
        let publisher = try FFmpegPublisher(seconds: 2, codecs: ["-c:v", "libx264", "-bf", "2", "-c:a", "aac"])
        var events: [RTMPEvent] = []
        try publisher.serve { session, event in
            events.append(event)
            if case .publishRequested = event { session.acceptPublish() }
        }
        let (status, log) = publisher.wait()
        #expect(status == 0, "\(log)")

        guard events.count > 2, case .connected(let connect) = events[0],
            case .publishRequested(let request) = events[1]
        else {
            Issue.record("\(events.prefix(2))")
            return
        }
        #expect(connect.app == "live")
        #expect(connect.flashVersion?.isEmpty == false)
        #expect(request.streamName == "key")
        #expect(request.query == "a=b")
        #expect(events.last == .unpublished)

        var (metadata, videoHeaders, audioHeaders): ([AMF0Value], Int, Int) = ([], 0, 0)
        var videoTimes: [UInt32] = []
        var audioTimes: [UInt32] = []
        var compositionTimes: [Int32] = []
        for event in events {
            switch event {
            case .metadata(let values): metadata.append(values)
            case .video(_, .sequenceHeader): videoHeaders += 1
            case .audio(_, .sequenceHeader): audioHeaders += 1
            case .video(let timestamp, .frame(let compositionTime, let isKeyframe, _)):
                #expect(isKeyframe || !videoTimes.isEmpty)
                videoTimes.append(timestamp)
                compositionTimes.append(compositionTime)
            case .audio(let timestamp, .frame): audioTimes.append(timestamp)
            default: break
            }
        }
        #expect(metadata.first?["width"]?.number == 320)
        #expect(videoHeaders == 1)
        #expect(audioHeaders == 1)
        #expect(videoTimes.count == 50)
        #expect(videoTimes == videoTimes.sorted())
        #expect(Set(compositionTimes).count > 1)
        #expect((85...100).contains(audioTimes.count))
        #expect(audioTimes == audioTimes.sorted())
    }

    /// 2^24 ms, from where on timestamps are extended and chunks of 128 bytes repeat them; and 2^31 ms, where ffmpeg's
    /// clock, of 31 bits, begins again at zero.
    @Test(arguments: [16_776, 20_000, 2_147_483, 4_294_966])
    func timestampsGoOnBeyondTheirLimits(offsetSeconds: Int) throws {
        let publisher = try FFmpegPublisher(
            seconds: 2,
            codecs: ["-c:v", "libx264", "-bf", "0", "-c:a", "aac", "-output_ts_offset", "\(offsetSeconds)"])
        var limits = RTMPLimits()
        limits.outgoingChunkSize = 128
        var times: [UInt32] = []
        try publisher.serve(limits: limits) { session, event in
            if case .publishRequested = event { session.acceptPublish() }
            if case .video(let timestamp, .frame) = event { times.append(timestamp) }
        }
        let (status, log) = publisher.wait()
        #expect(status == 0, "\(log)")
        #expect(times.count == 50)
        #expect(times.first == UInt32(offsetSeconds * 1000 % (1 << 31)))
        #expect(zip(times, times.dropFirst()).allSatisfy { ($1 &- $0) % (1 << 31) == 40 }, "\(times)")
    }

    @Test func aRefusedPublicationShowsTheReason() throws {
        let publisher = try FFmpegPublisher(seconds: 2, codecs: ["-c:v", "libx264", "-c:a", "aac"])
        try publisher.serve { session, event in
            if case .publishRequested = event { session.rejectPublish(.badName("There is no stream with this key")) }
        }
        let (status, log) = publisher.wait()
        #expect(status != 0)
        #expect(log.contains("There is no stream with this key"), "\(log)")
    }

    @Test func anUnknownApplicationShowsTheReason() throws {
        let publisher = try FFmpegPublisher(seconds: 2, codecs: ["-c:v", "libx264", "-c:a", "aac"])
        var failure: RTMPError?
        do { try publisher.serve(apps: ["tv"]) { _, _ in } } catch { failure = error as? RTMPError }
        guard case .connectRefused = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        let (status, log) = publisher.wait()
        #expect(status != 0)
        #expect(log.contains("There is no application"), "\(log)")
    }

    @Test func anUnsupportedCodecIsNamedWhilePublishing() throws {
        let publisher = try FFmpegPublisher(seconds: 20, codecs: ["-re", "-c:v", "flv1", "-c:a", "aac"])
        var names: Set<String> = []
        try publisher.serve { session, event in
            switch event {
            case .publishRequested: session.acceptPublish()
            case .video(_, .unsupported(let codecName)):
                names.insert(codecName)
                session.rejectPublish(.unsupportedCodec(codecName))
            default: break
            }
        }
        let (status, log) = publisher.wait()
        #expect(names == ["Sorenson H.263"])
        #expect(status != 0)
        #expect(log.contains("Sorenson H.263 is not supported"), "\(log)")
    }
}
